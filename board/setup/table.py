"""The partition table of a card: a master boot record, and behind its fourth entry a chain of logical partitions.

An entry of 16 bytes: boot flag, first sector as CHS (3 bytes), type, last sector as CHS, first sector, count (32 bits
each). In an extended boot record the first entry is the partition, counted from the record, and the second one the
next record, counted from the start of the extended partition.
"""

import struct

from firmware.errors import Refused

SECTOR = 512
ALIGN = 4 << 20  # a card's erase block, or a multiple of it
STATE_SIZE = 512 << 20
LEAST_RING = 64 << 20
LINUX, RAW, EXTENDED = 0x83, 0xDA, 0x0F
_ENTRY = struct.Struct("<B3sB3sII")
_FIRST_AT = 446
_CHS = b"\xfe\xff\xff"  # beyond what CHS can say
_MAGIC = b"\x55\xaa"


class Part:
    """A logical partition: `number`, `kind`, `start` and `size` in bytes, `record`: where its boot record is."""

    def __init__(self, number: int, kind: int, record: int, size: int):
        self.number = number
        self.kind = kind
        self.record = record
        self.start = record + ALIGN  # the record is written once and never again: an erase block of its own
        self.size = size


def entries(sector: bytes) -> list:
    """(type, start, size), in bytes, of the four entries of a boot record; Refused when it is none."""
    if len(sector) < SECTOR or sector[510:512] != _MAGIC:
        raise Refused("the card has no partition table; flash it again")
    found = []
    for index in range(4):
        _, _, kind, _, first, count = _ENTRY.unpack_from(sector, _FIRST_AT + index * _ENTRY.size)
        found.append((kind, first * SECTOR, count * SECTOR))
    return found


def plan(card_size: int, used: int, disk_on_card: bool) -> list:
    """The logical partitions of a card on which `used` bytes are taken: the state, the journal, and the rest, which is
    the history or, `disk_on_card`, the disk. Raises Refused when there is too little room."""
    begin = _up(used)
    room = _down(min(card_size, SECTOR << 32)) - begin - 3 * ALIGN - STATE_SIZE
    share = _down(room // 4 if disk_on_card else room // 4 * 3)
    if room < 2 * LEAST_RING:
        least = begin + 3 * ALIGN + STATE_SIZE + 4 * LEAST_RING
        raise Refused("the card is too small; use one of at least %d GB" % -(-least // 10**9))
    parts = []
    for number, kind, size in ((5, LINUX, STATE_SIZE), (6, RAW, share), (7, RAW, room - share)):
        parts.append(Part(number, kind, begin, size))
        begin = parts[-1].start + size
    return parts


def records(parts: list) -> list:
    """[(offset, sector)] of the extended boot records of `parts`."""
    found, base = [], parts[0].record
    for index, part in enumerate(parts):
        sector = bytearray(SECTOR)
        _put(sector, 0, part.kind, part.start - part.record, part.size)
        if index + 1 < len(parts):
            after = parts[index + 1]
            _put(sector, 1, EXTENDED, after.record - base, ALIGN + after.size)
        sector[510:512] = _MAGIC
        found.append((part.record, bytes(sector)))
    return found


def extended(master: bytes, parts: list) -> bytes:
    """The master boot record with a fourth entry that holds `parts`."""
    sector = bytearray(master)
    begin = parts[0].record
    _put(sector, 3, EXTENDED, begin, parts[-1].start + parts[-1].size - begin)
    return bytes(sector)


def _put(sector: bytearray, index: int, kind: int, start: int, size: int) -> None:
    at = _FIRST_AT + index * _ENTRY.size
    _ENTRY.pack_into(sector, at, 0, _CHS, kind, _CHS, start // SECTOR, size // SECTOR)


def _up(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _down(size: int) -> int:
    return size // ALIGN * ALIGN
