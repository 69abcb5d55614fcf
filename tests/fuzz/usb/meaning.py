"""What commands on blocks mean, by SBC-3 and SPC-4 alone: what moves, which blocks are named, what they hold then."""

import struct

from tests.fuzz.usb.disk import MIB, SECTOR

READS = (0x08, 0x28, 0xA8, 0x88)
WRITES = (0x0A, 0x2A, 0xAA, 0x8A, 0x9C)
WRITES_VERIFIED = (0x2E, 0xAE, 0x8E)
VERIFIES = (0x2F, 0xAF, 0x8F)
SAMES = (0x41, 0x93)
COMPARE_AND_WRITE, OR_WRITE, UNMAP = 0x89, 0x8B, 0x42
SYNCHRONIZES = (0x35, 0x91)
# Where the allocation length stands, and how it is packed.
REPLIES = {0x03: (4, "B"), 0x12: (3, ">H"), 0x1A: (4, "B"), 0x5A: (7, ">H"), 0x9E: (10, ">I"), 0xA0: (6, ">I"),
           0xA3: (6, ">I"), 0x23: (7, ">H")}  # fmt: skip
LISTS = {0x15: (4, "B"), 0x55: (7, ">H"), UNMAP: (7, ">H")}


def extent(cdb: bytes) -> "tuple[int, int]":
    """(LBA, blocks) of a command on blocks; SBC-3's layouts for 6, 10, 12 and 16 bytes."""
    code = cdb[0]
    if code < 0x20:
        return int.from_bytes(cdb[1:4], "big") & 0x1FFFFF, cdb[4] or 256
    if code < 0x60:
        return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[7:9], "big")
    if code == COMPARE_AND_WRITE:
        return int.from_bytes(cdb[2:10], "big"), cdb[13]
    if code == 0x9C:
        return int.from_bytes(cdb[2:10], "big"), int.from_bytes(cdb[12:14], "big")
    if code < 0xA0:
        return int.from_bytes(cdb[2:10], "big"), int.from_bytes(cdb[10:14], "big")
    return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[6:10], "big")


def transfer(cdb: bytes) -> "tuple[bool, int]":
    """(to the host, bytes) that a well-meaning host expects of a CDB of 16 bytes."""
    code = cdb[0]
    if code in READS:
        return True, extent(cdb)[1] * SECTOR
    if code in REPLIES:
        at, how = REPLIES[code]
        return True, struct.unpack_from(how, cdb, at)[0]
    if code == 0x25:
        return True, 8
    return False, sends(cdb)


def sends(cdb: bytes) -> int:
    """Bytes that a command takes from the host."""
    code = cdb[0]
    if code in LISTS:
        at, how = LISTS[code]
        return struct.unpack_from(how, cdb, at)[0]
    if code in WRITES + WRITES_VERIFIED + (OR_WRITE,):
        return extent(cdb)[1] * SECTOR
    if code in VERIFIES:
        check = cdb[1] >> 1 & 3
        blocks = extent(cdb)[1]
        return {1: blocks, 3: min(blocks, 1)}.get(check, 0) * SECTOR
    if code == COMPARE_AND_WRITE:
        return 2 * extent(cdb)[1] * SECTOR
    if code in SAMES:
        return 0 if code == 0x93 and cdb[1] & 1 else SECTOR
    return 0


def is_flushed(cdb: bytes) -> bool:
    """Whether GOOD promises that what the command wrote is durable, with the write cache on."""
    code = cdb[0]
    if code in SYNCHRONIZES:
        return not cdb[1] & 2
    return code in WRITES_VERIFIED or code in WRITES[1:] + (COMPARE_AND_WRITE, OR_WRITE) and bool(cdb[1] & 8)


class Change:
    """A range and what it holds after the command: `data`, zeroes (None), or `block` again and again. It may be done
    in `pieces`, of which any number from the first on is done when the command fails."""

    def __init__(self, start: int, length: int, data=None, block=None):
        self.start, self.length, self.data, self.block = start, length, data, block

    def pieces(self):
        """(start, length, content or None for zeroes), of which each is done or not."""
        if self.data is None and self.block is None:
            yield self.start, self.length, None
            return
        for at in range(0, self.length, MIB):
            size = min(MIB, self.length - at)
            if self.data is not None:
                yield self.start + at, size, self.data[at:at + size]
            else:
                yield self.start + at, size, self.block * (size // SECTOR)


def changes(cdb: bytes, data: bytes, known) -> "list[Change]":
    """What the medium, which held what `known` does, holds after a command that was given `data`, in the order in which
    that is done."""
    code = cdb[0]
    if code == UNMAP:
        return _unmapped(data[:sends(cdb)])
    if code not in WRITES + WRITES_VERIFIED + SAMES + (COMPARE_AND_WRITE, OR_WRITE):
        return []
    lba, blocks = extent(cdb)
    start, length = lba * SECTOR, blocks * SECTOR
    if code in SAMES:
        block = data[:SECTOR] if sends(cdb) else b""
        return [Change(start, length, block=block if any(block) else None)]
    if code == COMPARE_AND_WRITE:
        return [Change(start, length, data[length:2 * length])]
    if code == OR_WRITE:
        data = data[:length]
        both = int.from_bytes(known.read(start, len(data)), "big") | int.from_bytes(data, "big")
        data = both.to_bytes(len(data), "big")
    return [Change(start, length, data[:length])]


def _unmapped(data: bytes) -> "list[Change]":
    if len(data) < 8:
        return []
    size = struct.unpack_from(">H", data, 2)[0]
    found = []
    for at in range(8, min(len(data), 8 + size) - 15, 16):
        lba, blocks = struct.unpack_from(">QI", data, at)
        found.append(Change(lba * SECTOR, blocks * SECTOR))
    return found
