"""A USB host: byte 0 names the disk, byte 1 the bus; then acts. Most are commands: the CDB, then what the wrapper says
and how much is sent, each either as it should be or from the input, then what happens while the device waits.
"""

import struct

from tests.fuzz.usb import meaning
from tests.fuzz.usb.disk import MIB
from tests.fuzz.usb.oracle import FAILED
from tests.fuzz.usb.session import Session

MAX_INPUT = 1024
_SIZES = (2 * MIB + 5 * 512, 3 << 40)
_PACKETS = (64, 512, 1024)
_MOST_COMMANDS = 24
LENGTHS = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}

# Bits of the byte behind a CDB.
WRONG_WAY, OTHER_UNIT, RAW, EXPECTED, SHORT, SENSE, DATA, FATES = (1 << bit for bit in range(8))


class Input:
    """Bytes to draw from; behind the end there are zeroes."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        data = self._data[self._at:self._at + count]
        self._at += count
        return data + bytes(count - len(data))

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")


def pack(cdb: bytes, how=0, *more: bytes) -> bytes:
    """A command as an act."""
    return bytes([0]) + cdb + bytes(16 - len(cdb)) + bytes([how]) + b"".join(more)


def _command(session: Session, source: Input) -> None:
    cdb, how = source.take(16), source.byte()
    to_host, expected = meaning.transfer(cdb)
    expected = min(expected, 0xFFFFFFFF)
    length, flags, lun = LENGTHS.get(cdb[0] >> 5, 6), 0x80 if to_host else 0, 0
    if how & WRONG_WAY:
        flags ^= 0x80
    if how & OTHER_UNIT:
        lun = 1
    if how & RAW:
        length, flags, lun = source.byte(), source.byte(), source.byte()
    if how & EXPECTED:
        expected = source.number(4)
    sent = source.number(3) if how & SHORT else None
    data = source.take(source.byte()) if how & DATA else bytes([how + 1])
    fates = list(source.take(source.byte() % 32)) if how & FATES else []
    session.fates = lambda: fates.pop(0) if fates else None
    result = session.command(cdb, length, flags, lun, expected, data, sent)
    if result is not None and result.status == FAILED and how & SENSE:
        session.fates = lambda: None
        sense = session.task.sense
        asked = session.command(b"\x03\0\0\0\x12" + bytes(11), 6, 0x80, lun, 18, b"")
        assert asked.status == 0 and asked.data == sense


def _disk(session: Session, what: int) -> None:
    disk = session.disk
    if what % 8 == 0:
        disk.slow = not disk.slow
    elif what % 8 == 1:
        disk.room = None if what & 128 else what >> 4
    elif what % 8 == 2:
        disk.refusal = "" if disk.refusal else "no"
    elif what % 8 == 3:
        disk.unmappable = not disk.unmappable
    elif what % 8 == 4:
        session.unit.change_medium(None if session.unit.volume else disk)
    elif what % 8 == 5:
        is_coming = not session.unit.becoming_ready()
        session.unit.becoming_ready = lambda: is_coming
    elif what == 6:
        disk.fail()
    elif disk.waits:
        disk.settle(what >> 3)


def _act(session: Session, source: Input) -> None:
    act = source.byte()
    kind = act % 16
    if kind == 9:
        session.garbage(source.take(act >> 4 or source.byte()))
    elif kind == 10:
        _disk(session, source.byte())
    elif kind == 11:
        session.reset()
    elif kind == 12:
        session.replug(bool(act & 16))
    elif kind == 13:
        session.lose(bool(act & 16))
    elif kind == 14:
        session.take_over()
    else:
        _command(session, source)
        return
    if session.is_broken and act & 32:
        session.reset()


def one(data: bytes) -> None:
    if len(data) < 3:
        return
    source = Input(data)
    which, bus = source.byte(), source.byte()
    session = Session(_SIZES[which % 2], _PACKETS[bus % 3], not which & 2, bool(bus & 4))
    session.disk.slow = not which & 4
    for _ in range(_MOST_COMMANDS):
        if source.is_over:
            break
        _act(session, source)
    session.recover()


def on_blocks(code: int, lba: int, blocks: int, flags: int = 0) -> bytes:
    """A CDB that names blocks, as many as its fields can tell."""
    if code < 0x20:
        return struct.pack(">BBHBB", code, lba >> 16 & 0x1F, lba & 0xFFFF, blocks & 255, 0)
    if code < 0x60:
        return struct.pack(">BBIBHB", code, flags, lba, 0, blocks, 0)
    if code == 0x89:
        return struct.pack(">BBQ3xBBB", code, flags, lba, blocks & 255, 0, 0)
    if code == 0x9C:
        return struct.pack(">BBQHHBB", code, flags, lba, 0, blocks, 0, 0)
    if code < 0xA0:
        return struct.pack(">BBQIBB", code, flags, lba, blocks, 0, 0)
    return struct.pack(">BBIIBB", code, flags, lba, blocks, 0, 0)


def _all_commands() -> list:
    found = []
    writes = meaning.WRITES + meaning.WRITES_VERIFIED + meaning.SAMES + (0x89, 0x8B)
    found += [pack(on_blocks(code, 8, 3)) for code in writes + meaning.READS + meaning.VERIFIES]
    found += [pack(on_blocks(code, 0, 0)) for code in meaning.SYNCHRONIZES]
    found += [pack(on_blocks(code, 16, 16, 0x08)) for code in (0x2A, 0x8A, 0xAA, 0x28, 0x41, 0x93)]
    found += [pack(on_blocks(code, 8, 3, check)) for code in (0x2F, 0x8F, 0x2E) for check in (2, 4, 6)]
    for text in ("000000000000", "12000000ff00", "12010000ff00", "1201800040", "120183ff", "1201b0ff", "1201b100ff",
                 "1201b200ff", "1a003f00ff00", "1a0008", "5a003f0000000000ff00", "25", "9e10000000000000000000000020",
                 "9e12000000000000000000000020", "a000000000000000ff00", "a30c00000000000001ff", "a30c012a0000000001ff",
                 "1b0000000200", "1b0000000300", "1e0000000100", "2300000000000000fc00", "34000000000800000300",
                 "93090000000000000008000000ff0000"):  # fmt: skip
        found.append(pack(bytes.fromhex(text)))
    descriptor = struct.pack(">HH4xQI4x", 22, 16, 8, 100)
    found.append(pack(bytes.fromhex("42000000000000001800"), DATA, bytes([24]) + descriptor))
    found.append(pack(on_blocks(0x89, 8, 3, 8), DATA, bytes([1, 0])))
    caching = bytes.fromhex("0000000008120000") + bytes(16)
    found.append(pack(bytes.fromhex("151000001800"), DATA, bytes([24]) + caching))
    return found


def seeds() -> list:
    ready = pack(bytes(6))  # takes the unit attention condition
    found = []
    for number, each in enumerate(_all_commands()):
        found.append(bytes([number % 8, number % 6]) + ready + each + each)
        how = (RAW, EXPECTED, SHORT, OTHER_UNIT | SENSE, WRONG_WAY, FATES)[number % 6]
        changed = bytearray(each)
        changed[17] |= how
        if how == RAW:
            changed += bytes([1 + number % 12, changed[1] >> 7 << 7, 0])
        found.append(bytes([0, 1]) + ready + bytes(changed) + bytes([7, 0, 1, 0]) + each)
    found += [bytes([0, 1]) + ready + pack(on_blocks(code, 0, 0), RAW, bytes([1, 0, 0])) for code in range(0, 256, 3)]
    found.append(bytes([0, 1]) + ready + pack(b"\x9e", RAW, bytes([1, 0, 0])))
    write = pack(on_blocks(0x2A, 0, 2048 + 7))
    big = pack(on_blocks(0x2A, 5, 2048 + 9, 8), FATES, bytes([4, 9, 26, 13, 3]))
    unmap = pack(bytes.fromhex("42000000000000001800"), DATA, bytes([24]) + struct.pack(">HH4xQI4x", 22, 16, 8, 100))
    found.append(bytes([0, 1]) + ready + write + pack(on_blocks(0x8B, 3, 2050), DATA, bytes([3, 4, 0, 16])) + unmap)
    for zeroes in (unmap, pack(on_blocks(0x41, 7, 9), DATA, bytes([1, 0])), pack(on_blocks(0x93, 3, 99, 9))):
        found.append(bytes([0, 1]) + ready + write + zeroes + pack(on_blocks(0x28, 0, 128)))
    long = pack(on_blocks(0x41, 1, 4098)) + pack(on_blocks(0x2F, 0, 4098)) + pack(on_blocks(0x8F, 1, 4098, 6))
    found.append(bytes([1, 1]) + ready + long + pack(on_blocks(0x35, 0, 0), FATES, bytes([3, 11, 11, 11])))
    read = pack(on_blocks(0x28, 0, 2055), FATES, bytes([6, 0, 11, 11, 14, 1, 2]))
    for bus in range(6):
        events = bytes([9, 31, 11, 12, 0x1C, 0x2E])
        found.append(bytes([bus % 2, bus]) + ready + write + big + read + events + big + read)
        found.append(bytes([bus % 2, bus]) + ready + bytes([10, 1]) + big + bytes([10, 6]) + write + read)
    return found
