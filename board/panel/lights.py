"""What the lights show at a moment: the pattern of the board, or for a while an answer to the button."""

from .patterns import LIGHTS, Pattern

# Answers; all lights play them.
HOLDING = Pattern("holding", LIGHTS, (250, 250))
ARMED = Pattern("armed", LIGHTS, (1 << 30, 1))
DOING = Pattern("doing", LIGHTS, (50, 50))
NOTHING = Pattern("nothing", LIGHTS, (0, 1 << 30))
ANSWERS = (HOLDING, ARMED, DOING, NOTHING)


class Lights:
    """`levels(now_ms)` is what is to be lit; `due_ms(now_ms)` says when that changes by itself."""

    def __init__(self):
        self._pattern = None
        self._began_ms = 0
        self._answer = None
        self._answer_began_ms = 0
        self._answer_end_ms = None

    def show(self, pattern: Pattern, now_ms: int) -> None:
        """The pattern from now on; one that is shown already goes on without a jump."""
        if pattern is not self._pattern:
            self._pattern, self._began_ms = pattern, now_ms

    def answer(self, pattern: "Pattern | None", now_ms: int, for_ms: "int | None" = None) -> None:
        """Shows this instead, so long or until the next answer; None: no answer any more."""
        if pattern is not self._answer:
            self._answer, self._answer_began_ms = pattern, now_ms
        self._answer_end_ms = None if for_ms is None else now_ms + for_ms

    def levels(self, now_ms: int) -> tuple:
        """For each of LIGHTS, from the top, whether it is lit."""
        pattern, began_ms = self._current(now_ms)
        if pattern is None:
            return (False,) * len(LIGHTS)
        on, _ = pattern.at(now_ms - began_ms)
        return tuple([on and each in pattern.lights for each in LIGHTS])

    def due_ms(self, now_ms: int) -> int:
        """When levels() gives something else, if nothing is shown in between."""
        pattern, began_ms = self._current(now_ms)
        due = now_ms + 1000 if pattern is None else now_ms + pattern.at(now_ms - began_ms)[1]
        return due if self._answer_end_ms is None else min(due, self._answer_end_ms)

    def _current(self, now_ms: int) -> tuple:
        if self._answer_end_ms is not None and now_ms >= self._answer_end_ms:
            self._answer = self._answer_end_ms = None
        if self._answer is not None:
            return self._answer, self._answer_began_ms
        return self._pattern, self._began_ms
