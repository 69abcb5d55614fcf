"""The simulated host: numbered writes, zeroes, trims, reads, flushes, straight through the volume."""

from firmware.errors import VolumeError
from tests.sim.content import SECTOR
from tests.sim.oracle import TRIM, ZERO, Operation
from tests.sim.storage import PowerCut

_MAX_WRITE = 1 << 20


class Workload:
    """What a host likes to do; drawn from the seed."""

    def __init__(self, random, size: int):
        self.operations = random.choice((40, 80, 150, 250))
        self.weights = {
            "write": random.choice((10, 30, 60)),
            "flush": random.choice((1, 5, 20)),
            "read": random.choice((0, 5, 20)),
            "zero": random.choice((0, 1, 5)),
            "trim": random.choice((0, 1, 5)),
            "mark": random.choice((0, 1, 5)),
        }
        self.fua = random.choice((0, 0, 0.1, 0.5))
        self.big = random.choice((0, 0, 0.02, 0.1))
        self.typical = random.choice((1, 8, 8, 64))  # sectors
        self.hot = [random.randrange(size // SECTOR) for _ in range(random.choice((1, 4, 16)))]
        self.hot_odds = random.choice((0, 0.3, 0.8))
        self.depth = random.choice((1, 4, 16))

    def swell(self) -> None:
        """Enough to fill small rings and arenas."""
        self.big, self.operations = 0.5, 40
        self.weights["write"] = 60

    def draw(self, random) -> str:
        return random.choices(list(self.weights), list(self.weights.values()))[0]

    def range(self, random, size: int) -> tuple:
        """(offset, length) in bytes, inside the disk."""
        sectors = size // SECTOR
        if random.random() < self.big:
            count = random.randint(1, _MAX_WRITE // SECTOR)
        else:
            count = random.randint(1, self.typical)
        first = random.choice(self.hot) if random.random() < self.hot_odds else random.randrange(sectors)
        if random.random() < 0.5:
            first = first // 8 * 8
        return first * SECTOR, min(count, sectors - first) * SECTOR


class SimHost:
    """Issues operations on a volume and tells the oracle what was accepted, flushed and read.

    `group_of_last()` names the group that the last accepted operation went into.
    """

    def __init__(self, random, oracle, workload, count, trace):
        self._random, self.oracle, self._workload = random, oracle, workload
        self._count, self._trace = count, trace
        self.left = workload.operations
        self.marks = self.set_mark = None  # what it remembers of its marks, and how it sets one
        self._volume = None
        self._group_of_last = None
        self._life = 0
        self._waiting = None  # an operation that found no room
        self._in_flight = 0
        self.retry = False
        self.flush_reaches_twin = False
        self._given_up = False
        self._check = None  # a _Check under way: nothing else is done meanwhile

    # Attaching

    def attach(self, volume, group_of_last, checked=None) -> None:
        """`checked(image)`: first reads the whole disk and tells what it shows."""
        self.detach()
        self._volume, self._group_of_last = volume, group_of_last
        if checked is not None:
            self._check = _Check(self.oracle.size, checked)

    def detach(self) -> None:
        """The board is gone, and with it everything that was under way."""
        self._life += 1
        self._volume = None
        self._waiting, self._in_flight, self.retry, self._check = None, 0, False, None
        self._given_up = False

    @property
    def attached(self) -> bool:
        return self._volume is not None

    @property
    def can_step(self) -> bool:
        if self._volume is None or self._in_flight >= self._workload.depth:
            return False
        if self._check:
            return not self._in_flight and not self._given_up
        return self.retry if self._waiting else self.left > 0

    @property
    def quiet(self) -> bool:
        """Nothing to do and nothing under way."""
        return self.left <= 0 and not self._in_flight and not self._waiting and not self._check

    # Operations

    def step(self) -> None:
        """One operation, another try of the one that waits for room, or a part of the check."""
        if self._check:
            self._read_on()
            return
        if self._waiting:
            self.retry = False
            self._try(self._waiting)
            return
        self.left -= 1
        kind = self._workload.draw(self._random)
        if kind == "flush":
            self.flush()
        elif kind == "mark":
            self.mark()
        elif kind == "read":
            self.read(*self._workload.range(self._random, self.oracle.size))
        else:
            self._try(self._new(kind))

    def _new(self, kind: str) -> tuple:
        offset, length = self._workload.range(self._random, self.oracle.size)
        if kind == "write":
            return self.oracle.new_write(offset, length), self._random.random() < self._workload.fua
        if self._random.random() < 0.3:
            length = self._random.randrange(SECTOR, self.oracle.size - offset + 1, SECTOR)
        return Operation(TRIM if kind == "trim" else ZERO, offset, length, 0), False

    def _try(self, job: tuple) -> None:
        operation, fua = job
        try:
            done = self._issue(operation)
        except PowerCut:
            self.oracle.undecided(operation, self._group_of_last())
            raise
        except VolumeError as error:
            self._waiting = None
            self._refused(operation, error)
            return
        if not done:
            self._wait(job)
            return
        self._waiting = None
        if operation.kind == TRIM and not self._volume.trims:
            return
        self.oracle.accepted(operation, self._group_of_last())
        self._count("operations")
        self._trace("host: %r in group %d", operation, self._group_of_last())
        if fua:
            self.flush()

    def _issue(self, operation) -> bool:
        length = operation.end - operation.offset
        if not operation.number:
            return self._volume.zero(operation.offset, length, operation.kind == TRIM)
        buffer = bytearray(operation.data)
        taken = self._volume.write(operation.offset, memoryview(buffer))
        buffer[:] = b"\xee" * length  # the host uses its buffer again at once
        return taken

    def _wait(self, job: tuple) -> None:
        if not self._waiting:
            self._count("waits for room")
            self._trace("host: no room for %r", job[0])
        self._waiting, life = job, self._life

        def room(error):
            if life != self._life:
                return
            if error is None:
                self.retry = True
            else:
                self._waiting = None
                self._refused(job[0], error)

        self._volume.wait_for_room(room)

    def _refused(self, operation, error) -> None:
        self._count("refused: " + error.reason)
        self._trace("host: %r refused: %s", operation, error)

    def flush(self) -> None:
        k, life = len(self.oracle.operations), self._life
        self._in_flight += 1
        self._trace("host: flush of %d operations", k)

        def done(error):
            if life != self._life:
                return
            self._in_flight -= 1
            if error is None:
                self.oracle.flush_done(k, self.flush_reaches_twin)
                self._count("flushes")
            else:
                self._count("failed flushes")
            self._trace("host: flush of %d operations ended, %s", k, error or "done")

        self._volume.flush(done)

    def mark(self) -> None:
        if self.set_mark is None:  # a disk without a log
            return
        name, life = self.marks.begin(), self._life
        self._in_flight += 1
        self._trace("host: sets %s", name)

        def done(group, error):
            if life != self._life:
                return
            self._in_flight -= 1
            if error is None:
                self.marks.done(name, group)
                self._count("marks")
            else:
                self._count("refused marks")
            self._trace("host: %s: %s", name, error or "behind group %d" % group)

        self.set_mark(name, done)

    def read(self, offset: int, length: int) -> None:
        buffer, since, life = bytearray(length), len(self.oracle.operations), self._life

        def done(error):
            if life != self._life:
                return
            self._in_flight -= 1
            if error is not None:
                self._count("failed reads")
                return
            self._count("reads")
            self.oracle.check_read(offset, buffer, since)

        self._in_flight += 1
        try:
            if self._volume.read(offset, memoryview(buffer), done):
                done(None)
        except VolumeError as error:
            done(error)

    def _read_on(self) -> None:
        check, life = self._check, self._life
        view = check.view(self._random)

        def done(error):
            if life != self._life:
                return
            self._in_flight -= 1
            if error is None and check.read(len(view)):
                self._check = None
                check.ended(check.image)
            elif error is not None:
                self._count("failed reads")
                self._given_up = self._volume.failed

        self._in_flight += 1
        try:
            if self._volume.read(check.at, view, done):
                done(None)
        except VolumeError as error:
            done(error)


class _Check:
    """A read of the whole disk in pieces; `ended(image)` is called with what it showed."""

    def __init__(self, size: int, ended):
        self.image = bytearray(size)
        self.at = 0
        self.ended = ended

    def view(self, random):
        length = random.choice((256 << 10, _MAX_WRITE))
        return memoryview(self.image)[self.at : self.at + length]

    def read(self, length: int) -> bool:
        """Whether that was the last piece."""
        self.at += length
        return self.at == len(self.image)
