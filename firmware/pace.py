"""How fast this board's links may go now: the rate by the clock, and the quota of the day.

The quota counts the bytes of the links in both directions, in local days. When it would be exceeded, groups are held
back; heartbeats, acknowledgements and reports go on, and are counted. A group that a host waits for (ack = received or
durable) goes all the same: a disk that answers a flush with an error until midnight is worse than a few bytes too
many, and who asks for such a flush has said what is dearer. So does what a full journal must give up before a host's
next write finds room: a disk that takes no write until midnight is no disk. That is no more than hosts write from then
on, and an alarm says so. The next day lets everything go.

What goes while there is no quota is not counted: nobody looks at the days then.

Where a day's use is kept over restarts, a group goes once it is written down that it does, unless a host waits for it:
a board that dies forgets nothing else, it only counts a little too much. A medium that does not keep it is an alarm,
and holds nobody up for long.
"""

from firmware.schedule import DAY, WEEK

_LOOK_MS = 1000
_MONDAY = 3 * DAY  # 1970-01-01 was a Thursday
_STEPS = 64  # of a day, after each of which it is written down how much was used
_MOST_STEP = 64 << 20
_PATIENCE_MS = 2000  # with a record that is not down
_NO_CLOCK = {  # whether a rate by the clock waits for it, whether a quota does
    (True, False): "the clock is not set, so the strictest rate counts: see that this board reaches a time server",
    (False, True): "the clock is not set, so the quota's day does not end: see that this board reaches a time server",
    (True, True): "the clock is not set, so the strictest rate counts and the quota's day does not end: see that this "
    "board reaches a time server",
}
USED_UP = "the quota of today is used up: groups are held back until midnight"
BEYOND = (
    "the quota of today is used up and the journal is full: what the host writes now goes beyond the quota, for it "
    "would have to wait until midnight; raise the quota, or use a larger journal"
)


class Pace:
    """What a Link asks (link/pacing.py: Pace), and what surfaces show.

    `cap`: bits per second in force, 0 for none. `quota`: bytes a day, 0 for none, and `used` of it today; `holds`:
    groups are held back by it. `clock` has now_ms(), wall_ms() and, where there is a schedule or a quota,
    local_minute(wall_ms): minutes since 1970 in local time. The owner sets `changed()`, called when more may go than
    before, or the cap is another one; `keep(record)`, which puts a record where it survives a restart: (day, bytes, so
    many of them ahead of what was used, so many of them while nobody knew the day), and calls kept(record) when it is
    there or cannot be; `note(sentence)`; and `clock_set`, False while the wall clock cannot be believed.
    """

    def __init__(self, rate, quota: int, clock):
        self.quota = quota
        self.used = 0
        self.holds = False
        self.clock_set = None
        self.changed = _nothing
        self.keep = None
        self.note = _nobody_to_tell
        self._rate = rate
        self._clock = clock
        self._day = 0  # that `used` counts; 0: nobody has known it yet
        self._newest = 0  # the latest day that this clock ever showed
        self._undated = 0  # bytes of `used` that went while nobody knew the day: they may be of the next one
        self._asked = 0  # bytes of that day that are written down, or on their way there
        self._down = 0  # those that are there
        self._waits_since = None  # ms since when a group waits for that
        self._doubtful = 0  # bytes of `used` that an earlier life wrote down ahead
        self._exceeds = False
        self._next_ms = None
        self.cap = rate.rate_at(0) if rate.constant else rate.strictest

    @property
    def rate(self):
        """The Schedule."""
        return self._rate

    def set_rate(self, rate) -> None:
        """Another Schedule, from now on."""
        self._rate = rate
        self._look()

    def set_quota(self, quota: int) -> None:
        """Another quota, from now on; what was used of one today is used."""
        if not quota:
            self.close()  # a record ahead of it is not to wait for the next quota, which may be a part of this one
        self.quota = quota
        self.holds = self._exceeds = False
        self._waits_since = None
        self._look()
        self._settle()
        self._write_down()
        self.changed()

    def restore(self, record: tuple) -> None:
        """What an earlier life kept."""
        day, used, ahead, undated = record
        if day < self._day:
            used = undated  # the rest is of a day that is over
        self.used += used
        self._undated += undated
        self._doubtful = min(ahead, used)
        self._settle()
        self._day = self._day or day
        self._newest = max(self._newest, day)
        self._look()

    def _settle(self) -> None:
        """Of what was written down ahead no more counts than a step of this quota: a larger one's may be days of it."""
        if self.quota:
            self.used -= max(0, self._doubtful - self._step)
            self._doubtful = min(self._doubtful, self._step)
            self._undated = min(self._undated, self.used)
            self._asked = self._down = self.used  # a restart would cut what is written down to as much

    # Time

    @property
    def _timed(self) -> bool:
        return self.quota > 0 or not self._rate.constant

    @property
    def trouble(self) -> str:
        """A sentence while the time would matter and is not known."""
        if self.clock_set is not False or not self._timed:
            return ""
        return _NO_CLOCK[not self._rate.constant, self.quota > 0]

    def due(self) -> "int | None":
        """The monotonic ms of the next poll(); None when it makes no difference."""
        return self._next_ms if self._timed else None

    def poll(self, now_ms: int) -> None:
        """Looks at the clock once a second."""
        if self._timed and (self._next_ms is None or now_ms >= self._next_ms):
            self._next_ms = now_ms + _LOOK_MS
            self._look()
            if self._waits_since is not None:
                self.changed()

    def _look(self) -> None:
        before = self.cap
        minute = self._local_minute() if self._timed else None
        if self._rate.constant:
            self.cap = self._rate.rate_at(0)
        elif minute is None:
            self.cap = self._rate.strictest
        else:
            self.cap = self._rate.rate_at((minute + _MONDAY) % WEEK)
        if minute is not None and minute >= DAY:  # a day before is none that a record could hold
            self._turn_to(minute // DAY)
        if self.cap != before:
            self.changed()

    def _local_minute(self) -> "int | None":
        """None while nobody knows the time."""
        return None if self.clock_set is False else self._clock.local_minute(self._clock.wall_ms())

    def _turn_to(self, day: int) -> None:
        """A clock that is set back gives nothing back: only a later day begins anew. Nor does one that is set right
        again: the latest day has had its quota, whatever the clock showed since."""
        if self._day and day > self._day and day != self._newest:
            self.used = self._undated
            self._asked = self._down = self._doubtful = 0
            self._waits_since = None
            if self.holds:
                self.holds = self._exceeds = False
                self.changed()
        self._newest = max(self._newest, day)
        undated, self._undated = self._undated, 0
        if day != self._day or undated:
            self._day = day
            self._write_down()

    # What a Link asks and tells

    def count(self, count: int) -> None:
        """So many bytes went over a link, either way."""
        if not self.quota:
            return
        self.used += count
        if self.clock_set is False:
            self._undated += count
        if self.used > self._asked - self._step // 2:
            self._write_down()

    def takes(self, count: int, urgent: bool, makes_room: bool = False) -> bool:
        """Whether a group of `count` bytes may go out now; `urgent`: a host waits for it; `makes_room`: a host waits
        for the room that it takes in a full journal."""
        if not self.quota or urgent:
            return True
        if self.used + count <= self.quota:
            return makes_room or self._is_kept(count)
        if not self.holds:
            self.holds = True
            self.note(USED_UP)
        self._exceeds = self._exceeds or makes_room
        return makes_room

    @property
    def excess(self) -> str:
        """A sentence, once that has happened today."""
        return BEYOND if self._exceeds else ""

    # What survives a restart

    @property
    def _step(self) -> int:
        return max(min(self.quota // _STEPS, _MOST_STEP), 1)

    def _is_kept(self, count: int) -> bool:
        """Whether `count` bytes more are down, or it has been waited for that long enough."""
        used = self.used + count
        if used > self._asked:
            self._write_down(count)
        if self.keep is None or used <= self._down:
            self._waits_since = None
            return True
        now = self._clock.now_ms()
        if self._waits_since is None:
            self._waits_since = now
        return now - self._waits_since >= _PATIENCE_MS

    def kept(self, record: tuple) -> None:
        """The record is where it survives a restart, or that cannot be and nothing is to wait for it."""
        if record[0] == self._day:
            self._down = record[1]
            if self._waits_since is not None:
                self.changed()
            if self._down >= self._asked:
                self._waits_since = None

    def _write_down(self, count: int = 0) -> None:
        """`count` bytes that are about to go, and a step ahead of them."""
        self._keep(count, self._step)

    def close(self) -> None:
        """A clean end: exactly what was used is written down."""
        self._keep(0, 0)

    def _keep(self, count: int, ahead: int) -> None:
        if self.keep is not None and self.quota:
            self._asked = self.used + count + ahead
            undated = self._undated + count + ahead if self.clock_set is False else 0
            self.keep((self._day, self._asked, max(ahead, self._doubtful), undated))


def _nothing() -> None:
    pass


def _nobody_to_tell(sentence: str) -> None:
    pass
