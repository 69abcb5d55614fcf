"""How fast the journal fills, and when it will be full: what the last minutes tell, and nothing where they do not."""

WINDOW_MS = 300000
LEAST_MS = 30000  # a shorter look back tells of a burst, not of a rate
EVERY_MS = 5000


class Growth:
    """A meter of how fast the journal fills, fed now and then by note().

    While the other board takes what is written, what counts is by how much the journal outgrows that. When the link
    goes or comes, the past tells nothing of that any more; but what is written goes on as before, so an outage has its
    forecast at once.
    """

    def __init__(self):
        self._samples = []  # (monotonic ms, bytes ever written, bytes needed)
        self._linked = None
        self._linked_since_ms = 0

    def note(self, now_ms: int, written: int, needed: int, linked: bool) -> None:
        """At `now_ms` the log had `written` bytes, and the journal had to keep `needed`; `linked`: the link is up."""
        if linked != self._linked:
            self._linked, self._linked_since_ms = linked, now_ms
        elif self._samples and now_ms - self._samples[-1][0] < EVERY_MS:
            return
        self._samples.append((now_ms, written, needed))
        while now_ms - self._samples[0][0] > WINDOW_MS:
            self._samples.pop(0)

    def bytes_per_s(self) -> "float | None":
        """The mean of the last minutes, 0 when it does not grow; None while that is not known."""
        since_ms = self._linked_since_ms if self._linked else 0
        samples = [sample for sample in self._samples if sample[0] >= since_ms]
        if not samples or samples[-1][0] - samples[0][0] < LEAST_MS:
            return None
        first, last = samples[0], samples[-1]
        kind = 2 if self._linked else 1
        return max(0, last[kind] - first[kind]) * 1000 / (last[0] - first[0])


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
    is full now; None: it does not fill, or nobody knows."""
    if by_growth_s == 0 or not linked:
        return by_growth_s
    if by_growth_s is not None and caught_up_s is not None and caught_up_s < by_growth_s:
        by_growth_s = None
    if full_s is None or (by_growth_s is not None and by_growth_s <= full_s):
        return by_growth_s
    return max(1, full_s)  # a forecast does not know that it is full


NEVER_S = 10 * 365 * 86400  # beyond this a forecast is idle talk
