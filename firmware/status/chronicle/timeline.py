"""When something was: the wall clock of a board that may have no battery, set right by the monotonic one.

A segment is a stretch in which the wall clock was not moved. While it is not believed, a step of it means that it was
wrong before: what the segment has noted so far moves along. A clock that was believed and steps begins a new segment,
and what was noted stays where it is.
"""

STEP_MS = 2000  # less is what a time server's corrections add up to
_YOUNG_MS = 600000  # where nobody tells whether the clock was set, it may be set late in the first minutes


class Timeline:
    """`segment` is the number of the stretch, `base_ms` what the wall clock showed (or should have) when the monotonic
    one was 0, `sure` whether that is believed. `on_moved(segment, by_ms, sure)`: what that segment noted so far is by
    so many milliseconds later, and that is believed now, or not."""

    def __init__(self, now_ms: int, wall_ms: int, clock_set, on_moved):
        self.segment = 0
        self.base_ms = wall_ms - now_ms
        self.sure = clock_set is not False
        self._on_moved = on_moved
        self._young_until_ms = now_ms + _YOUNG_MS

    def look(self, now_ms: int, wall_ms: int, clock_set) -> bool:
        """Compares the clocks; `clock_set` is True, False, or None where nobody tells. Whether there was a step."""
        base_ms, sure = wall_ms - now_ms, clock_set is not False
        by_ms = base_ms - self.base_ms
        stepped = abs(by_ms) > STEP_MS
        self.base_ms = base_ms
        was_wrong = not self.sure or (clock_set is None and now_ms < self._young_until_ms)
        if stepped and not was_wrong:
            self.segment += 1
            self.sure = sure
        elif stepped or sure != self.sure:
            self.sure = sure
            self._on_moved(self.segment, by_ms if stepped else 0, sure)
        return stepped

    def wall_ms(self, now_ms: int) -> int:
        """The wall clock at a moment of this segment."""
        return self.base_ms + now_ms
