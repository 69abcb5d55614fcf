"""The superblock: what a journal is, and how far the log behind it has come. FORMAT.md holds the table.

Two slots are written in turn, each in one sector, so one whole slot survives whatever cuts a write.
"""

import struct

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.log.layout import BLOCK, MAX_GROUP, SECTOR, Point

SLOTS = (0, 64 << 10)
RING_OFFSET = 1 << 20
MIN_JOURNAL = 8 << 20
MAX_LABEL = 256

_MAGIC = b"SOSIELOG"
VERSION = 1
_FIXED = "<8sHHIIQQQQI"
_RETAIN = 1
_POINT = "<QQII"
_POINTS_AT, _POINT_SIZE, _LABEL_AT, _CRC_AT = 56, 24, 128, 508


class Superblock:
    """`sequence` counts the writes of the superblock; the higher of two whole slots is the true one.

    `played`: the disk durably holds everything up to here. `acked`: so does the twin.
    `durable`: the ring held at least everything up to here. `group_limit`: the most bytes that a group
    takes in the ring. `retain`: what lies behind `acked` is still wanted by a twin. `life`: a random number of
    the process that wrote it. `label`: whatever the owner keeps with the journal, up to MAX_LABEL bytes.
    """

    def __init__(self, log_id: int, ring_size: int, label: bytes):
        self.sequence = 0
        self.log_id = log_id
        self.ring_size = ring_size
        self.group_limit = MAX_GROUP
        self.retain = True
        self.life = 0
        self.played = Point(0, 0, 0)
        self.acked = Point(0, 0, 0)
        self.durable = Point(0, 0, 0)
        self.label = label

    def slot(self) -> int:
        """Byte offset of the slot that this sequence belongs in."""
        return SLOTS[self.sequence % len(SLOTS)]

    def pack(self) -> bytearray:
        """One BLOCK; all that counts is in its first sector."""
        block = bytearray(BLOCK)
        struct.pack_into(
            _FIXED, block, 0, _MAGIC, VERSION, _RETAIN if self.retain else 0, self.group_limit,
            len(self.label), self.sequence, self.log_id, RING_OFFSET, self.ring_size, self.life,
        )  # fmt: skip
        for i, point in enumerate((self.played, self.acked, self.durable)):
            at = _POINTS_AT + i * _POINT_SIZE
            struct.pack_into(_POINT, block, at, point.number, point.position, point.chain, 0)
        block[_LABEL_AT : _LABEL_AT + len(self.label)] = self.label
        struct.pack_into("<I", block, _CRC_AT, crc32(memoryview(block)[:_CRC_AT]))
        return block


def unpack(block) -> Superblock:
    """Reads one slot; raises Damaged unless it is whole and possible, Refused for another version."""
    magic, version, flags, group_limit, label_length, sequence, log_id, ring_offset, ring_size, life = (
        struct.unpack_from(_FIXED, block, 0)
    )
    if magic != _MAGIC or struct.unpack_from("<I", block, _CRC_AT)[0] != crc32(memoryview(block)[:_CRC_AT]):
        raise Damaged("no superblock")
    if version != VERSION or ring_offset != RING_OFFSET:
        raise Refused("the journal has format %d, this firmware reads format %d; update it" % (version, VERSION))
    sound = BLOCK <= group_limit <= MAX_GROUP and group_limit <= ring_size and ring_size % BLOCK == 0
    if not sound or label_length > MAX_LABEL:
        raise Damaged("a superblock with impossible sizes")
    superblock = Superblock(log_id, ring_size, bytes(block[_LABEL_AT : _LABEL_AT + label_length]))
    superblock.sequence = sequence
    superblock.group_limit = group_limit
    superblock.retain = bool(flags & _RETAIN)
    superblock.life = life
    points = [
        Point(*struct.unpack_from(_POINT, block, _POINTS_AT + i * _POINT_SIZE)[:3]) for i in range(3)
    ]
    superblock.played, superblock.acked, superblock.durable = points
    return superblock


def read(storage) -> "Superblock | None":
    """The newest whole superblock of `storage`; None when both slots are blank (a fresh journal).

    Raises Refused when there is something that is no journal, so that nobody's data is overwritten.
    """
    found, blank = None, True
    for offset in SLOTS:
        block = bytearray(SECTOR)
        storage.read_into(offset, memoryview(block))
        try:
            superblock = unpack(block)
        except Damaged:
            blank = blank and not any(block)
            continue
        if found is None or superblock.sequence > found.sequence:
            found = superblock
    if found is None and not blank:
        raise Refused("holds something that is not a Sosie journal; name an empty file or device, or erase it first")
    return found


def own_group_limit(ring_size: int) -> int:
    """The `group_limit` for a board that makes the groups itself: a small ring holds a few at least."""
    return min(MAX_GROUP, ring_size // 4 & ~(BLOCK - 1))


def ring_size(storage_size: int) -> int:
    """Bytes of the ring on a storage of that size; raises Refused when it is too small."""
    if storage_size < MIN_JOURNAL:
        raise Refused("the journal is smaller than %d MiB; make it larger" % (MIN_JOURNAL >> 20))
    return storage_size - RING_OFFSET & ~(BLOCK - 1)
