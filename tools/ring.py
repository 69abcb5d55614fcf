"""Reads a journal's ring without the firmware's help: the walk and its verdict are this file's own.

The reader never writes and takes no lock, so the board may be running; what it overtakes meanwhile is no damage.
"""

from firmware.log.layout import MARK, Point, unpack_mark
from tools.ringfile import Bad, NotAJournal, RingFile

__all__ = ["Bad", "Damage", "Group", "NotAJournal", "Ring"]

# How far behind the superblock's `durable` the log's end can be at most (FORMAT.md, recovery).
REACH = 32 << 20
RECORDS_KEPT = 4


class Group:
    """A whole group: `position` in the ring, `first` of its batch, `descriptor`, its first `records` and `marks`."""

    def __init__(self, header, records: list, marks: list):
        self.position = header.position
        self.first = header.first
        self.descriptor = header.descriptor
        self.records = records
        self.marks = marks


class Damage:
    """Something that had been durable and is not what was written, at byte `offset` of the journal."""

    def __init__(self, offset: int, text: str):
        self.offset = offset
        self.text = text

    def __str__(self) -> str:
        return self.text


class Ring(RingFile):
    """The ring of a journal: `walk` and `scan` set `end`, the Point where the log ends, and `ending`, behind what."""

    def __init__(self, path: str):
        super().__init__(path)
        self.end = self.start
        self.ending = "nothing behind it"

    @property
    def start(self) -> Point:
        """The point behind which somebody still needs the log: the disk, or the twin."""
        block = self.superblock
        if block.retain and block.acked.position < block.played.position:
            return block.acked
        return block.played

    def walk(self, point=None):
        """Yields every Group that somebody still needs, or that follows `point`, oldest first, and every Damage."""
        point = self.end = point or self.start
        while True:
            try:
                group = self._group(point)
            except Bad as bad:
                damage, point = self._judge(point, bad)
                if point is None:
                    return
                if damage:
                    yield damage
                continue
            yield group
            point = self.end = self.after(group)

    def scan(self):
        """Yields what walk() does, and before it the older groups that are still there and that nobody needs."""
        for header in self._spent():
            try:
                yield self._checked(header)
            except Bad as bad:
                yield Damage(self.offset(header.position), "group %d, which nobody needs any more: %s"
                             % (header.descriptor.number, bad))
        yield from self.walk()

    def oldest(self) -> Point:
        """The point behind which the ring still holds every group, those that nobody needs too. Looks at headers."""
        start, first, last = self.start, None, None
        for header in self._spent():
            what = header.descriptor
            before = Point(what.number - 1, header.position, what.previous_chain)
            if last is None or (last.number, self.placed(last.position), last.chain) != (
                    before.number, before.position, before.chain):
                first = before
            last = self.after(header)
        return first if last is not None and last == start else start

    def _spent(self):
        """Headers of groups that nobody needs any more. What the log's end has overwritten is not in its place."""
        durable = self.superblock.durable.position
        return self.headers(max(0, durable - self.superblock.ring_size), self.start.position)

    # Where the log ends

    def _judge(self, point: Point, bad: Bad):
        """What a group that does not check out means: (Damage or None, where to go on or None at the end)."""
        self.superblock = self.newest_superblock()
        if self.start.number > point.number:
            return None, self.start  # a running board has freed and overwritten it meanwhile
        number, offset = point.number + 1, self.offset(self.placed(point.position))
        known = self.superblock.durable
        witness = None if point.number < known.number else self._witness(point)
        if witness is None and point.number >= known.number:
            self.end, self.ending = point, "a torn group behind it" if bad.header else "nothing behind it"
            return None, None
        if self._is_there_now(point):
            return None, point
        proof = "the superblock" if witness is None else "group %d behind it" % witness.descriptor.number
        damage = Damage(offset, "group %d: %s; %s proves that it was durable" % (number, bad, proof))
        return damage, self._behind_damage(bad, witness)

    def _behind_damage(self, bad: Bad, witness) -> Point:
        if bad.header:
            return self.after(bad.header)
        if witness is None:
            return self.superblock.durable
        return Point(witness.descriptor.number - 1, witness.position, witness.descriptor.previous_chain)

    def _witness(self, point: Point):
        """A whole header that was written after the group behind `point` had been synced, or None."""
        begin = self.placed(point.position)
        for header in self.headers(begin, begin + min(REACH, self.superblock.ring_size)):
            if point.number + 1 < header.first <= header.descriptor.number:
                return header
        return None

    def _is_there_now(self, point: Point) -> bool:
        # A running board may have appended it after we looked, and the witness after that.
        try:
            self._group(point)
        except Bad:
            return False
        return True

    # Reading

    def _group(self, point: Point) -> Group:
        """The group behind `point`; raises Bad."""
        header = self.header(self.placed(point.position))
        if header is None:
            raise Bad("its header is not whole, or an older one lies in its place")
        descriptor = header.descriptor
        if (descriptor.number, descriptor.previous_chain) != (point.number + 1, point.chain):
            raise Bad("another group (%d) lies in its place" % descriptor.number)
        return self._checked(header)

    def _checked(self, header) -> Group:
        """The group with this header, its body looked at; raises Bad."""
        records, marks = [], []
        body = self.body(header)
        for kind, start, length, at in self.changes(header, body):
            if len(records) < RECORDS_KEPT:
                records.append((kind, start, length))
            if kind == MARK and len(marks) < RECORDS_KEPT:
                marks.append(unpack_mark(body[at:at + length]))
        return Group(header, records, marks)
