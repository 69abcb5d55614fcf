"""Whether the journal is full: a host waits for room in it for longer than it takes to give back what nobody needs.

While the link is up, room comes with every group that the twin acknowledges, and the host that waits uses it up at
once. So what counts is for how long it waits in all, against how long there is room in between.
"""

_PATIENCE_MS = 1000
_SHARE = 4  # waiting for a second weighs as much as having room for four
_ENOUGH = _SHARE * _PATIENCE_MS
_OVER_MS = 10000  # of room, before it is over


class Fullness:
    """`journal` has full; `note(sentence)` takes what happened. To be looked at with every poll()."""

    def __init__(self, journal, note):
        self._journal = journal
        self._note = note
        self._evidence = 0  # ms of waiting, each _SHARE times, less those of room
        self._was_full = False  # with the last look
        self._looked_ms = 0
        self.lasts = False

    def look(self, now_ms: int) -> None:
        """Tells when it became full, and when there is room again."""
        passed_ms, self._looked_ms = now_ms - self._looked_ms, now_ms
        full = self._journal.full
        if not self._was_full:
            self._evidence = max(0, self._evidence - passed_ms)
        elif full:
            self._evidence = min(_OVER_MS, self._evidence + _SHARE * passed_ms)
        self._was_full = full
        if not self.lasts and self._evidence >= _ENOUGH:
            self.lasts, self._evidence = True, _OVER_MS
            self._note("the journal is full")
        elif self.lasts and not self._evidence:
            self.lasts = False
            self._note("the journal has room again")

    def due(self) -> "int | None":
        """The monotonic ms of the next look that may find something else; None while nothing waits."""
        if self.lasts == self._was_full:
            return None
        if self.lasts:
            return self._looked_ms + self._evidence
        return self._looked_ms + (_ENOUGH - self._evidence + _SHARE - 1) // _SHARE
