"""When to dial again."""

FIRST_MS = 200
LONGEST_MS = 15000


class Backoff:
    """Delays that double, each drawn from the upper half, so that two boards do not keep in step.

    `random()` returns a float from 0 up to 1.
    """

    def __init__(self, random):
        self._random = random
        self._longest = FIRST_MS

    def next_ms(self) -> int:
        """How long to wait now; grows with every call."""
        delay = self._longest // 2 + int(self._random() * (self._longest - self._longest // 2 + 1))
        self._longest = min(self._longest * 2, LONGEST_MS)
        return delay

    def reset(self) -> None:
        """The link was up: the next delay is a short one again."""
        self._longest = FIRST_MS
