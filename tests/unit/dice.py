"""Numbers that are the same under every runtime (a linear congruential generator)."""


class Dice:
    """Like random.Random(seed), of which MicroPython has none."""

    def __init__(self, seed: int):
        self._state = seed

    def below(self, count: int) -> int:
        """From 0 up to `count`, without it."""
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % count

    def choice(self, things):
        return things[self.below(len(things))]
