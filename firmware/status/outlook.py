"""How far behind the twin will be: the next 24 hours at today's pace, under the rate by the clock and the quota.

The log is taken for a liquid: so many bytes a second flow in, so many go out, in their order. Between two moments at
which something changes all is straight lines, so what comes of it is exact for what it was told: a step of 5 minutes
for what hosts write, and the very moments at which the rate changes, the quota runs out or a day begins.
"""

from collections import deque

STEP_S = 300
END_S = 86400
STEPS = END_S // STEP_S
_BOUNDLESS = 1e15  # bytes per second of a wire that nobody has measured
_NOTHING = 1e-3  # bytes; less than this is what rounding leaves


class Outlook:
    """What will be, in seconds from now, within 24 hours.

    `lag_s` is the largest age of the oldest byte that the twin lacks, `lag_at_s` when it is that old; `caught_up_s` is
    when nothing is behind for the first time, 0 for now, and `full_s` when the journal is full: None, not in that time.
    `full_quota` is whether the quota is used up then.
    """

    def __init__(self):
        self.lag_s = 0.0
        self.lag_at_s = 0.0
        self.caught_up_s = None
        self.full_s = None
        self.full_quota = None


def outlook(
    writes, ratio: float, line: float, caps: list, quota, backlog: float, oldest_s: float, room: float
) -> Outlook:
    """`writes`: bytes of the log per second, for each STEP_S from now on. `ratio`: bytes on the wire for a byte of the
    log. `line`: bytes per second that the wire takes, 0: nobody knows. `caps`: (second, bits per second, 0 for none) in
    order, the first at 0. `quota`: None, or (bytes left today, bytes a day, seconds at which days begin). `backlog`
    bytes wait, the oldest for `oldest_s`; `room` may, before the journal is full and hosts have to wait.
    """
    walk = _Walk(quota, max(ratio, 1e-6), backlog, oldest_s, room)
    moments = {step * STEP_S for step in range(STEPS + 1)} | {second for second, _ in caps if 0 < second < END_S}
    if quota is not None:
        moments |= {second for second in quota[2] if 0 < second < END_S}
    times, cap = sorted(moments), 0
    caps = deque(caps, len(caps) + 1)
    for at, until in zip(times, times[1:]):
        while caps and caps[0][0] <= at:
            cap = caps.popleft()[1]
        if quota is not None and at in quota[2]:
            walk.left = quota[1]
        speed = min(cap / 8 or _BOUNDLESS, line or _BOUNDLESS)
        walk.until(until, writes[at // STEP_S], speed / walk.ratio)
    return walk.seen


class _Walk:
    """The queue at `now`; `left` bytes of the quota, None without one."""

    def __init__(self, quota, ratio: float, backlog: float, oldest_s: float, room: float):
        self.seen = Outlook()
        self.ratio = ratio
        self.left = None if quota is None else quota[0]
        self._now = 0.0
        self._size = float(backlog)
        self._room = max(room, backlog)
        self._queue = []  # [from, until, bytes] that came in evenly in that time; the first may be gone in part
        self._first = 0
        if backlog > _NOTHING:
            self._queue.append([-oldest_s, 0.0, self._size])
            self._look(-oldest_s)
        else:
            self._empty()

    def until(self, end: float, inflow: float, speed: float) -> None:
        """Goes on to `end`; `inflow`, `speed`: bytes of the log per second that come and that may go."""
        while self._now < end:
            used_up = self.left is not None and self.left < _NOTHING
            outflow = 0.0 if used_up else speed
            if self._size <= _NOTHING:
                outflow = min(outflow, inflow)
            if self._size >= self._room - _NOTHING:
                if inflow > outflow and self.seen.full_s is None:
                    self.seen.full_s, self.seen.full_quota = self._now, used_up
                inflow = min(inflow, outflow)
            self._pass(self._lasting(end - self._now, inflow, outflow), inflow, outflow)

    def _lasting(self, most: float, inflow: float, outflow: float) -> float:
        """Seconds for which these flows hold: until the quota, the queue or the room has come to its end."""
        if self.left is not None and outflow > 0:
            most = min(most, self.left / (outflow * self.ratio))
        if outflow > inflow:
            most = min(most, self._size / (outflow - inflow))
        elif inflow > outflow:
            most = min(most, (self._room - self._size) / (inflow - outflow))
        return max(most, 1e-9)

    def _pass(self, seconds: float, inflow: float, outflow: float) -> None:
        was_empty = self._size <= _NOTHING
        begin = self._now
        self._now += seconds
        gone = min(outflow * seconds, self._size + inflow * seconds)
        if self.left is not None:
            gone = min(gone, self.left / self.ratio)
            self.left = max(0.0, self.left - gone * self.ratio)
        self._size += inflow * seconds - gone
        if self._size <= _NOTHING and was_empty:
            return  # it goes as it comes
        if inflow > 0:
            self._queue.append([begin, self._now, inflow * seconds])
        self._drain(begin, gone, outflow)
        if self._size <= _NOTHING:
            self._empty()

    def _drain(self, begin: float, count: float, outflow: float) -> None:
        """`count` bytes go out from `begin` on, the oldest first."""
        queue, gone = self._queue, 0.0
        while outflow and self._first < len(queue) and queue[self._first][2] <= count - gone + _NOTHING:
            since, until, size = queue[self._first]
            gone += size
            self._first += 1
            self._look(until, begin + gone / outflow)
        if self._first < len(queue):
            piece = queue[self._first]
            part = max(0.0, count - gone) / piece[2]
            piece[0] += part * (piece[1] - piece[0])
            piece[2] *= 1 - part
            self._look(piece[0])

    def _look(self, since: float, at: "float | None" = None) -> None:
        """The oldest byte that waits at this moment came at `since`."""
        at = self._now if at is None else min(at, self._now)
        if at - since > self.seen.lag_s:
            self.seen.lag_s, self.seen.lag_at_s = at - since, at

    def _empty(self) -> None:
        self._size = 0.0
        self._queue, self._first = [], 0
        if self.seen.caught_up_s is None:
            self.seen.caught_up_s = self._now
