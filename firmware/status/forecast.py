"""How fast the journal fills, and when it will be full: what the last minutes tell, and nothing where they do not."""

WINDOW_MS = 300000
LEAST_MS = 30000  # a shorter look back tells of a burst, not of a rate
LEAST_SHUT_MS = 15000  # but where nothing goes, time is short, and a burst fills a journal as well
EVERY_MS = 5000
SHUT = "shut"  # the way of a board that may send nothing: no link, or a quota that is used up


UNKNOWN = (None, None, None, None, None)


class Growth:
    """A meter of how fast the journal fills, fed now and then by note().

    While the other board takes what is written, what counts is by how much the journal outgrows that; where nothing
    goes, all that hosts write. The `way` on which it goes is SHUT, or whatever else says what is allowed: when it
    changes, the past tells nothing any more.
    """

    def __init__(self):
        self._samples = []  # (monotonic ms, bytes ever written, bytes needed)
        self._way = None
        self._since_ms = 0  # of this way

    def note(self, now_ms: int, written: int, needed: int, way) -> None:
        """At `now_ms` the log had `written` bytes of hosts, and the journal had to keep `needed`."""
        if way != self._way:
            self._way, self._since_ms = way, now_ms
        elif self._samples and now_ms - self._samples[-1][0] < EVERY_MS:
            return
        self._samples.append((now_ms, written, needed))
        while now_ms - self._samples[0][0] > WINDOW_MS:
            self._samples.pop(0)

    def bytes_per_s(self, way) -> "float | None":
        """How it goes now, on that way; 0 when it does not grow, None while that is not known."""
        samples = [sample for sample in self._samples if sample[0] >= self._since_ms]
        least_ms = LEAST_SHUT_MS if way == SHUT else LEAST_MS
        if way != self._way or samples[-1][0] - samples[0][0] < least_ms:
            return None
        if way != SHUT:
            return _mean(samples, 2)
        # Who has just begun to write fills it as fast as now; who writes now and then, as in all that time.
        lately = [sample for sample in samples if samples[-1][0] - sample[0] <= LEAST_MS]
        return max(_mean(lately, 1), _mean(self._samples, 1))


def _mean(samples: list, kind: int) -> float:
    first, last = samples[0], samples[-1]
    return max(0, last[kind] - first[kind]) * 1000 / max(1, last[0] - first[0])


class Forecast:
    """What was foreseen at `at_ms` for a board that was as `under` says; void once it is not."""

    def __init__(self, figures=UNKNOWN, under=None, at_ms: int = 0):
        self._figures = figures
        self._under = under
        self._at_ms = at_ms

    def now(self, under, now_ms: int) -> tuple:
        """(worst lag, caught up, journal full, rate in bits per second at which it is, whether the quota is used up
        then), in seconds from now; UNKNOWN where nobody knows."""
        if under != self._under:
            return UNKNOWN
        lag_s, caught_up_s, full_s, full_cap, full_quota = self._figures
        passed_s = (now_ms - self._at_ms) / 1000
        return lag_s, _later(caught_up_s, passed_s), _later(full_s, passed_s), full_cap, full_quota


def _later(seconds: "float | None", passed_s: float) -> "float | None":
    return None if seconds is None else max(0, seconds - passed_s)


def full_in_s(room: int, bytes_per_s: "float | None", full: bool) -> "int | None":
    """Seconds until a journal with `room` bytes left is full; None when it does not fill, or nobody knows."""
    if full:
        return 0
    if not bytes_per_s:
        return None
    seconds = room / bytes_per_s
    return max(1, int(seconds)) if seconds < NEVER_S else None


def left_s(by_growth_s: "int | None", linked: bool, caught_up_s, full_s) -> "float | None":
    """Seconds until the journal is full: as the last minutes tell, unless the twin has caught up before, by a rate that
    is higher at night; and as the forecast tells, which knows of a rate that is lower by day, and of the quota. 0: it
    is full now; None: it does not fill, or nobody knows. A twin that had caught up by now empties nothing."""
    if by_growth_s == 0 or not linked:
        return by_growth_s
    if by_growth_s is not None and caught_up_s and caught_up_s < by_growth_s:
        by_growth_s = None
    if full_s is None or (by_growth_s is not None and by_growth_s <= full_s):
        return by_growth_s
    return max(1, full_s)  # a forecast does not know that it is full


NEVER_S = 10 * 365 * 86400  # beyond this a forecast is idle talk
