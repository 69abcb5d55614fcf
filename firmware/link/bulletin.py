"""When a board tells the other one how it is doing: often enough to be looked at, never in the way of the log."""

LOOK_MS = 2000
AGAIN_MS = 8000  # an unchanged one, and one for which groups make way: it is there within 10 s
SPARING_MS = 60000  # while what is left of a quota is for heartbeats and acknowledgements
SHARE = 50  # of fifty bytes that the wire takes, one may be ours


class Bulletin:
    """`report()`: bytes for a STATUS frame, as they are at that moment; empty: there is nothing to say.

    It is asked every LOOK_MS at most. What could not be sent until it is asked again is forgotten, so nothing queues.
    """

    def __init__(self, report):
        self.next_ms = 0  # when to poll again
        self.due = False  # it may go when nothing else wants to
        self.overdue = False  # it may go between two groups as well
        self._report = report
        self._ready = self._said = b""
        self._now_ms = 0
        self._said_ms = None
        self._sparing = self._said_sparing = False

    def poll(self, now_ms: int, bytes_per_s: int, sparing: bool) -> None:
        """`bytes_per_s`: what the wire takes, 0 when nobody knows; `sparing`: every byte is wanted elsewhere."""
        self._now_ms = now_ms
        if now_ms < self.next_ms:
            return
        self.next_ms = now_ms + LOOK_MS
        self._ready = self._report()
        self.due = self.overdue = False
        gap_ms = len(self._ready) * SHARE * 1000 // bytes_per_s if bytes_per_s else 0
        self._sparing = sparing
        least_ms = SPARING_MS if sparing and self._said_sparing else LOOK_MS  # that it begins is said at once
        if self._ready and self._silent_for(max(gap_ms, least_ms)):
            self.overdue = self._silent_for(max(gap_ms, AGAIN_MS))
            self.due = self.overdue or self._ready != self._said

    def _silent_for(self, milliseconds: int) -> bool:
        return self._said_ms is None or self._now_ms - self._said_ms >= milliseconds

    def take(self) -> bytes:
        """What goes out now."""
        self.due = self.overdue = False
        self._said, self._said_ms, self._said_sparing = self._ready, self._now_ms, self._sparing
        return self._said
