"""The file under a journal's ring: its superblock, and single headers and bodies, checked by our own checksums.

Only the byte layouts are shared with the firmware (firmware/log/layout.py, superblock.py): they are the format.
"""

import os
import struct

import crcmod.predefined

from firmware.errors import Damaged, Refused
from firmware.log import layout, superblock
from firmware.log.layout import BLOCK, HEADER_SIZE, MAX_GROUP, Point
from firmware.pair import identity

# Where the checksums lie; firmware/log/FORMAT.md has the tables.
CHAINED = slice(32, 72)
HEADER_CRC_AT = 76
SUPERBLOCK_CRC_AT = 508
NO_LIMIT = 1 << 63

crc32 = crcmod.predefined.mkCrcFun("crc-32")


class NotAJournal(Exception):
    """The file holds no journal that this program can read; one sentence."""


class Bad(Exception):
    """A group that does not check out: why, and its header when that much is sound."""

    def __init__(self, why: str, header=None):
        super().__init__(why)
        self.header = header


class RingFile:
    """The journal in a file or block device, read-only. Raises NotAJournal or OSError."""

    def __init__(self, path: str):
        self._file = os.open(path, os.O_RDONLY)
        try:
            self.slots = []
            self.superblock = self.newest_superblock()
        except BaseException:
            os.close(self._file)
            raise
        self._disk_size = self._find_disk_size()

    def close(self):
        """Closes the file."""
        os.close(self._file)

    # Groups

    def header(self, position: int):
        """The header at a position if it is whole and belongs there; else None."""
        return self._whole_header(os.pread(self._file, HEADER_SIZE, self.offset(position)), position)

    def headers(self, begin: int, end: int):
        """Yields every whole header that lies in its own place from position `begin` to `end`, in their order."""
        size, position = self.superblock.ring_size, begin
        while position < end:
            want = min(MAX_GROUP, end - position, size - position % size)
            chunk = os.pread(self._file, want, self.offset(position))
            for at in range(0, len(chunk), BLOCK):
                header = self._whole_header(chunk[at:at + HEADER_SIZE], position + at)
                if header:
                    yield header
            position += want

    def _whole_header(self, raw: bytes, position: int):
        try:
            header = layout.unpack_header(raw, self.superblock.log_id)
        except (Damaged, struct.error):
            return None
        stored, = struct.unpack_from("<I", raw, HEADER_CRC_AT)
        if crc32(raw[:HEADER_CRC_AT]) != stored or crc32(raw[CHAINED]) != header.descriptor.chain:
            return None
        return header if header.position == position else None

    def body(self, header) -> bytes:
        """The body of a group, or of its header; raises Bad unless its checksum fits."""
        descriptor = header.descriptor
        body = os.pread(self._file, descriptor.body_length, self.offset(header.position) + HEADER_SIZE)
        if len(body) != descriptor.body_length or crc32(body) != descriptor.body_crc:
            raise Bad("the checksum of its content does not fit", header)
        return body

    def changes(self, header, body: bytes):
        """Yields (kind, start, length, payload's place in `body`) of each record; raises Bad unless all fit."""
        count = 0
        try:
            for change in layout.records(body, self._disk_size):
                count += 1
                yield change
        except Damaged as error:
            raise Bad(str(error), header) from None
        if count != header.descriptor.records:
            raise Bad("it has %d records where %d are announced" % (count, header.descriptor.records), header)

    # Geometry

    def offset(self, position: int) -> int:
        """Byte of the journal at which a position lies."""
        return superblock.RING_OFFSET + position % self.superblock.ring_size

    def placed(self, position: int) -> int:
        """Where the group after `position` starts: a group never wraps."""
        left = self.superblock.ring_size - position % self.superblock.ring_size
        return position + left if left < self.superblock.group_limit else position

    def after(self, header) -> Point:
        """The point behind a group, given it or its header."""
        descriptor = header.descriptor
        end = header.position + layout.group_size(descriptor.body_length)
        return Point(descriptor.number, end, descriptor.chain)

    # The superblock

    def newest_superblock(self):
        """Reads both slots anew. Raises NotAJournal when neither is whole."""
        found, self.slots = [], []
        for offset in superblock.SLOTS:
            raw = os.pread(self._file, layout.SECTOR, offset)
            self.slots.append(self._slot(raw, found))
        if not found:
            raise NotAJournal("there is no Sosie journal here (%s)."
                              % ", ".join("slot %d %s" % each for each in enumerate(self.slots)))
        newest = max(found, key=lambda block: block.sequence)
        room = os.lseek(self._file, 0, os.SEEK_END) - superblock.RING_OFFSET
        if not MAX_GROUP < newest.ring_size <= room:
            raise NotAJournal("its ring of %d bytes does not fit the %d that are here; is this all of the journal?"
                              % (newest.ring_size, room))
        return newest

    def _slot(self, raw: bytes, found: list) -> str:
        if not any(raw):
            return "blank"
        if len(raw) < layout.SECTOR or crc32(raw[:SUPERBLOCK_CRC_AT]) != struct.unpack_from(
                "<I", raw, SUPERBLOCK_CRC_AT)[0]:
            return "not whole"
        try:
            found.append(superblock.unpack(raw))
        except Damaged:
            return "not whole"
        except Refused as error:
            raise NotAJournal("%s." % error) from None
        return "sequence %d" % found[-1].sequence

    def _find_disk_size(self) -> int:
        try:
            return identity.unpack(self.superblock.label).disk_size
        except (Damaged, Refused):
            return NO_LIMIT
