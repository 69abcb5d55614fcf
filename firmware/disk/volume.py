"""The volume: what the host reads and writes.

A write goes into the open group in memory; a read sees the disk with every group that is not on it yet
laid over, oldest first. Nothing is written in place here: the player does that, with durable groups.
"""

from firmware.disk.overlay import ZEROES, Overlay, lay_over
from firmware.errors import VolumeError
from firmware.log.layout import MARK, MARK_SIZE, SECTOR, TRIM, WRITE, ZERO

MAX_WRITE = 1 << 20
_PATIENCE_MS = 20_000  # a host gives a command up after 30 s
# Commands that queue behind one that found no room for that long have waited as long as it has. Nobody knows how
# many lie in sockets; so long after one was given up, whatever comes was one of them.
_AFTERMATH_MS = 2000
_LATE_MS = 1000


class _Pending:
    """A group that is not on the disk yet, and what it would change about a read."""

    def __init__(self, group):
        self.group = group
        self.overlay = Overlay()


class _Waiter:
    def __init__(self, callback, since_ms: int, number: int = 0):
        self.callback = callback
        self.since_ms = since_ms
        self.number = number


class Volume:
    """The host's disk. `lane` runs a Reader on the same `disk`; `now_ms` is the monotonic clock.

    The owner sets `refusal` (a sentence, empty when a host may attach), `confirmed()` (the last group
    that a flush may count on) and `wanted()` (called when a flush waits for a commit).
    """

    MAX_WRITE = MAX_WRITE

    def __init__(self, disk, lane, journal, now_ms):
        self.size = disk.size
        self.trims = disk.trims
        self.refusal = "this board is starting"
        self.failed = False
        self.confirmed = None
        self.wanted = None
        self.writes = self.write_bytes = self.reads = self.read_bytes = self.flushes = 0  # of hosts, since the start
        self._disk = disk
        self._lane = lane
        self._journal = journal
        self._now_ms = now_ms
        self._pending = []
        self._open = None
        self._watch_start = self._watch_end = 0
        self._disturbed = False
        self._taken = 0  # records that went into groups
        self._room_waiters = []
        self._flush_waiters = []
        self._gave_up_ms = None  # when a wait for room was in vain, unless there was room for MAX_WRITE since
        self._since_then = 0  # bytes accepted

    @property
    def ready(self) -> bool:
        """Whether a host may attach now."""
        return not self.refusal

    # Checks

    def _check(self, offset: int, length: int) -> None:
        if (offset | length) & (SECTOR - 1):
            raise VolumeError(VolumeError.UNALIGNED)
        if offset < 0 or length < 0 or offset + length > self.size:
            raise VolumeError(VolumeError.BEYOND_END)
        if self.failed:
            raise VolumeError(VolumeError.FAILED)

    def _check_writable(self) -> None:
        if self.refusal:
            raise VolumeError(VolumeError.READ_ONLY)

    # Writes

    def write(self, offset: int, view) -> bool:
        """Takes up to MAX_WRITE bytes into the open group; False: no room now (`wait_for_room`)."""
        length = len(view)
        self._check(offset, length)
        self._check_writable()
        if not length:
            return True
        taken = self._add(WRITE, offset, length, view)
        if taken:
            self.writes += 1
            self.write_bytes += length
        return taken

    def zero(self, offset: int, length: int, trim: bool) -> bool:
        """The range reads as zeroes from now on; `trim`: and its space may be freed."""
        self._check(offset, length)
        self._check_writable()
        if not length or (trim and not self.trims):
            return True
        taken = self._add(TRIM if trim else ZERO, offset, length, None)
        self.writes += taken
        return taken

    def _add(self, kind: int, offset: int, length: int, view) -> bool:
        payload = 0 if view is None else length
        group = self._journal.open
        if group is None or not group.fits(payload):
            group = self._journal.open_group(payload, self._now_ms())
            if group is None:
                return False
        if self._gave_up_ms is not None:
            self._since_then += payload
            if self._since_then >= MAX_WRITE:
                self._gave_up_ms = None
        pending = self._open
        if pending is None or pending.group is not group:
            pending = self._open = _Pending(group)
            self._pending.append(pending)
        at = group.add(kind, offset, length, view)
        self._taken += 1
        if kind == MARK:  # it changes nothing, but its group waits for its turn as all do
            return True
        pending.overlay.add(offset, offset + length, ZEROES if view is None else at)
        if offset < self._watch_end and self._watch_start < offset + length:
            self._disturbed = True
        return True

    def mark(self, payload) -> "int | None":
        """Puts a mark behind all that was accepted before; the number of its group, None: no room now."""
        if self.failed:
            raise VolumeError(VolumeError.FAILED)
        self._check_writable()
        return self._open.group.number if self._add(MARK, 0, MARK_SIZE, payload) else None

    # The copier's part: records that say what the disk holds

    def watch(self, offset: int, length: int) -> None:
        """From now on `disturbed` tells whether a host changed something in the range."""
        self._watch_start, self._watch_end = offset, offset + length
        self._disturbed = False

    @property
    def disturbed(self) -> bool:
        """Whether what was read since watch() may be old."""
        return self._disturbed

    def copy(self, kind: int, offset: int, length: int, view) -> bool:
        """Adds a COPY of `view`, or a HOLE (None), to the open group, and ends the watch; False: no room now."""
        self._watch_end = 0
        return self._add(kind, offset, length, view)

    def wait_for_room(self, callback) -> None:
        """`callback(None)` when a write may be tried again, `callback(VolumeError)` after 20 s; at once when
        somebody has just waited that long in vain."""
        now = self._now_ms()
        if self._gave_up_ms is not None and now - self._gave_up_ms < _AFTERMATH_MS:
            callback(VolumeError(VolumeError.FULL))
            return
        self._room_waiters.append(_Waiter(callback, now))

    def room(self) -> None:
        """The owner freed memory or ring space: those who wait try again."""
        waiters, self._room_waiters = self._room_waiters, []
        while waiters:
            waiter = waiters.pop(0)
            taken = self._taken
            waiter.callback(None)
            if not self._room_waiters:
                continue
            if self._taken == taken:  # no room after all: it keeps its place and its time
                self._room_waiters[0].since_ms = waiter.since_ms
                self._room_waiters += waiters
            else:  # it waits with a later write now, which has its own time
                self._room_waiters = waiters + self._room_waiters
            return

    @property
    def waiting_for_room(self) -> bool:
        """Whether a host waits for room."""
        return bool(self._room_waiters)

    # Reads

    def read(self, offset: int, view, done) -> bool:
        """Fills `view`; True: now, and `done` is not called. False: `done(error)` comes later."""
        length = len(view)
        self._check(offset, length)
        if not length:
            return True
        self.reads += 1
        self.read_bytes += length
        found = self._find(offset, offset + length) if self._pending else ()
        try:
            if self._disk.try_read_into(offset, view):
                self._lay_over(view, offset, found)
                return True
        except OSError:
            raise VolumeError(VolumeError.FAILED)
        for pending, _ in found:
            pending.group.pins += 1

        def read(result, error):
            if error is None:
                self._lay_over(view, offset, found)
            for pending, _ in found:
                pending.group.pins -= 1
            done(VolumeError(VolumeError.FAILED) if error is not None else None)

        self._lane.submit(read, "read", offset, view)
        return False

    def _find(self, start: int, end: int) -> list:
        hits = []
        for pending in self._pending:
            found = pending.overlay.find(start, end)
            if found:
                hits.append((pending, found))
        return hits

    def _lay_over(self, view, offset: int, hits) -> None:
        for pending, found in hits:
            lay_over(view, offset, found, pending.group.memory)

    def block_status(self, offset: int, length: int) -> "list | None":
        """[(length, allocated)] covering the range; None when it is not known cheaply."""
        self._check(offset, length)
        extents = self._disk.allocated(offset, length)
        if extents is None:
            return None
        status = []
        for start, size, is_data in extents:
            is_data = is_data or bool(self._find(start, start + size))
            if status and status[-1][1] == is_data:
                status[-1] = (status[-1][0] + size, is_data)
            else:
                status.append((size, is_data))
        return status

    # Flushes

    def flush(self, done) -> None:
        """`done(error)` when all that was accepted before is as durable as `ack` asks."""
        if self.failed:
            done(VolumeError(VolumeError.FAILED))
            return
        self.flushes += 1
        group = self._journal.open
        number = group.number if group is not None else self._journal.received_number
        if number <= self.confirmed():
            done(None)
            return
        self._flush_waiters.append(_Waiter(done, self._now_ms(), number))
        self.wanted()

    @property
    def flush_waits_for(self) -> int:
        """The last group that a flush waits for, 0 when none does."""
        return self._flush_waiters[-1].number if self._flush_waiters else 0

    def settle(self) -> None:
        """The owner's `confirmed` may have grown: answers the flushes that it covers."""
        confirmed = self.confirmed()
        while self._flush_waiters and self._flush_waiters[0].number <= confirmed:
            self._flush_waiters.pop(0).callback(None)

    # What the owner tells

    def played(self, number: int) -> None:
        """Everything up to group `number` is on the disk."""
        dropped = False
        while self._pending and self._pending[0].group.number <= number:
            self._pending.pop(0).group.wanted = False
            dropped = True
        if dropped:
            self.room()

    def fail(self) -> None:
        """Storage failed: everything that waits, and everything from now on, is refused."""
        self.failed = True
        error = VolumeError(VolumeError.FAILED)
        waiters = self._room_waiters + self._flush_waiters
        self._room_waiters, self._flush_waiters = [], []
        for waiter in waiters:
            waiter.callback(error)

    def poll(self, now_ms: int) -> None:
        """Gives up what has waited too long for a host to wait any longer."""
        in_vain = _impatient(self._room_waiters, now_ms)
        if in_vain:
            self._gave_up_ms, self._since_then = now_ms, 0
        for waiter in in_vain:
            waiter.callback(VolumeError(VolumeError.FULL))
        for waiter in _impatient(self._flush_waiters, now_ms):
            waiter.callback(VolumeError(VolumeError.UNCONFIRMED))

    def due(self) -> "int | None":
        """The monotonic ms at which poll() has something to give up; None when nobody waits."""
        since = [waiters[0].since_ms for waiters in (self._room_waiters, self._flush_waiters) if waiters]
        return min(since) + _PATIENCE_MS if since else None


def _impatient(waiters: list, now_ms: int) -> list:
    """Takes those who have waited too long out of `waiters`."""
    if waiters and now_ms - waiters[0].since_ms >= _PATIENCE_MS + _LATE_MS:
        # Nobody looked in time: this board stood still. What it waits for may have come meanwhile, so it looks first.
        for waiter in waiters:
            waiter.since_ms = max(waiter.since_ms, now_ms - _PATIENCE_MS + _LATE_MS)
    count = 0
    while count < len(waiters) and now_ms - waiters[count].since_ms >= _PATIENCE_MS:
        count += 1
    found = waiters[:count]
    del waiters[:count]
    return found


class Reader:
    """Worker of the lane for reads that the page cache cannot answer."""

    def __init__(self, disk):
        self._disk = disk

    def read(self, offset: int, view):
        """Fills `view` from the disk."""
        self._disk.read_into(offset, view)
        return
        yield
