"""Journal, board and wire in memory for the unit tests of the link."""

from firmware.checksum import crc32
from firmware.errors import Damaged, ProtocolError, Refused
from firmware.link.compressor import Compressor
from firmware.link.link import Counters, Link
from firmware.link.pacing import Pace
from firmware.log.layout import HEADER_SIZE, Descriptor, Point, group_size
from firmware.log.span import Span
from firmware.pair.identity import PRIMARY, TWIN, Identity

PAIR = b"P" * 16


class Chance:
    """Numbers from a seed, the same in both runtimes."""

    def __init__(self, seed: int):
        self._state = seed * 2654435761 % (1 << 31) or 1

    def below(self, limit: int) -> int:
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % limit

    def bytes(self, count: int) -> bytes:
        return bytes([self.below(256) for _ in range(count)])


class FakeJournal:
    """A log in memory. Received groups are durable only when the test calls `settle`."""

    def __init__(self):
        self.head = self.acked = Point(0, 0, 0)
        self.received_number = 0
        self.groups = []  # (descriptor, body) of all durable groups
        self.queue = []
        self.room = True
        self.reserved = None
        self.unreadable = False
        self.resident = False  # whether bodies are in memory as well
        self.memory = bytearray()
        self.on_append = None

    def add(self, body: bytes, generation: int = 1) -> None:
        """A durable group, as a primary's host would have caused it."""
        number = len(self.groups) + 1
        descriptor = Descriptor(number, generation, 1000 + number, len(body), 1, crc32(body), self.head.chain)
        self._keep(descriptor, body)
        self.received_number = number

    def _keep(self, descriptor, body) -> None:
        self.groups.append((descriptor, bytes(body)))
        self.memory += bytes(HEADER_SIZE) + body
        self.memory += bytes(group_size(len(body)) - HEADER_SIZE - len(body))
        self.head = Point(descriptor.number, len(self.memory), descriptor.chain)

    def peek(self, point):
        if self.unreadable:
            raise Damaged("planted damage")
        return self.groups[point.number][0]

    def after(self, point, descriptor):
        return Point(descriptor.number, point.position + group_size(descriptor.body_length), descriptor.chain)

    def body_span(self, point, descriptor):
        return Span(point.position + HEADER_SIZE, descriptor.body_length)

    def resident_body(self, number, most):
        body = self.groups[number - 1][1]
        return memoryview(body) if self.resident and len(body) <= most else None

    def find(self, number, chain):
        point = Point(0, 0, 0)
        while point.number < min(number, len(self.groups)):
            point = self.after(point, self.peek(point))
        return point if (point.number, point.chain) == (number, chain) else None

    def acknowledged(self, point):
        assert point.number >= self.acked.number
        self.acked = point

    def reserve(self, descriptor):
        assert descriptor.number == self.received_number + 1
        if not self.room:
            return None
        if self.reserved is None:
            self.reserved = bytearray(descriptor.body_length)
        return memoryview(self.reserved)

    def append_received(self, descriptor):
        body, self.reserved = self.reserved, None
        self.queue.append((descriptor, body))
        self.received_number = descriptor.number
        if self.on_append is not None:
            self.on_append()

    def forget_received(self):
        self.reserved = None

    def settle(self) -> int:
        """Makes durable what was received; returns the number of a group with a wrong body, else 0."""
        queue, self.queue = self.queue, []
        for descriptor, body in queue:
            if crc32(body) != descriptor.body_crc:
                self.received_number = self.head.number
                return descriptor.number
            self._keep(descriptor, body)
        return 0

    def read_into(self, offset, view):
        view[:] = self.memory[offset : offset + len(view)]


class FakeBoard:
    """Judges as little as the tests of the link need; what it is told is kept."""

    def __init__(self, role: str, name: str, journal=None, generation: int = 1):
        self.identity = Identity(PAIR, name[:1].encode() * 16, name, role, 1 << 20)
        self.identity.generation = generation
        self.journal = journal or FakeJournal()
        self.counters = Counters()
        self.refusal = ""
        self.capabilities = 0
        self.urgent = self.must_go = 0
        self.news = b""  # what it has to report
        self.reports = []
        self.mute = False
        self.judged = []
        self.part = None
        self.parted_links = []
        self.acks = []
        self.suspects = []
        self.failures = []

    def judge(self, peer, number, chain):
        self._meet(peer)
        point = self.journal.find(number, chain)
        if point is None:
            raise Refused("the logs differ")
        return point

    def accept(self, peer):
        self._meet(peer)

    def follow(self, peer):
        pass

    def _meet(self, peer):
        self.judged.append(peer)
        if self.refusal:
            raise Refused(self.refusal)

    def joined(self, part):
        if self.part is not None:
            self.part.link.drop("a newer connection took over")
        self.part = part

    def parted(self, link):
        self.parted_links.append(link)

    def heard_of(self, number):
        self.heard = number

    def acknowledged(self, received, point):
        self.acks.append((received, point.number))
        self.journal.acknowledged(point)

    def suspect(self, number):
        self.suspects.append(number)

    def unreadable(self, number, error):
        self.failures.append(number)

    def report(self):
        return self.news

    def reported(self, data):
        self.reports.append(data)

    def link(self, rate=0, pace=None, **options) -> Link:
        return Link(self, self.journal, self.counters, pace=pace or Pace(rate), **options)

    def settle(self) -> None:
        """What a twin's board does after its journal has synced."""
        before = self.journal.head.number
        damaged = self.journal.settle()
        if damaged:
            self.part.damaged(damaged)
        elif self.journal.head.number > before and self.part is not None:
            self.part.durable(self.journal.head.number)


class FakeLane:
    """Runs a Compressor on a journal's memory; `hold` keeps results back until `release`."""

    def __init__(self, journal):
        self._worker = Compressor(journal)
        self.waiting = []
        self.hold = False
        self.count = 0

    def submit(self, done, op, *arguments):
        self.count += 1
        self.waiting.append((done, getattr(self._worker, op)(*arguments)))

    def release(self, most: int = 1 << 30) -> bool:
        moved = False
        while self.waiting and most:
            done, work = self.waiting.pop(0)
            result, error = None, None
            try:
                while True:
                    next(work)
            except StopIteration as e:
                result = e.value
            except OSError as e:
                error = e
            done(result, error)
            moved, most = True, most - 1
        return moved


def whole(count: int) -> int:
    return count


def single(count: int) -> int:
    return 1


def pieces(seed: int):
    """Cuts of random length, mostly short ones."""
    chance = Chance(seed)

    def cut(count: int) -> int:
        return min(count, 1 + chance.below((7, 70, 5000)[chance.below(3)]))

    return cut


class End:
    """One end of the wire: drives its conversation as a port would."""

    def __init__(self, board, link, lane):
        self.board = board
        self.link = link
        self.lane = lane
        self.inbox = bytearray()
        self.outbox_closed = False  # the other side's bytes end here
        self.gone = False
        self.error = None
        self.sent = bytearray()
        self.woken = 0
        self.spent = 0
        self.due = 0  # when it is served next; None: only after a wake or with something to read
        link.wake = self._wake

    def _wake(self):
        self.woken += 1
        self.due = 0

    def lose(self):
        if not self.gone:
            self.gone = True
            self.link.lost()


class Wire:
    """Two ends, a clock, and `cut(n)`: how many of n bytes move at once.

    As a port does, it serves an end only when there is something to read, when it woke, or when its time has come.
    """

    def __init__(self, left, right, cut=whole, left_options=None, right_options=None):
        self.now = 5000
        self.cut = cut
        self.stalled = False
        self.speed = None  # bytes that an end may send in a step of pass_time
        self.severed_after = None  # bytes that still pass, counted over both directions
        self.auto_settle = True
        self.ends = [self._end(left, left_options or {}), self._end(right, right_options or {})]

    def _end(self, board, options):
        lane = FakeLane(board.journal) if options.pop("lane", False) else None
        return End(board, board.link(lane=lane, **options), lane)

    def other(self, end):
        return self.ends[1] if end is self.ends[0] else self.ends[0]

    def run(self, turns: int = 1000000) -> None:
        """Until nothing moves at this time."""
        for _ in range(turns):
            if not self.step():
                return
        raise AssertionError("the wire never comes to rest")

    def pass_time(self, milliseconds: int, step: int = 50) -> None:
        for _ in range(0, milliseconds, step):
            self.now += step
            for end in self.ends:
                end.spent = 0
            self.run()

    def step(self) -> bool:
        moved = False
        for end in self.ends:
            if end.gone:
                continue
            if end.inbox or end.outbox_closed or (end.due is not None and end.due <= self.now):
                moved = self._serve(end) or moved
            if end.lane is not None and not end.lane.hold:
                moved = end.lane.release() or moved
            if self.auto_settle and end.board.journal.queue:
                end.board.settle()
                moved = True
        return moved

    def _serve(self, end) -> bool:
        """Serves it as long as something moves; then not before it wakes or its time has come."""
        moved = self._send(end)
        moved = self._take(end) or moved
        if end.gone:
            return moved
        due = end.link.poll(self.now)
        assert due is None or due > self.now
        end.due = self.now if moved or (end.link.outgoing() is not None and not self.stalled) else due
        return self._close(end) or moved

    def _close(self, end) -> bool:
        if end.link.finished and end.link.outgoing() is None:
            end.lose()
            self.other(end).outbox_closed = True
            return True
        return False

    def _allowance(self, count: int) -> int:
        if self.severed_after is None:
            return count
        count = min(count, self.severed_after)
        self.severed_after -= count
        return count

    def _send(self, end) -> bool:
        if self.stalled or (self.speed is not None and end.spent >= self.speed):
            return False
        data = end.link.outgoing()
        if data is None:
            return False
        if isinstance(data, Span):
            data = memoryview(end.board.journal.memory)[data.position : data.position + data.length]
        count = self.cut(len(data))
        if self.speed is not None:
            count = min(count, self.speed - end.spent)
        piece = bytes(data[:count])
        data = None
        end.link.sent(count)
        end.spent += count
        end.sent += piece
        allowed = self._allowance(count)
        self.other(end).inbox += piece[:allowed]
        if self.severed_after == 0:
            for each in self.ends:
                self._deliver_rest(each)
                each.lose()
        return True

    def _deliver_rest(self, end) -> None:
        while end.inbox and self._take(end):
            pass

    def _take(self, end) -> bool:
        if end.gone or not end.inbox:
            return self._take_end(end)
        view = end.link.wanted()
        if view is None:
            return False
        assert len(view)
        count = self.cut(min(len(view), len(end.inbox)))
        view[:count] = end.inbox[:count]
        end.inbox = end.inbox[count:]
        self._receive(end, count)
        return True

    def _take_end(self, end) -> bool:
        if end.gone or not end.outbox_closed or end.link.wanted() is None:
            return False
        end.outbox_closed = False
        self._receive(end, 0)
        return True

    def _receive(self, end, count: int) -> None:
        try:
            end.link.received(count)
        except ProtocolError as e:
            end.error = str(e)
            data = end.link.outgoing()
            if data is not None and not isinstance(data, Span):
                self.other(end).inbox += bytes(data)
                end.link.sent(len(data))
            end.lose()
            self.other(end).outbox_closed = True


def pair(count: int = 0, size: int = 1000, seed: int = 1):
    """A primary whose log has `count` groups of random bytes, and an empty twin."""
    chance = Chance(seed)
    left, right = FakeBoard(PRIMARY, "left"), FakeBoard(TWIN, "right")
    for _ in range(count):
        left.journal.add(chance.bytes(16 + chance.below(size)))
    return left, right


def same_log(left, right) -> bool:
    """Whether both journals hold the same groups, byte for byte."""
    one, two = left.journal, right.journal
    return one.head.chain == two.head.chain and [b for _, b in one.groups] == [b for _, b in two.groups]
