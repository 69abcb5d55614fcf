"""Once a minute: how far behind the twin will be in the next 24 hours (status/outlook.py), from what is known here.

Hosts are taken to write as they did at the same time yesterday, where the chronicle knows that, and as in the last hour
where it does not. It is worked out in small pieces between which others have their turn.
"""

from firmware.pair.identity import PRIMARY
from firmware.schedule import DAY, WEEK
from firmware.status.chronicle.query import Points
from firmware.status.facts import circumstances
from firmware.status.forecast import UNKNOWN, Forecast
from firmware.status.lag import least_lag_s
from firmware.status.outlook import END_S, STEP_S, STEPS, outlook

EVERY_MS = 60000
LOOK_MS = 1000
_HOUR = 60  # looks
_LEAST_LOOKS = 3
_LEAST_RAW = 1 << 20  # bytes; less tells nothing of how well the log can be packed
_PIECE = 48  # steps, or samples, at a time
_SLICE_MS = 20
_MONDAY = 3 * DAY


class Foresight:
    """Sets `board.forecast`; UNKNOWN while nobody can know: on a twin, without a link, while the first copy is under
    way, and in the first minutes. What it rests on (circumstances) is looked at every second, and when it has changed
    all is worked out anew. `call_after(ms, call)` is a timer."""

    def __init__(self, board, call_after):
        self._board = board
        self._call_after = call_after
        self._written = []  # (monotonic ms, bytes that hosts have written) of the last hour
        self._line = 0  # bytes per second that the wire took when nothing capped it
        self._work = None
        self._under = None  # what the present work rests on
        self._next_ms = 0
        self._stopped = False

    def start(self) -> None:
        """Looks now, and again and again."""
        if self._stopped:
            return
        self._call_after(LOOK_MS, self.start)
        now_ms, under = self._board.clock.now_ms(), circumstances(self._board)
        if now_ms >= self._next_ms:
            self._next_ms = now_ms + EVERY_MS
            self._measure()
        elif under == self._under:
            return
        self._under = under
        self._work = self._look()
        self._go_on()

    def _measure(self) -> None:
        board = self._board
        self._written.append((board.clock.now_ms(), board.volume.write_bytes))
        self._written = self._written[-_HOUR - 1 :]
        link = board.peer.link
        if link is not None and not board.pace.cap and not board.pace.holds:
            self._line = link.bytes_per_s if link.scarce else 0

    def stop(self) -> None:
        """The board stops."""
        self._stopped = True

    def _go_on(self) -> None:
        work, before = self._work, self._board.forecast
        self._board.forecast = Forecast()  # should it break
        try:
            next(work)
        except StopIteration as end:
            self._board.forecast = Forecast(end.value, self._under, self._board.clock.now_ms())
            return
        self._board.forecast = before
        self._call_after(_SLICE_MS, lambda: self._go_on() if work is self._work and not self._stopped else None)

    def _look(self):
        """Generator; returns what the forecast is."""
        board = self._board
        if board.identity.role != PRIMARY or board.peer.part is None or board.copier.under_way:
            return UNKNOWN
        mean = self._mean_of_hour()
        if mean is None:
            return UNKNOWN
        writes = yield from self._writes(mean)
        caps, midnights = yield from self._ahead()
        facts, pace = board.facts(), board.pace
        backlog, age_s = facts["backlog_bytes"], least_lag_s(facts)
        left = 0 if pace.holds else max(0, pace.quota - pace.used)  # what the next group does not fit into is lost
        quota = (left, pace.quota, midnights) if pace.quota else None
        room = backlog + max(0, facts["journal_size"] - facts["journal_used"])
        seen = outlook(writes, self._ratio(facts), self._line, caps, quota, backlog, age_s, room)
        if pace.excess:  # beyond the quota goes what a host has no room for
            return seen.lag_s, seen.caught_up_s, None, None, None
        return seen.lag_s, seen.caught_up_s, seen.full_s, _cap_at(caps, seen.full_s), seen.full_quota

    def _mean_of_hour(self) -> "float | None":
        if len(self._written) < _LEAST_LOOKS:
            return None
        (begin_ms, before), (end_ms, after) = self._written[0], self._written[-1]
        return max(0, after - before) * 1000 / max(1, end_ms - begin_ms)

    def _writes(self, mean: float):
        """Generator; returns bytes per second for each step from now on."""
        chronicle = self._board.chronicle
        if chronicle is None:
            return [mean] * STEPS
        points = Points(self._board.clock.wall_ms() // 1000 - END_S, STEP_S, STEPS)
        series = chronicle.minutes
        number = max(series.begin, series.end - END_S // 60 - 60)
        while number < series.end:
            for each in range(number, min(number + _PIECE, series.end)):
                if each >= series.begin:
                    points.add(series.ring, series.place(each), False)
            number += _PIECE
            yield
        pairs = zip(points.written, points.seconds)
        return [written / seconds if seconds else mean for written, seconds in pairs]

    def _ratio(self, facts: dict) -> float:
        """Bytes on the wire for a byte of the log."""
        if facts["raw_bytes"] < _LEAST_RAW:
            return 1.0
        return min(1.2, facts["sent_bytes"] / facts["raw_bytes"])

    def _ahead(self):
        """Generator; returns the caps of the next 24 hours, (second, bits per second), and the seconds of midnights."""
        pace, clock = self._board.pace, self._board.clock
        caps, midnights = [(0, pace.cap)], []
        if (pace.rate.constant and not pace.quota) or pace.clock_set is False:
            return caps, midnights
        wall_ms = clock.wall_ms()
        begun_s = wall_ms // 1000 % 60
        for step in range(STEPS):
            minute = clock.local_minute(wall_ms + step * STEP_S * 1000)
            for later in range(STEP_S // 60):
                second = step * STEP_S + later * 60 - begun_s
                cap = pace.rate.rate_at((minute + later + _MONDAY) % WEEK)
                if cap != caps[-1][1]:
                    caps.append((max(0, second), cap))
                if second > 0 and (minute + later) % DAY == 0:
                    midnights.append(second)
            if step % _PIECE == 0:
                yield
        return caps, midnights


def _cap_at(caps: list, second: "float | None") -> "int | None":
    """The rate in bits per second at that time."""
    return None if second is None else [cap for begin, cap in caps if begin <= second][-1]
