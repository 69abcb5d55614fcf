"""The journal: takes groups in order, makes them durable, and forgets what nobody needs any more.

Groups are gathered here from host writes (`open_group`, `seal`, on a primary) or received whole from the
link (`reserve`, `append_received`, on a twin). Both queue for the same append: one batch at a time is on the
journal lane, the next one fills meanwhile. Nobody plays or ships a group before it is durable.
"""

from firmware.errors import Damaged
from firmware.log.group import Group
from firmware.log.layout import BLOCK, COPIED, HEADER_SIZE, MAX_BODY, MAX_TIME_MS, RECORD_SIZE, Point, group_size
from firmware.log.span import Span

BATCH = 4 << 20  # a longer write holds the medium up for longer than it saves in syncs
MAX_PAYLOAD = 1 << 20  # of one record
HINT_EVERY = 8 << 20  # with a batch in flight and one queued, well inside recovery's HINT_DISTANCE


class Journal:
    """One board's log on its ring.

    `superblock` and `head` come from recovery; `lane` runs a Scribe on the same `ring`.
    The owner sets `label()`, what it keeps in the superblock; `on_copied(number)`: a group with the flag
    COPIED is durable, and the next superblock may say so; `on_durable(groups)` and `on_failed(error)`;
    on_failed(Damaged) means that a received group was not what its sender sealed and nothing was written;
    any other error is final. `ledger`: where groups of host writes stand until they are durable, None: nowhere.
    """

    def __init__(self, ring, lane, arena, superblock, head: Point, wall_ms, ledger=None):
        self.ring = ring
        self.arena = arena
        self.superblock = superblock
        self.head = head
        self.acked = superblock.acked
        self.played = superblock.played
        self.generation = 0
        self.failed = False
        self.written_bytes = 0  # appended since the start
        self.starved = False  # somebody waits for room in the ring
        self._host_starved = False  # a host had to wait for it, and it has been tight ever since
        self._asked = False  # somebody has wanted room for a group of writes since the start
        self.on_copied = None
        self.on_durable = None
        self.on_failed = None
        self.label = lambda: superblock.label
        self._lane = lane
        self._wall_ms = wall_ms
        self._ledger = ledger
        self._tip = head  # behind everything queued; its chain is known only once that is durable
        self._tail = self._needed(self.played)
        self._open = None
        self._queue = []
        self._batch = None
        self._reserved = None
        self._resident = []  # groups whose memory is still there, in order; a cache of the log's newest part

    # Space

    def _needed(self, played: Point) -> int:
        """Position before which nothing is needed once the disk durably holds all up to `played`.

        What the next group skips before the ring's end is never needed: counted as such, it could keep a large
        group out of a small ring that is empty, for ever.
        """
        behind = min(played.position, self.acked.position) if self.superblock.retain else played.position
        return self.ring.start(behind)

    def freeable(self, played: Point) -> int:
        """Bytes of the ring that a checkpoint at `played` gives back."""
        return self._needed(played) - self._tail

    @property
    def used(self) -> int:
        """Bytes of the ring that are still needed."""
        return max(0, self.head.position - self._tail)

    def behind(self, played: Point) -> int:
        """Bytes of the log that are needed while the disk holds all up to `played`, saved or not."""
        return max(0, self.head.position - self._needed(played))

    def _room(self) -> int:
        return self._tail + self.ring.size - self.ring.start(self._tip.position)

    @property
    def full(self) -> bool:
        """Whether a host found no room in the ring, and there is still none for the largest write."""
        return self._host_starved and self._tight

    @property
    def may_be_full(self) -> bool:
        """Whether a host may find no room in the ring, for none has looked since the start."""
        return self._tight and not self._asked

    @property
    def _tight(self) -> bool:
        return self._room() < MAX_PAYLOAD + BLOCK

    @property
    def must_go(self) -> int:
        """Position that the twin has to reach before the largest write finds room; 0 while it would, or nobody asks."""
        return self._tail + MAX_PAYLOAD + BLOCK - self._room() if self.full else 0

    @property
    def ahead(self) -> int:
        """Bytes of the log, the open group included, that the twin is not known to hold."""
        return self._tip.position - self.acked.position + (self._open.used if self._open is not None else 0)

    def _allocate(self, size: int, descriptor=None) -> "Group | None":
        """A new group of `size` bytes at most, in memory that groups nobody needs give up."""
        place = self.arena.allocate(size)
        while place is None:
            if not self._resident or not self._dispensable(self._resident[0]):
                return None
            self._resident.pop(0).evict()
            place = self.arena.allocate(size)
        group = Group(self.arena, place, size, descriptor)
        self._resident.append(group)
        return group

    def _dispensable(self, group) -> bool:
        return not group.wanted and not group.pins and group.number <= self.head.number

    def resident(self, number: int) -> "Group | None":
        """Group `number` while it is in memory as well as in the ring."""
        if not self._resident:
            return None
        index = number - self._resident[0].number
        return self._resident[index] if 0 <= index < len(self._resident) else None

    def resident_body(self, number: int, most: int) -> "memoryview | None":
        """The body of group `number` when it is in memory and has at most `most` bytes."""
        group = self.resident(number)
        return group.body() if group is not None and group.used <= most else None

    def _discard_newest(self) -> None:
        self._resident.pop().discard()

    @property
    def received_number(self) -> int:
        """The last group queued or durable."""
        return self._tip.number

    # Host writes

    def open_group(self, payload: int, now_ms: int) -> "Group | None":
        """The group that a record with `payload` bytes of data goes into; None: no room now."""
        group = self._open
        if group is not None:
            if group.fits(payload):
                return group
            self.seal()
        self._asked = True
        limit = min(self.superblock.group_limit, self._room() & ~(BLOCK - 1))
        self.starved = limit < group_size(RECORD_SIZE + payload)
        if self.starved:
            self._host_starved = True
            return None
        self._open = group = self._allocate(limit)
        if group is not None:
            group.number = self._tip.number + 1
            group.opened_ms = now_ms
            if self._ledger is not None:
                self._ledger.open(group, self.generation)
        return group

    @property
    def open(self) -> "Group | None":
        """The group being gathered."""
        return self._open

    def seal(self) -> None:
        """Closes the open group and queues it."""
        group = self._open
        if group is None:
            return
        self._open = None
        group.close()
        group.generation = self.generation
        group.time_ms = self._time_ms()
        self._enqueue(group)

    def _time_ms(self) -> int:
        """The wall clock as a group can carry it: one that is wrong without bounds must not fail the journal."""
        return max(0, min(self._wall_ms(), MAX_TIME_MS))

    def adopt(self, groups: list) -> None:
        """Takes groups that an earlier life of this board left in the arena (survivors.py), before any other."""
        for group in groups:
            group.time_ms = self._time_ms()
            self._resident.append(group)
            self._line_up(group)
        self.pump()

    # Groups from the link

    def reserve(self, descriptor) -> "memoryview | None":
        """Memory for the body of the next group from the link; None: no room now."""
        if self._reserved is not None:
            if self._reserved.descriptor.chain == descriptor.chain:
                return self._reserved.body()
            self.forget_received()
        size = group_size(descriptor.body_length)
        self.starved = self._room() < size
        if self.failed or self.starved:
            return None
        self._reserved = self._allocate(size, descriptor)
        return None if self._reserved is None else self._reserved.body()

    def append_received(self, descriptor) -> None:
        """The reserved memory is filled: queue it."""
        group = self._reserved
        self._reserved = None
        group.close()
        self._enqueue(group)

    def forget_received(self) -> None:
        """The link is gone: a half-received group is dropped."""
        if self._reserved is not None:
            self._reserved = None
            self._discard_newest()

    # Append

    def _enqueue(self, group) -> None:
        self._line_up(group)
        self.pump()

    def _line_up(self, group) -> None:
        group.position = self.ring.start(self._tip.position)
        self._tip = Point(group.number, group.end, 0)
        self._queue.append(group)

    @property
    def busy(self) -> bool:
        """Whether a batch is on its way to the ring."""
        return self._batch is not None

    @property
    def waiting(self) -> bool:
        """Whether groups wait for the batch before them."""
        return bool(self._queue)

    @property
    def drained(self) -> bool:
        """Whether every group that was queued is durable."""
        return self._batch is None and not self._queue

    def pump(self) -> None:
        """Starts the next batch when none is under way."""
        if self._batch is not None or not self._queue or self.failed:
            return
        size = count = 0
        for group in self._queue:
            size += group.size
            if count and size > BATCH:
                break
            count += 1
        self._batch = self._queue[:count]
        self._queue = self._queue[count:]
        self._lane.submit(self._appended, "append", self._batch, self.head.chain)

    def _appended(self, result, error) -> None:
        groups, self._batch = self._batch, None
        if error is not None:
            self._append_failed(groups, error)
            return
        last = groups[-1]
        self.written_bytes += last.end - self.head.position
        self.head = Point(last.number, last.end, last.descriptor.chain)
        if self._ledger is not None:  # before a superblock can say that they are of long ago
            for group in groups:
                if not group.received:
                    self._ledger.close(group.number)
        for group in groups:
            if group.descriptor.flags & COPIED:
                self.on_copied(group.number)
        if self.head.position - self.superblock.durable.position > HINT_EVERY:
            self._hint()
        self.pump()
        self.on_durable(groups)

    def _append_failed(self, groups: list, error) -> None:
        if isinstance(error, Damaged):
            self.forget_received()
            for group in groups + self._queue:
                self._discard_newest()
            self._queue = []
            self._tip = self.head
        else:
            self.fail()  # a failed sync is never retried: what it covered may be gone
        self.on_failed(error)

    def fail(self) -> None:
        """Storage failed: nothing is appended any more, nor by a later life what this one has not appended."""
        self.failed = True
        if self._ledger is not None:
            self._ledger.fail()

    # Superblock

    def _hint(self) -> None:
        """Says in the superblock how far the log is, so that recovery need not look far.

        The next append's sync makes it durable as well: until then recovery starts from the one before.
        """
        block = self.superblock
        block.sequence += 1
        block.label = self.label()
        block.durable = self.head
        self._lane.submit(self._hinted, "hint", block.slot(), block.pack())

    def _hinted(self, result, error) -> None:
        if error is not None:
            self.fail()
            self.on_failed(error)

    def save(self, done=None) -> None:
        """Writes the superblock: `played`, `acked`, label and where the log stands now.

        `done(error)` is called when it is durable; only then is the ring's space given back.
        """
        block = self.superblock
        block.sequence += 1
        block.label = self.label()
        block.played, block.acked, block.durable = self.played, self.acked, self.head
        tail = self._needed(self.played)

        def saved(result, error):
            if error is None:
                self._tail = max(self._tail, tail)
                self._host_starved = self.full
            else:
                self.fail()
                self.on_failed(error)
            if done is not None:
                done(error)

        self._lane.submit(saved, "superblock", block.slot(), block.pack())

    # What the link reads

    def peek(self, point: Point):
        """Descriptor of the group after `point`, which is durable here. Raises Damaged, OSError."""
        group = self.resident(point.number + 1)
        return self.ring.peek(point).descriptor if group is None else group.descriptor

    def after(self, point: Point, descriptor) -> Point:
        """The point behind that group."""
        return self.ring.after(point, descriptor)

    def body_span(self, point: Point, descriptor) -> Span:
        """Where the body of the group after `point` lies on the journal's storage."""
        offset = self.ring.offset(self.ring.start(point.position)) + HEADER_SIZE
        return Span(offset, descriptor.body_length, self.resident(descriptor.number))

    def find(self, number: int, chain: int) -> "Point | None":
        """The point behind group `number` with that chain; None when this log does not have it."""
        point = self.acked
        while point.number < number and point.number < self.head.number:
            point = self.after(point, self.peek(point))
        return point if point.number == number and point.chain == chain else None

    def acknowledged(self, point: Point) -> None:
        """The twin durably holds everything up to `point`."""
        if point.number > self.acked.number:
            self.acked = point

    def verify(self, number: int) -> None:
        """Reads group `number` back; raises Damaged when it is not what was written, OSError."""
        point = self.acked
        while point.number < number - 1:
            point = self.after(point, self.peek(point))
        self.ring.load(point, memoryview(bytearray(MAX_BODY)))
