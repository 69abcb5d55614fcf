"""What may pass over the wire of a board, said a second time: by the frames that are seen there, and by a clock that is
asked at every step."""

from firmware.link.frames import GROUP, HEADER_SIZE, PREAMBLE_SIZE
from firmware.log.layout import BLOCK, DESCRIPTOR_SIZE, Descriptor
from firmware.schedule import DAY, WEEK
from tests.sim.oracle import ANY, Violation

NOTICED_MS = 1100  # a change of the rate, or a new day, may be noticed so much later
MOST_WRITE = (1 << 20) + BLOCK  # what a host may write at once takes no more of a journal
CONTROL = 10_000  # bytes that may come in while a group is on its way: acknowledgements, heartbeats, a report
PATIENCE_MS = 6000
_MONDAY = 3 * DAY


class Purse:
    """One board's, over all its lives and connections: what its day has taken."""

    def __init__(self, board):
        self._board = board
        self.used = 0
        self.day = None
        self.newest = 0  # the latest day that had a quota: it has it once
        self.urgent = 0  # the last group that a host ever waited for
        self._begins = {}  # number of a group -> where it begins in the log
        self.caps = []  # (ms, bits per second) of the last moments

    def look(self, now: int) -> None:
        """After every step."""
        board = self._board
        if not board.up:
            return
        self.look_who_waits()
        if self.caps and not board.plan.pacing.clocked:
            return
        self._look_at_day(board)
        cap = self._cap(board)
        if not self.caps or self.caps[-1][1] != cap:
            self.caps.append((now, cap))
        while len(self.caps) > 1 and self.caps[1][0] < now - NOTICED_MS:
            self.caps.pop(0)

    def look_who_waits(self) -> None:
        """Also in the midst of a step, in which somebody began to."""
        board = self._board
        if board.plan.ack != "local":
            self.urgent = max(self.urgent, board.board.volume.flush_waits_for)
        if board.quota:
            self._look_at_room(board.board.journal)

    def _look_at_room(self, journal) -> None:
        """A host that finds none waits for all groups that begin before `end`."""
        for group in reversed(journal._resident):
            if group.number <= journal.received_number:
                if self._begins.get(group.number) == group.position:
                    break
                self._begins[group.number] = group.position
        if not journal.full:
            return
        for number in [number for number in self._begins if number <= journal.acked.number]:
            del self._begins[number]
        end = journal.ring.start(journal._tip.position) + MOST_WRITE - journal.ring.size
        unknown = min(self._begins, default=journal.received_number + 1) - 1
        self.urgent = max(self.urgent, unknown, *[n for n, begin in self._begins.items() if begin < end], 0)

    def _look_at_day(self, board) -> None:
        if board.clock_is_set and not board.clock.was_moved:
            day = board.clock.minute_of(-NOTICED_MS) // DAY
            if self.day is not None and day > self.day and day != self.newest:
                self.used = 0
            if self.day is None or day > self.day or board.clock.shift:
                self.day = day
            if board.quota:  # a board that has none does not look at the days
                self.newest = max(day, self.newest)

    def _cap(self, board) -> int:
        if not board.rate.constant and not board.clock_is_set:
            return min((rate for _, rate in board.rate.steps if rate), default=0)
        return board.rate.rate_at((board.clock.minute_of(0) + _MONDAY) % WEEK)

    @property
    def allowed(self) -> int:
        """Bits per second, the most of the last moments; 0 for none."""
        caps = [cap for _, cap in self.caps]
        return 0 if 0 in caps else max(caps)

    def born(self) -> None:
        """Another life begins, which knows what its file says."""
        board, record = self._board, self._board.quota_record
        known = self._known(record) if record is not None else 0
        # The board notices a new day earlier than we.
        dated = self.day is None or record is None or record[0] <= self.day
        if board.plan.pacing.keep_ms == 0 and board.quota and dated and known < self.used:
            raise Violation("%s has used %d bytes of its day and wrote %d down" % (board.name, self.used, known))
        self.used = min(self.used, known)

    @property
    def written_down(self) -> int:
        """Bytes of the day that a restart would count; of a day that nobody knows, any number."""
        record = self._board.quota_record
        unknown = record is None or self.day not in (None, record[0])
        return ANY if unknown else self._known(record)

    def _known(self, record: tuple) -> int:
        """Of what was written down ahead, more than a step of the quota does not count. While nobody has known the day,
        what went is not known to be of the record's."""
        (_, used, ahead, undated), quota = record, self._board.quota
        known = used - (max(0, ahead - quota // 64) if quota else 0)
        return known if self.day is not None else min(known, undated)


class Meter:
    """One end of a connection: every byte that its board gives to the wire, or takes."""

    def __init__(self, board, purse):
        self._board = board
        self._purse = purse
        self._level = 0.0
        self._cap = None
        self._last_us = 0
        self._head = bytearray()
        self._skip = PREAMBLE_SIZE
        self.group_ms = 0  # when the last one began

    def _count(self, count: int) -> None:
        if self._board.quota:  # what goes without one is not counted
            self._purse.used += count

    def sent(self, piece: bytes, now: int) -> None:
        self._pace(len(piece), self._board.world.now_us)
        at = 0
        while at < len(piece):
            at += self._parse(piece, at, now)

    def received(self, count: int) -> None:
        self._count(count)

    def _parse(self, piece: bytes, at: int, now: int) -> int:
        """Takes some bytes at `at`, returns how many."""
        if self._skip:
            count = min(self._skip, len(piece) - at)
            self._skip -= count
            self._count(count)
            return count
        wanted = HEADER_SIZE + (DESCRIPTOR_SIZE if self._head[:1] == bytes([GROUP]) else 0)
        new = piece[at : at + (wanted if self._head else 1) - len(self._head)]
        self._head += new
        if len(self._head) == HEADER_SIZE + (DESCRIPTOR_SIZE if self._head[0] == GROUP else 0):
            self._frame(now)
        return len(new)

    def _frame(self, now: int) -> None:
        head, self._head = self._head, bytearray()
        length = int.from_bytes(head[4:8], "little")
        if head[0] == GROUP:
            self._group(Descriptor.unpack_from(memoryview(head)[HEADER_SIZE:], 0).number, length, now)
        self._count(len(head))
        self._skip = HEADER_SIZE + length - len(head)

    def _group(self, number: int, length: int, now: int) -> None:
        self.group_ms = now
        board, purse = self._board, self._purse
        if purse.day is not None and board.clock.minute_of(0) // DAY > purse.day:
            return  # the board may know already that another day has begun
        quota = board.quota
        used = purse.used + HEADER_SIZE + length - CONTROL
        purse.look_who_waits()
        if not quota or number <= purse.urgent:
            return
        if used > quota:
            raise Violation("%s sends group %d, %d bytes beyond its quota" % (board.name, number, used - quota))
        if used > purse.written_down:
            raise Violation("%s sends group %d before it is written down that it uses so much" % (board.name, number))

    def _pace(self, count: int, now_us: int) -> None:
        """A bucket that leaks at the rate must never hold more than two bursts: a link that has stood still sends what
        it was allowed before it looks at the clock."""
        cap = self._purse.allowed
        if not cap:
            self._level, self._cap, self._last_us = 0.0, 0, now_us
            return
        burst = 2 * max(cap / 80, 512) + cap / 8000 * 3 + 16
        leaked = cap * (now_us - self._last_us) / 8_000_000
        self._level = max(0.0, min(self._level, burst) - leaked) if self._cap == cap else 0.0
        self._level, self._cap, self._last_us = self._level + count, cap, now_us
        if self._level > burst:
            raise Violation("%s sends %d bytes at once at %d bits per second" % (self._board.name, self._level, cap))


class Patience:
    """A group that a host of this board waits for is not held back by a quota, nor is what a twin owes: to say how far
    it is. Time counts from its last step on, while the wire takes whatever comes: what is on its way to the other
    board may be what it waits for."""

    def __init__(self, board):
        self._board = board
        self._stands = None
        self._waited_ms = 0
        self._last_ms = None

    def look(self, world) -> None:
        """After every step."""
        board, now = self._board, world.now_ms
        number = _waited_for(board) if board.up else 0
        part = board.board.peer.part if board.up else None
        at, end = _way(world, board, part, number) if part is not None else (0, 0)
        if at >= end or (part, at) != self._stands:
            self._stands, self._waited_ms, self._last_ms = (part, at), 0, None
        elif not _open(world, board, part.link):
            self._last_ms = None
        else:
            self._waited_ms += now - self._last_ms if self._last_ms is not None else 0
            self._last_ms = now
        if self._waited_ms > PATIENCE_MS:
            raise Violation("somebody waits for what %s has to send, and nothing goes" % board.name)


def _way(world, board, part, number: int) -> tuple:
    """(the group that it has come to, the one that it has to come to)"""
    head = board.board.journal.head.number
    if hasattr(part, "sent_number"):
        return part.sent_number, number if number <= head and not part.in_flight else 0
    other = world.other(board)
    theirs = other.board.peer.part if other.up else None
    return (theirs.durable_number, head) if hasattr(theirs, "durable_number") else (0, 0)


def _waited_for(board) -> int:
    """The last group that the twin must have before a host of this board goes on; 0: none waits, or not for that."""
    volume, journal = board.board.volume, board.board.journal
    if volume.waiting_for_room and journal.full:
        end = journal.ring.start(journal._tip.position) + MOST_WRITE - journal.ring.size
        if journal.ring.start(journal.acked.position) < end:
            return journal.acked.number + 1
    return volume.flush_waits_for if board.plan.ack != "local" else 0


def _open(world, board, link) -> bool:
    """Whether the wire under the link takes whatever comes."""
    for connection in world.connections:
        for end in connection.ends:
            if end.conversation is link:
                free = not end.severed and end.peer.open and not end.peer.incoming
                return free and world.now_ms >= connection.stalled_until and not board.board.pace.cap
    return False
