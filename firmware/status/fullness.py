"""Whether the journal is full: a host waits for room in it for longer than it takes to give back what nobody needs.

While the link is up, room comes with every group that the twin acknowledges, and the host that waits uses it up at
once. So what counts is for how long it waits in all, against how long there is room in between.
"""

_PATIENCE_MS = 1000
_SHARE = 4  # waiting for a second weighs as much as having room for four
_ENOUGH = _SHARE * _PATIENCE_MS
_OVER_MS = 10000  # there is room for good when nobody waited for so long


class Fullness:
    """`journal` has full; `note(sentence)` takes what happened. To be looked at with every poll()."""

    def __init__(self, journal, note):
        self._journal = journal
        self._note = note
        self._evidence = 0  # ms of waiting, each _SHARE times
        self._was_full = False  # with the last look
        self._looked_ms = 0
        self._room_since_ms = 0
        self.lasts = False

    def look(self, now_ms: int) -> None:
        """Tells when it became full, and when there is room again."""
        full, passed_ms = self._journal.full, now_ms - self._looked_ms
        if not self._was_full:
            self._evidence = max(0, self._evidence - passed_ms)
        elif full:
            self._evidence = min(_ENOUGH, self._evidence + _SHARE * passed_ms)
        else:
            self._room_since_ms = now_ms
        self._was_full, self._looked_ms = full, now_ms
        if not self.lasts and self._evidence == _ENOUGH:
            self.lasts = True
            self._note("the journal is full")
        elif self.lasts and not full and now_ms - self._room_since_ms >= _OVER_MS:
            self.lasts = False
            self._note("the journal has room again")

    def due(self) -> "int | None":
        """The monotonic ms of the next look that may find something else; None while nothing waits."""
        if self.lasts:
            return None if self._was_full else self._room_since_ms + _OVER_MS
        if not self._was_full:
            return None
        return self._looked_ms + (_ENOUGH - self._evidence + _SHARE - 1) // _SHARE
