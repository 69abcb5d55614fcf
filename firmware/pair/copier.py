"""The copier: puts what the primary's disk holds into the log, between the host's writes.

It goes over the disk once, from `identity.copied` to its end. Each record says what the range holds at
that place in the log, so a range may be copied twice, and the host may change it before and after. What
must not happen is that a record says what the range held some time ago: the volume watches the range
while it is read, and what a host disturbed is read again.

The copy is in no hurry: it stands still without a link, while the twin is `AHEAD` bytes behind, while a
host waits for room, and while a piece of it waits for the one before to be durable.
"""

from firmware.errors import VolumeError, why
from firmware.log.layout import COPIED, COPY, HOLE, MAX_RANGE, SECTOR
from firmware.pair.identity import TWIN

PIECE = 1 << 20
AHEAD = 16 << 20  # bytes of the log that the twin lacks; the journal is for outages, not for the copy
RETRY_MS = 5000
_LEAST_HOLE = 64 << 10  # bytes; a smaller one is copied as data
_WIDER = 16  # a hole of a whole window: look so many times further
_EFFORT = 64  # records in one go; reading a piece takes as long as so many:
_READING = 16
_CHUNK = 64 << 10
_ZEROES = bytes(_CHUNK)


class Copier:
    """`sends()`: whether a link ships groups to the twin now. The owner calls `advance()` whenever something
    moved on. `trouble`: a sentence while the disk cannot be read, else empty. `piece`: bytes read in one go.
    `logged_bytes`: of the disk, that are durable in the log since the start."""

    def __init__(self, identity, journal, volume, now_ms, sends):
        self.trouble = ""
        self.piece = PIECE
        self.logged_bytes = 0
        self._identity = identity
        self._journal = journal
        self._volume = volume
        self._now_ms = now_ms
        self._sends = sends
        self._most_ahead = min(AHEAD, journal.ring.size // 4)
        self._at = identity.copied
        self._put_bytes = 0  # of pieces that went into groups
        self._marks = []  # (group, how far the copy is with it, _put_bytes) of groups that are not durable yet
        self._buffer = None
        self._reading = 0
        self._run = None
        self._retry_at_ms = 0

    @property
    def ended(self) -> bool:
        """Whether the log durably holds all of the disk."""
        return self._identity.copied >= self._volume.size

    @property
    def under_way(self) -> bool:
        """Whether the twin still lacks a part of the disk. Asked of the twin: whether it does itself."""
        who = self._identity
        if who.role == TWIN or not who.whole:
            return not who.whole
        return self._journal.acked.number < who.whole

    def due(self) -> "int | None":
        """The monotonic ms at which to try again what failed."""
        return self._retry_at_ms if self.trouble and not self.ended else None

    def advance(self) -> None:
        """Goes on as far as it may now; what it waits for then leads to another call."""
        self._settle()
        if self.ended:
            self._buffer = None
            return
        effort = _EFFORT
        while effort > 0 and self._may_go() and self._paced():
            done = self._next()
            if not done:
                return
            effort -= done
        if effort <= 0 and not self._journal.busy:
            self._journal.seal()  # its end leads back to here

    def _settle(self) -> None:
        """Takes over what has become durable; the next superblock says so."""
        durable = self._journal.head.number
        while self._marks and self._marks[0][0] <= durable:
            _, self._identity.copied, self.logged_bytes = self._marks.pop(0)

    def _may_go(self) -> bool:
        volume = self._volume
        return (
            self._at < volume.size
            and not self._reading
            and volume.ready
            and not volume.waiting_for_room
            and self._sends()
            and self._now_ms() >= self._retry_at_ms
        )

    def _paced(self) -> bool:
        """Whether there is room for a piece: one on its way to the ring and one behind it, no more."""
        journal = self._journal
        if journal.open is not None and journal.open.used >= self.piece and not journal.busy:
            journal.seal()
        full = journal.open is not None and journal.open.used >= self.piece
        return not full and not journal.waiting and journal.ahead < self._most_ahead

    # Pieces; each of these returns the effort that it took, 0 when there is nothing more to do now

    def _next(self) -> int:
        hole, data = self._look()
        if hole:
            return self._add_hole(hole)
        return self._read(data)

    def _look(self) -> tuple:
        """(length of a hole here, 0) or (0, length to read), as far as it is known without reading."""
        left = self._volume.size - self._at
        window = min(self.piece, left)
        extents = self._status(window)
        if extents is None:
            return 0, window
        if not _is_hole(extents[0]):
            return 0, _data_length(extents)
        while extents and extents[0][0] == window < left and not extents[0][1]:
            found = window
            window = min(window * _WIDER, left)
            extents = self._status(window)
        hole = extents[0][0] if extents and not extents[0][1] else found
        return min(hole & ~(SECTOR - 1), MAX_RANGE), 0

    def _status(self, length: int) -> "list | None":
        try:
            return self._volume.block_status(self._at, length)
        except OSError:
            return None  # reading will tell

    def _read(self, length: int) -> int:
        if self._buffer is None:
            self._buffer = memoryview(bytearray(self.piece))
        self._reading = length
        self._volume.watch(self._at, length)
        try:
            done = self._volume.read(self._at, self._buffer[:length], self._read_later)
        except VolumeError as error:
            self._failed(error)
            return 0
        if not done:
            return 0
        self._reading = 0
        return self._take(length)

    def _read_later(self, error) -> None:
        length, self._reading = self._reading, 0
        if error is not None:
            self._failed(error)
        elif not self._volume.disturbed and self._may_go():
            self._take(length)
        self.advance()

    def _take(self, length: int) -> int:
        """The piece is what the disk holds at this place in the log."""
        view = self._buffer[:length]
        if _is_zero(view):
            return self._add_hole(length) and _READING
        if not self._volume.copy(COPY, self._at, length, view):
            return 0
        self._put_bytes += length
        self._added(length)
        return _READING

    def _add_hole(self, length: int) -> int:
        """Adds a HOLE, or makes the last record longer where it is one that ends here."""
        run, group = self._run, self._journal.open
        if run is not None and run.ends_in(group, self._at) and run.length + length <= MAX_RANGE:
            run.length += length
            group.lengthen(HOLE, run.start, run.length)
        elif self._volume.copy(HOLE, self._at, length, None):
            self._run = _Run(self._journal.open, self._at, length)
        else:
            return 0
        self._added(length)
        return 1

    def _added(self, length: int) -> None:
        self.trouble = ""
        self._at += length
        group = self._journal.open
        if self._marks and self._marks[-1][0] == group.number:
            self._marks.pop()
        self._marks.append((group.number, self._at, self._put_bytes))
        if self._at == self._volume.size:
            group.flags |= COPIED
            self._run = None
            self._journal.seal()

    def _failed(self, error) -> None:
        self._reading = 0
        self._retry_at_ms = self._now_ms() + RETRY_MS
        self.trouble = (
            "the disk of %s cannot be read near byte %d (%s), so the first copy cannot go on: replace that disk"
            % (self._identity.name, self._at, why(error))
        )


class _Run:
    """A HOLE that was the last record of its group when it was added."""

    def __init__(self, group, start: int, length: int):
        self.start = start
        self.length = length
        self._group = group
        self._used = group.used

    def ends_in(self, group, at: int) -> bool:
        """Whether it is still the last record of `group`, and ends at byte `at` of the disk."""
        return group is self._group and group.used == self._used and self.start + self.length == at


def _is_hole(extent: tuple) -> bool:
    return not extent[1] and extent[0] >= _LEAST_HOLE


def _data_length(extents: list) -> int:
    """Bytes before the first hole that is worth a record."""
    length = 0
    for extent in extents:
        if _is_hole(extent):
            break
        length += extent[0]
    return length


def _is_zero(view) -> bool:
    for at in range(0, len(view), _CHUNK):
        chunk = view[at : at + _CHUNK]
        if bytes(chunk) != _ZEROES[: len(chunk)]:
            return False
    return True
