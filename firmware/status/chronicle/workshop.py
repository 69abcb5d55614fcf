"""Makes long answers piece by piece, one at a time, and once for all who ask for the same before it is begun: no answer
is older than its question, so that a page which asks after a break misses nothing.
"""

MOST = 16  # different ones that wait


class Workshop:
    """`call_after(ms, call)` is the loop's: between two pieces it has its turn."""

    def __init__(self, call_after):
        self._call_after = call_after
        self._orders = []  # (key, make, [done])
        self._steps = None

    def order(self, key, make, done) -> bool:
        """Calls done(result, error) when the generator that make() returns has ended; False: too much waits."""
        begun = 0 if self._steps is None else 1
        for known, _, waiting in self._orders[begun:]:
            if known == key:
                waiting.append(done)
                return True
        if len(self._orders) >= MOST:
            return False
        self._orders.append((key, make, [done]))
        if len(self._orders) == 1:
            self._call_after(0, self._step)
        return True

    def _step(self) -> None:
        result, error = None, None
        try:
            if self._steps is None:
                self._steps = self._orders[0][1]()
            next(self._steps)
            self._call_after(1, self._step)
            return
        except StopIteration as end:
            result = end.value
        except Exception as bug:  # who asked hears of it; what is shown must not stop the mirroring
            error = bug
        self._steps = None
        _, _, waiting = self._orders.pop(0)
        if self._orders:
            self._call_after(1, self._step)
        for done in waiting:
            done(result, error)
