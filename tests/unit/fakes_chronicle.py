"""A card whose power can be cut at any call, and a board to look at, for the chronicle's tests."""

from firmware.status.chronicle.archive import Archive
from firmware.status.chronicle.chronicle import Chronicle
from firmware.status.chronicle.layout import FILE_SIZE
from firmware.status.chronicle.look import Look
from firmware.status.events import Events
from tests.unit.fakes_storage import ManualLane, MemoryStorage

SECTOR = 512
START_MS = 1700000000000


class Card(MemoryStorage):
    """Remembers what was not synced yet; `after(random)` is what a power cut would leave of it now."""

    def __init__(self, size=FILE_SIZE, content=None):
        MemoryStorage.__init__(self, size)
        if content is not None:
            self.bytes = content
        self._durable = bytearray(self.bytes)
        self._loose = []
        self.watch = None  # called before every write and sync
        self.dead = ()  # pages that cannot be read
        self.closed = 0
        self.in_place = True

    def read_into(self, offset, view):
        MemoryStorage.read_into(self, offset, view)
        if offset // 4096 in self.dead:
            raise OSError(5, "planted fault in this page")

    def write(self, offset, view):
        if self.watch is not None:
            self.watch("write")
        MemoryStorage.write(self, offset, view)
        self._loose.append((offset, bytes(view)))

    def sync(self):
        if self.watch is not None:
            self.watch("sync")
        MemoryStorage.sync(self)
        self._settle()

    def _settle(self):
        for offset, data in self._loose:
            self._durable[offset : offset + len(data)] = data
        self._loose = []

    def after(self, random):
        """Of every write since the last sync all, nothing, or any sectors; `random(n)` gives 0 to n-1."""
        content = bytearray(self._durable)
        for offset, data in self._loose:
            how = random(4)
            for at in range(0, len(data), SECTOR):
                if how == 0 or (how > 1 and random(2)):
                    content[offset + at : offset + at + SECTOR] = data[at : at + SECTOR]
        return content

    def close(self):
        self.closed += 1


class Dice:
    """Random numbers from a seed, the same under both runtimes."""

    def __init__(self, seed):
        self._state = seed * 2654435761 % (1 << 32) or 1

    def __call__(self, most):
        self._state = (self._state * 1664525 + 1013904223) % (1 << 32)
        return (self._state >> 8) % most


class Clock:
    """Both clocks; the wall clock can be moved."""

    def __init__(self, wall_ms=START_MS, now_ms=5000):
        self.ms = now_ms
        self.ahead_ms = wall_ms - now_ms
        self.set = True

    def now_ms(self):
        return self.ms

    def wall_ms(self):
        return self.ms + self.ahead_ms


class Looker:
    """A board of which the test says how it does."""

    def __init__(self):
        self.backlog, self.lag_ms = 0, 0
        self.written = self.sent = self.journaled = 0
        self.write_rate = self.sent_rate = 0

    def look(self):
        return Look(self.backlog, self.lag_ms, self.written, self.sent, self.journaled)


class Life:
    """One run of a chronicle on `card` (None: in memory only)."""

    def __init__(self, card, clock=None, clock_set=True):
        self.card = card
        self.clock = clock or Clock()
        self.clock.set = clock_set
        self.looker = Looker()
        self.alarm = None
        self.serves = True
        self.opens = 0
        self.refusal = None
        self.lane = ManualLane(Archive(self._open))
        self.events = Events(self.clock.wall_ms, self.clock.now_ms)
        self.chronicle = Chronicle(
            self.events, self.looker, self.clock, lambda: self.clock.set, lambda: self.serves, self._alarm,
            None if card is None else self.lane.submit, "/state/chronicle",
            lambda error: "what it is; what to do" if isinstance(error, OSError) else str(error),
        )  # fmt: skip

    def _open(self):
        self.opens += 1
        if self.refusal is not None:
            raise self.refusal
        return self.card

    def _alarm(self, sentence):
        self.alarm = sentence

    def wait(self, seconds, each=None):
        """Time passes; `each(life)` is called every second."""
        end = self.clock.ms + seconds * 1000
        while self.clock.ms < end:
            self.looker.written += self.looker.write_rate
            self.looker.journaled += self.looker.write_rate
            self.looker.sent += self.looker.sent_rate
            self.clock.ms += self.chronicle.tick()
            self.lane.run()
            if each is not None:
                each(self)

    def end(self):
        """A clean stop."""
        self.chronicle.close()
        self.lane.run()

    def restart(self, off_s=0, clock=None, clock_set=True):
        """The next run on the same card, so many seconds later."""
        if clock is None:
            clock = Clock(self.clock.wall_ms() + off_s * 1000)
        return Life(self.card, clock, clock_set)

    @property
    def sentences(self):
        """[(id, sentence)] as the API gives them."""
        return [(event.id, event.sentence) for event in self.events.since(0)]


def times(series):
    """Where the samples of a series begin, in seconds after START_MS; None for what is blank."""
    found = []
    for number in range(series.begin, series.end):
        time_s = series.sample(number).time_s
        found.append(time_s - START_MS // 1000 if time_s else None)
    return found
