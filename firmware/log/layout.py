"""Byte layouts of a group: descriptor, header, records. FORMAT.md holds the tables.

Integers are little-endian. Every unpack checks all that the bytes alone can tell and raises `Damaged`.
"""

import struct

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.text import decode

SECTOR = 512
BLOCK = 4096  # groups start and end on it, so that no append rewrites a sector of an older group
MAX_BODY = 4 << 20
HEADER_SIZE = 128
MAX_GROUP = MAX_BODY + BLOCK

# What the host did, and what the disk held when the copy came by: COPY as WRITE, HOLE as TRIM.
WRITE, ZERO, TRIM, COPY, HOLE = 1, 2, 3, 4, 5
MARK = 6  # a named point in the log; it changes nothing on any disk
_KINDS = (WRITE, ZERO, TRIM, COPY, HOLE, MARK)
_WITH_PAYLOAD = (WRITE, COPY, MARK)
COPIES = (COPY, HOLE)  # they change nothing on the disk that they were read from
MAX_RANGE = 0xFFFFFFFF * SECTOR  # bytes that one record can speak of
_RECORD = "<BBHIQ"
RECORD_SIZE = 16

MARK_SIZE = SECTOR
MAX_MARK = 63  # bytes of a mark's name

_DESCRIPTOR = "<QIIQIIIII"
_CHAINED = "<QIIQIIII"
DESCRIPTOR_SIZE = 44
MAX_TIME_MS = (1 << 64) - 1

COPIED = 1  # flag of a group: with it, the log holds a whole copy of the disk
_KNOWN = COPIED

_PLACE = "<IHHQQQ"
_PLACE_SIZE = 32
_MAGIC = 0x47534F53  # "SOSG"
_VERSION = 1


def padded(length: int) -> int:
    """`length` rounded up to whole blocks."""
    return (length + BLOCK - 1) & ~(BLOCK - 1)


def group_size(body_length: int) -> int:
    """Bytes that a group with such a body takes in the ring and in the arena."""
    return padded(HEADER_SIZE + body_length)


class Point:
    """A place between two groups: the last group included, where the next one starts, and its chain.

    `position` counts bytes appended to the ring since it was formatted; it never wraps.
    """

    def __init__(self, number: int, position: int, chain: int):
        self.number = number
        self.position = position
        self.chain = chain

    def __eq__(self, other) -> bool:
        return (self.number, self.position, self.chain) == (other.number, other.position, other.chain)

    def __repr__(self) -> str:
        return "Point(%d, %d, %08x)" % (self.number, self.position, self.chain)


class Descriptor:
    """What a group is, wherever it lies: the part of its header that travels on the link."""

    def __init__(self, number, generation, time_ms, body_length, records, body_crc, previous_chain, flags=0):
        self.number = number
        self.generation = generation
        self.flags = flags
        self.time_ms = time_ms
        self.body_length = body_length
        self.records = records
        self.body_crc = body_crc
        self.previous_chain = previous_chain
        self.chain = crc32(self._chained())

    def _chained(self) -> bytes:
        return struct.pack(
            _CHAINED, self.number, self.generation, self.flags, self.time_ms, self.body_length,
            self.records, self.body_crc, self.previous_chain,
        )  # fmt: skip

    def pack_into(self, buffer, offset: int) -> None:
        """Writes DESCRIPTOR_SIZE bytes."""
        struct.pack_into(
            _DESCRIPTOR, buffer, offset, self.number, self.generation, self.flags, self.time_ms, self.body_length,
            self.records, self.body_crc, self.previous_chain, self.chain,
        )  # fmt: skip

    @classmethod
    def unpack_from(cls, buffer, offset: int) -> "Descriptor":
        """Raises Damaged for an impossible length, a chain that does not fit the fields, or unknown flags."""
        number, generation, flags, *fields, chain = struct.unpack_from(_DESCRIPTOR, buffer, offset)
        if not RECORD_SIZE <= fields[1] <= MAX_BODY:
            raise Damaged("a group of %d bytes is described" % fields[1])
        descriptor = cls(number, generation, *fields, flags=flags)
        if descriptor.chain != chain:
            raise Damaged("the chain of group %d does not fit its fields" % number)
        if flags & ~_KNOWN:
            raise Damaged("group %d has unknown flags %x; update the firmware" % (number, flags))
        return descriptor


def pack_header(buffer, offset: int, log_id: int, position: int, first: int, descriptor: Descriptor) -> None:
    """Writes HEADER_SIZE bytes: where the group lies in which ring, then its descriptor.

    `first` is the number of the first group that was written in the same batch, before one sync.
    """
    struct.pack_into(_PLACE, buffer, offset, _MAGIC, _VERSION, 0, log_id, position, first)
    descriptor.pack_into(buffer, offset + _PLACE_SIZE)
    end = offset + _PLACE_SIZE + DESCRIPTOR_SIZE
    struct.pack_into("<I", buffer, end, crc32(memoryview(buffer)[offset:end]))
    for i in range(end + 4, offset + HEADER_SIZE):
        buffer[i] = 0


class Header:
    """A group's header as found in a ring: `position`, `first` and the `descriptor`."""

    def __init__(self, position: int, first: int, descriptor: Descriptor):
        self.position = position
        self.first = first
        self.descriptor = descriptor


def unpack_header(buffer, log_id: int) -> Header:
    """Reads the header at the start of `buffer`; raises Damaged unless it is whole and of this log."""
    magic, version, zero, found_id, position, first = struct.unpack_from(_PLACE, buffer, 0)
    end = _PLACE_SIZE + DESCRIPTOR_SIZE
    if magic != _MAGIC or version != _VERSION or found_id != log_id:
        raise Damaged("no group of this log starts here")
    if struct.unpack_from("<I", buffer, end)[0] != crc32(memoryview(buffer)[:end]):
        raise Damaged("the checksum of a group's header does not fit")
    return Header(position, first, Descriptor.unpack_from(buffer, _PLACE_SIZE))


def pack_record(buffer, offset: int, kind: int, start: int, length: int) -> None:
    """Writes RECORD_SIZE bytes; `start` and `length` are bytes, multiples of 512."""
    struct.pack_into(_RECORD, buffer, offset, kind, 0, 0, length // SECTOR, start // SECTOR)


def records(body, disk_size: int):
    """Yields (kind, start, length, payload offset) of every record of a body, start and length in bytes.

    Raises Damaged for bytes that are no records or reach beyond the disk.
    """
    at, end = 0, len(body)
    while at < end:
        if end - at < RECORD_SIZE:
            raise Damaged("a record is cut short at byte %d of its group" % at)
        kind, flags, zero, sectors, sector = struct.unpack_from(_RECORD, body, at)
        start, length = sector * SECTOR, sectors * SECTOR
        if kind not in _KINDS or flags or zero or not sectors or start + length > disk_size:
            raise Damaged("an impossible record at byte %d of its group" % at)
        at += RECORD_SIZE
        if kind == MARK:
            _check_mark(body, at, start, length)
        yield kind, start, length, at
        if kind in _WITH_PAYLOAD:
            at += length
            if at > end:
                raise Damaged("a payload is cut short at byte %d of its group" % end)


def _check_mark(body, at: int, start: int, length: int) -> None:
    if start or length != MARK_SIZE:
        raise Damaged("an impossible mark at byte %d of its group" % (at - RECORD_SIZE))
    if at + length <= len(body):
        unpack_mark(body[at : at + length])


def is_mark_name(name: str) -> bool:
    """Whether a mark can have this name: 1 to 63 bytes of UTF-8 without control characters."""
    if not 1 <= len(name.encode()) <= MAX_MARK:
        return False
    return all(31 < ord(character) < 127 or ord(character) > 159 for character in name)


def pack_mark(name: str) -> bytes:
    """The payload of a MARK, MARK_SIZE bytes; is_mark_name() was asked."""
    raw = name.encode()
    return bytes([len(raw)]) + raw + bytes(MARK_SIZE - 1 - len(raw))


def unpack_mark(payload) -> str:
    """The name in the payload of a MARK; raises Damaged."""
    raw = bytes(payload[:MARK_SIZE])
    end = 1 + raw[0]
    try:
        name = decode(raw[1:end])
    except UnicodeError:
        raise Damaged("the name of a mark is no text")
    if raw[0] > MAX_MARK or not is_mark_name(name) or any(raw[end:]):
        raise Damaged("a mark has an impossible name")
    return name
