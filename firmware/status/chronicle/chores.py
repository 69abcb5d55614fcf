"""Work on thousands of samples in pieces: the loop that does it serves a host, too."""

PIECE = 200  # samples


class Chores:
    """Generators that are run one after the other, a step at a time."""

    def __init__(self):
        self._waiting = []

    @property
    def pending(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._waiting)

    def add(self, steps) -> None:
        """Begins with it, unless others come first."""
        self._waiting.append(steps)
        if len(self._waiting) == 1:
            self.step()

    def step(self) -> None:
        """Does a piece of the first one."""
        try:
            next(self._waiting[0])
        except StopIteration:
            self._waiting.pop(0)
        except Exception:
            self._waiting.pop(0)  # or it would stand in the way of all others for ever
            raise

    def finish(self) -> None:
        """Does all that is left."""
        while self._waiting:
            self.step()
