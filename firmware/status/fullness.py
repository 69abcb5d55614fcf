"""Whether the journal is full: a host waits for room in it for longer than it takes to give back what nobody needs."""

_PATIENCE_MS = 1000


class Fullness:
    """`journal` has full; `note(sentence)` takes what happened. To be looked at with every poll()."""

    def __init__(self, journal, note):
        self._journal = journal
        self._note = note
        self._since_ms = None
        self.lasts = False

    def look(self, now_ms: int) -> None:
        """Tells when it became full, and when there is room again."""
        if not self._journal.full:
            self._since_ms = None
        elif self._since_ms is None:
            self._since_ms = now_ms
        lasts = self._since_ms is not None and now_ms - self._since_ms >= _PATIENCE_MS
        if lasts != self.lasts:
            self.lasts = lasts
            self._note("the journal is full" if lasts else "the journal has room again")

    def due(self) -> "int | None":
        """The monotonic ms of the next look that may find something else; None while nothing waits."""
        return None if self._since_ms is None or self.lasts else self._since_ms + _PATIENCE_MS
