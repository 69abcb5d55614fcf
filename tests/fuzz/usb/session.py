"""A host that speaks to the disk, command by command, and looks at all that it is told and at all that it wrote."""

import struct

from firmware.errors import VolumeError
from firmware.host.bot import Bot
from firmware.host.scsi.task import Task
from firmware.host.scsi.unit import LogicalUnit
from tests.fuzz.usb import meaning
from tests.fuzz.usb.bus import Bus
from tests.fuzz.usb.disk import MIB, SECTOR, Disk, Sparse

PASSED, FAILED, PHASE_ERROR = 0, 1, 2
MOST_SENT = 3 * MIB + 100  # a host that announced more sends no more than this
_PATIENCE_MS = 26_000
_MOST_STEPS = 3000
# A host gives a command up that changed the disk more often than this, or sent more: a long WRITE SAME, a long READ.
_MOST_WRITTEN = 5
_MOST_TAKEN = 5 * MIB
_CODES = {
    0x020401, 0x023A00, 0x030C00, 0x031100, 0x044400, 0x051A00, 0x052000, 0x052100, 0x052400, 0x052500, 0x052600,
    0x053900, 0x055302, 0x062800, 0x062900, 0x072700, 0x072702, 0x072707, 0x0B0801, 0x0E1D00,
}  # fmt: skip
_MISCOMPARE = 0x0E1D00


class Interrupted(Exception):
    """Something ended the command from outside."""


class Result:
    """What came of a command: `status` of the CSW, `data` to the host, `code`: sense key, ASC and ASCQ, or 0."""

    def __init__(self, status: int, data: bytes, residue: int):
        self.status, self.data, self.residue = status, data, residue
        self.code = 0


class Session:
    """`fates` is called when the device waits for its disk, and returns a byte that says what happens, or None: all
    goes well. `late`: whether ends of transfers to the host are told late."""

    def __init__(self, size: int, max_packet: int, trims: bool, late: bool):
        self.disk = Disk(size, trims)
        self.bus = Bus()
        self.bus.max_packet = max_packet
        self.late = late
        self.now_ms = 1000
        self.known = Sparse()  # what the disk must hold
        self.named = []
        self.is_beyond = False
        self.disk.named = self._check_named
        self.fates = lambda: None
        self._tag = 0x12345678
        self.is_broken = False
        self._start()
        self.bot.session(max_packet)

    def _start(self) -> None:
        """A process of the board's."""
        self.unit = LogicalUnit(self.disk, "Sosie", "Disk", "1", "0123456789ab")
        self.units = [self.unit, LogicalUnit(None, "Sosie", "View", "1", "0123456789ac", writable=False)]
        self.task = Task(self.units, memoryview(bytearray(MIB + 1024)))
        self.bot = self.bus.bot = Bot(self.task, self.units, self.bus)

    # What the disk is told

    def _check_named(self, offset: int, length: int) -> None:
        assert any(start <= offset and offset + length <= end for start, end in self.named), (
            "bytes %d to %d are written, %s are named" % (offset, offset + length, self.named))

    # The bus

    def reset(self) -> None:
        """Bulk-Only Mass Storage Reset, and both halts cleared."""
        self.bus.halted = self.is_broken = False
        self.bot.reset()
        self._check_idle()

    def replug(self, is_unplugged: bool) -> None:
        """A bus reset; or unplugged and plugged in again."""
        if is_unplugged:
            self.bot.ended()
        self.bus.halted = self.is_broken = False
        self.bot.session(self.bus.max_packet)
        self._check_idle()

    def lose(self, is_gone: bool) -> None:
        """A transfer failed."""
        self.bot.lost(is_gone)
        if is_gone:
            self.replug(False)
        else:
            self._check_broken()

    def take_over(self) -> None:
        """The process dies; another one goes on with the same endpoints and the same disk."""
        self.bus.drop()
        self.disk.waits = []
        self._start()
        self.bot.resume(self.bus.max_packet)
        self._check_broken()

    def _check_idle(self) -> None:
        assert [len(view) for view in self.bus.outs] == [self.bus.max_packet], "no command is awaited"
        assert not self.bus.ins and not self.bus.halted

    def _check_broken(self) -> None:
        assert self.bus.halted, "it is not stalled"
        assert all(each == bytes(13) for each in self.bus.ins), "a host may take this for a status"
        self.bus.halted = False  # the host clears the halts alone, and looks
        self.is_broken = True

    def garbage(self, data: bytes) -> None:
        """A packet that is no command block wrapper."""
        if len(data) == 31 and data[:4] == b"USBC":
            data = b"usbc" + data[4:]
        self.bus.packet(data[:self.bus.max_packet])
        self._check_broken()

    # Commands

    def command(self, cdb: bytes, length: int, flags: int, lun: int, expected: int, data: bytes, sent=None):
        """Sends a command block wrapper with these fields, then data and all; returns a Result, or None when it was
        not valid, or interrupted. `data` go to the device as often as it takes, `sent` bytes if that is less."""
        self._tag = (self._tag + 1) & 0xFFFFFFFF
        wrapper = struct.pack("<4sIIBBB", b"USBC", self._tag, expected, flags, lun, length) + cdb
        is_valid = not flags & 0x7F and lun < 16 and 1 <= length <= 16 and not self.is_broken
        to_host = bool(flags & 0x80)
        stream = b"" if to_host else _stream(data, min(expected, MOST_SENT, expected if sent is None else sent))
        shown = cdb[:length] + bytes(16 - min(length, 16))
        settings = self.unit.write_cache, self.unit.write_protect, self.unit.ejected, self.disk.refusal
        planned = self._plan(shown, lun, to_host, expected, stream) if is_valid else []
        try:
            self.bus.packet(wrapper)
            if not is_valid:
                self._check_broken()
                return None
            assert not self.bus.halted
            result = self._carry_out(to_host, expected, stream)
        except Interrupted:
            self._check_partly(planned)
            return None
        if result.status == FAILED:
            result.code = self._check_sense()
        self._check(shown, lun, to_host, expected, stream, planned, settings, result)
        return result

    def _plan(self, cdb, lun, to_host, expected, stream) -> list:
        """The changes that the command may make, if it is carried out."""
        needed = meaning.sends(cdb)
        agrees = not needed or not to_host and expected >= needed  # else BOT 6.7: cases 8, 10 and 13, a phase error
        planned = meaning.changes(cdb, stream) if lun == 0 and agrees else []
        self.is_beyond = any(each.start + each.length > self.disk.size for each in planned)
        planned = [each for each in planned if each.length and not self.is_beyond]
        self.named = [(each.start, each.start + each.length) for each in planned]
        return planned

    def _carry_out(self, to_host: bool, expected: int, stream: bytes) -> Result:
        """Data and status, as the device asks for them."""
        bus, at, got = self.bus, 0, bytearray()
        is_short = len(stream) < expected and not to_host
        takes_data = to_host and expected > 0
        is_open = not to_host and expected > 0 and (len(stream) > 0 or is_short)  # the host has not sent all yet
        began_ms, written = self.now_ms, self.disk.written
        for step in range(_MOST_STEPS):
            if self.disk.written > written + _MOST_WRITTEN or len(got) > _MOST_TAKEN:
                break
            if is_open and bus.outs and not bus.ins:
                at, is_ended = bus.give(stream, at, is_short)
                is_open = at < len(stream) or not is_ended and is_short and len(stream) % bus.max_packet == 0
            elif bus.ins:
                assert not is_open, "the status comes before all data are taken"
                transfer = bus.take(self.late)
                if not takes_data:
                    self.named = []
                    return self._status(transfer, expected, to_host, got)
                got += transfer
                assert len(got) <= expected, "%d bytes where %d are expected" % (len(got), expected)
                if len(transfer) % bus.max_packet or not transfer or len(got) == expected:
                    takes_data = False
            elif not bus.report():
                self._wait(began_ms)
        self.reset()
        raise Interrupted

    def _status(self, transfer: bytes, expected: int, to_host: bool, got: bytearray) -> Result:
        assert len(transfer) == 13 and transfer[:4] == b"USBS", "no status: %r" % transfer[:20]
        tag, residue, status = struct.unpack("<IIB", transfer[4:])
        assert tag == self._tag, "the status of another command"
        assert residue <= expected and status <= PHASE_ERROR
        assert not to_host or len(got) == expected - residue, "residue %d, but %d came" % (residue, len(got))
        self._check_idle()
        return Result(status, bytes(got), residue)

    def _wait(self, began_ms: int) -> None:
        """Nothing can move on the bus: time goes on, or something happens to the disk, or to the bus."""
        disk, before = self.disk, self.disk.written
        due = self.bot.poll(self.now_ms)
        if self.bus.ins or self.bus.outs or disk.written > before or due is not None and due <= self.now_ms:
            return
        fate = self.fates()
        if fate is not None and fate % 16 >= 10:
            self._happen(fate)
        elif disk.waits:
            kind, which = fate % 16 if fate is not None else 0, fate >> 4 if fate is not None else 0
            reason = {8: VolumeError.FAILED, 9: VolumeError.FULL}.get(kind)
            disk.settle(which, VolumeError.UNCONFIRMED if reason and disk.waits[which % len(disk.waits)].kind == "flush"
                        else reason)
        else:
            assert due is not None, "nobody will ever answer"
            self.now_ms = due
        assert self.now_ms - began_ms <= _PATIENCE_MS, "no answer in time"

    def _happen(self, fate: int) -> None:
        kind = fate % 16
        if kind == 10:
            self.task.resumed()
        elif kind == 11:
            self.now_ms += 12_500
        elif kind == 12:
            self.disk.fail()
        else:
            if kind == 13:
                self.reset()
            elif kind == 14:
                self.replug(bool(fate & 16))
            elif fate & 32:
                self.take_over()
            else:
                self.lose(bool(fate & 16))
            raise Interrupted

    # What must be true afterwards

    def _check_sense(self) -> int:
        task = self.task
        assert task.status == 2
        code = sense_code(task.sense)
        assert code in _CODES, "sense %06x" % code
        return code

    def _check(self, cdb, lun, to_host, expected, stream, planned, settings, result) -> None:
        needed = meaning.sends(cdb)
        write_cache, write_protect, ejected, refusal = settings
        assert result.status != PASSED or not self.is_beyond, "beyond the end"
        if result.status != PASSED:
            self._check_partly(planned)
        elif planned:
            assert len(stream) >= needed and result.residue == expected - needed
            assert not (write_protect or ejected or refusal), "written, though it is protected"
            self._check_wholly(planned)
            assert write_cache and not meaning.is_flushed(cdb) or self.disk.durable == self.disk.written, "not flushed"
        if result.status == PASSED and lun == 0 and cdb[0] in meaning.SYNCHRONIZES and meaning.is_flushed(cdb):
            assert self.disk.durable == self.disk.written, "not flushed"
        if lun == 0:
            self._check_content(cdb, stream, result)

    def _check_wholly(self, planned) -> None:
        """Every change is there."""
        for each in planned:
            for start, length, content in each.pieces():
                self._apply(start, length, content)
        for each in planned:
            for start, length, _ in each.pieces():
                assert self._agrees(start, length), "another content than was written"

    def _check_partly(self, planned) -> None:
        """Some changes, from the first on, each as a whole, may be there. The later ones overlap only zeroes."""
        self.named = []
        done = list(_first_pieces(planned))
        for start, length, content in done:
            if self._agrees(start, length):
                continue
            self._apply(start, length, content)
        for start, length, _ in done:
            assert self._agrees(start, length), "a half of what was written"

    def _apply(self, start: int, length: int, content) -> None:
        if content is None:
            self.known.zero(start, length)
        else:
            self.known.write(start, content)

    def _agrees(self, start: int, length: int) -> bool:
        """Whether the disk holds what it must hold."""
        return self.disk.content.equals(self.known, start, length)

    def _check_content(self, cdb, stream, result) -> None:
        """What was read, or compared with what the host sent."""
        code = cdb[0]
        lba, blocks = meaning.extent(cdb) if code in meaning.READS + meaning.VERIFIES + (0x89,) else (0, 0)
        start, length = lba * SECTOR, blocks * SECTOR
        if code in meaning.READS and result.status != PHASE_ERROR:
            assert len(result.data) <= length
            assert result.status != PASSED or len(result.data) == length and start + length <= self.disk.size
            assert result.data == self.known.read(start, len(result.data)), "another content than was written"
        if code in meaning.VERIFIES and cdb[1] & 2 and length and len(stream) >= meaning.sends(cdb):
            told = stream[:length] if cdb[1] & 6 == 2 else stream[:SECTOR] * min(blocks, MIB // SECTOR)
            there = self.known.read(start, len(told))
            assert result.status != PASSED or told == there, "not verified"
            assert result.code != _MISCOMPARE or told != there or len(told) < length
        if code == 0x89 and result.code == _MISCOMPARE:
            assert stream[:length] != self.known.read(start, length)

    # Ends

    def recover(self) -> None:
        """Reset recovery; then TEST UNIT READY and REQUEST SENSE work, and the disk holds what it must."""
        self.fates = lambda: None
        self.named = []
        self.reset()
        while self.disk.waits:
            self.disk.settle(0)
        self._check_idle()
        answers = [self.command(bytes(16), 6, 0, 0, 0, b"").status for _ in range(4)]
        if self.unit.volume is self.disk and not (self.disk.failed or self.disk.refusal or self.unit.ejected):
            assert answers[-1] == PASSED, "it does not become ready"
        sense = self.command(b"\x03\0\0\0\x12" + bytes(11), 6, 0x80, 0, 18, b"")
        assert sense.status == PASSED and len(sense.data) == 18
        sense_code(sense.data)
        assert self.disk.content.pages == self.known.pages, "the disk holds something else"


def _first_pieces(planned):
    """As many as can have been done: a host gives up what takes long."""
    written = 0
    for piece in (piece for each in planned for piece in each.pieces()):
        yield piece
        written += piece[2] is not None
        if written > _MOST_WRITTEN + 1:
            return


def _stream(data: bytes, count: int) -> bytes:
    data = data or b"\x5a"
    return (data * (count // len(data) + 1))[:count]


def sense_code(sense: bytes) -> int:
    """Sense key, ASC and ASCQ of fixed format sense data (SPC-4 4.5.3), whose form is checked."""
    assert len(sense) == 18 and sense[0] in (0x70, 0xF0) and sense[1] == 0 and sense[7] == 10, sense.hex()
    assert sense[2] & 0xF0 == 0 and (sense[0] & 0x80 or sense[3:7] == bytes(4))
    return sense[2] << 16 | sense[12] << 8 | sense[13]
