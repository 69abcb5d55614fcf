"""Reads a journal's ring without the firmware's help: the walk, the verdict and all checksums are this file's own.

Only the byte layouts are shared (firmware/log/layout.py, superblock.py): they are the format. The reader never
writes and takes no lock, so the board may be running; what it overtakes meanwhile is no damage.
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
# How far behind the superblock's `durable` the log's end can be at most (FORMAT.md, recovery).
REACH = 32 << 20
RECORDS_KEPT = 4
NO_LIMIT = 1 << 63

crc32 = crcmod.predefined.mkCrcFun("crc-32")


class NotAJournal(Exception):
    """The file holds no journal that this program can read; one sentence."""


class Group:
    """A whole group: `position` in the ring, `first` of its batch, `descriptor`, its first few `records`."""

    def __init__(self, header, records: list):
        self.position = header.position
        self.first = header.first
        self.descriptor = header.descriptor
        self.records = records


class Damage:
    """Something that had been durable and is not what was written, at byte `offset` of the journal."""

    def __init__(self, offset: int, text: str):
        self.offset = offset
        self.text = text

    def __str__(self) -> str:
        return self.text


class _Bad(Exception):
    """A group that does not check out: why, and its header when that much is sound."""

    def __init__(self, why: str, header=None):
        super().__init__(why)
        self.header = header


class Ring:
    """The journal in a file or block device. Raises NotAJournal or OSError."""

    def __init__(self, path: str):
        self._file = os.open(path, os.O_RDONLY)
        try:
            self.slots = []
            self.superblock = self._newest_superblock()
        except BaseException:
            os.close(self._file)
            raise
        self.end = self._start()
        self.ending = "nothing behind it"
        self._disk_size = self._find_disk_size()

    def close(self):
        """Closes the file."""
        os.close(self._file)

    def offset(self, position: int) -> int:
        """Byte of the journal at which a position lies."""
        return superblock.RING_OFFSET + position % self.superblock.ring_size

    def walk(self):
        """Yields every Group that somebody still needs, oldest first, and every Damage; sets `end`, `ending`."""
        point = self._start()
        while True:
            try:
                group = self._group(point)
            except _Bad as bad:
                damage, point = self._judge(point, bad)
                if point is None:
                    return
                if damage:
                    yield damage
                continue
            yield group
            point = self.end = self._after(point, group)

    def scan(self):
        """Yields what walk() does, and before it the older groups that are still there and that nobody needs."""
        oldest = self._start()
        needed = list(self.walk())
        lap = self.end.position - self.superblock.ring_size
        headers = [header for header in self._headers(0, self.superblock.ring_size)
                   if lap < header.position < oldest.position]
        for header in sorted(headers, key=lambda each: each.position):
            try:
                yield Group(header, self._records(header))
            except _Bad as bad:
                yield Damage(self.offset(header.position), "group %d, which nobody needs any more: %s"
                             % (header.descriptor.number, bad))
        yield from needed

    # Where the log ends

    def _judge(self, point: Point, bad: _Bad):
        """What a group that does not check out means: (Damage or None, where to go on or None at the end)."""
        self.superblock = self._newest_superblock()
        start = self._start()
        if start.number > point.number:
            return None, start  # a running board has freed and overwritten it meanwhile
        number, offset = point.number + 1, self.offset(self._placed(point.position))
        known = self.superblock.durable
        witness = None if point.number < known.number else self._witness(point)
        if witness is None and point.number >= known.number:
            self.end, self.ending = point, "a torn group behind it" if bad.header else "nothing behind it"
            return None, None
        if self._is_there_now(point):
            return None, point
        proof = "the superblock" if witness is None else "group %d behind it" % witness.descriptor.number
        damage = Damage(offset, "group %d: %s; %s proves that it was durable" % (number, bad, proof))
        return damage, self._behind_damage(point, bad, witness)

    def _behind_damage(self, point: Point, bad: _Bad, witness) -> Point:
        if bad.header:
            return self._after(point, bad.header)
        if witness is None:
            return self.superblock.durable
        return Point(witness.descriptor.number - 1, witness.position, witness.descriptor.previous_chain)

    def _witness(self, point: Point):
        """A whole header that was written after the group behind `point` had been synced, or None."""
        begin = self._placed(point.position)
        for header in self._headers(begin, min(REACH, self.superblock.ring_size)):
            if header.position >= begin and point.number + 1 < header.first <= header.descriptor.number:
                return header
        return None

    def _is_there_now(self, point: Point) -> bool:
        # A running board may have appended it after we looked, and the witness after that.
        try:
            self._group(point)
        except _Bad:
            return False
        return True

    # Reading

    def _group(self, point: Point) -> Group:
        position = self._placed(point.position)
        header = self._header(os.pread(self._file, HEADER_SIZE, self.offset(position)))
        if header is None:
            raise _Bad("its header is not whole")
        descriptor = header.descriptor
        if (header.position, descriptor.number, descriptor.previous_chain) != (
                position, point.number + 1, point.chain):
            raise _Bad("another group (%d) lies in its place" % descriptor.number)
        return Group(header, self._records(header))

    def _header(self, raw: bytes):
        """The header in `raw` if it is whole, by our own checksums; else None."""
        try:
            header = layout.unpack_header(raw, self.superblock.log_id)
        except (Damaged, struct.error):
            return None
        stored, = struct.unpack_from("<I", raw, HEADER_CRC_AT)
        if crc32(raw[:HEADER_CRC_AT]) != stored or crc32(raw[CHAINED]) != header.descriptor.chain:
            return None
        return header

    def _records(self, header) -> list:
        """The first records of a group, whose body and count must fit; raises _Bad."""
        descriptor = header.descriptor
        body = os.pread(self._file, descriptor.body_length, self.offset(header.position) + HEADER_SIZE)
        if len(body) != descriptor.body_length or crc32(body) != descriptor.body_crc:
            raise _Bad("the checksum of its content does not fit", header)
        kept, count = [], 0
        try:
            for kind, start, length, _ in layout.records(body, self._disk_size):
                count += 1
                if len(kept) < RECORDS_KEPT:
                    kept.append((kind, start, length))
        except Damaged as error:
            raise _Bad(str(error), header) from None
        if count != descriptor.records:
            raise _Bad("it has %d records where %d are announced" % (count, descriptor.records), header)
        return kept

    def _headers(self, begin: int, length: int):
        """Yields every whole header in `length` bytes from position `begin` on that lies in its own place."""
        size, position, end = self.superblock.ring_size, begin, begin + length
        while position < end:
            want = min(MAX_GROUP, end - position, size - position % size)
            chunk = os.pread(self._file, want, self.offset(position))
            for at in range(0, len(chunk), BLOCK):
                header = self._header(chunk[at:at + HEADER_SIZE])
                if header and header.position % size == (position + at) % size:
                    yield header
            position += want

    # Geometry

    def _placed(self, position: int) -> int:
        """Where the group after `position` starts: a group never wraps."""
        left = self.superblock.ring_size - position % self.superblock.ring_size
        return position + left if left < self.superblock.group_limit else position

    def _after(self, point: Point, group) -> Point:
        descriptor = group.descriptor
        end = self._placed(point.position) + layout.group_size(descriptor.body_length)
        return Point(descriptor.number, end, descriptor.chain)

    def _start(self) -> Point:
        """The point behind which somebody still needs the log: the disk, or the twin."""
        block = self.superblock
        if block.retain and block.acked.position < block.played.position:
            return block.acked
        return block.played

    # The superblock

    def _newest_superblock(self):
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
