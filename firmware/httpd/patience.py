"""How long something may take, for who looks at the clock only now and then."""


class Patience:
    """`ms` milliseconds from when it is first asked; with `step`, again from when so many bytes have moved."""

    def __init__(self, ms: int, step: "int | None" = None):
        self._ms = ms
        self._step = step
        self._moved = 0
        self._due_ms = None

    def moved(self, n: int) -> None:
        """So many bytes came, or went."""
        self._moved += n
        if self._step is not None and self._moved >= self._step:
            self._moved, self._due_ms = 0, None

    def due(self, now_ms: int) -> int:
        """When it is over."""
        if self._due_ms is None:
            self._due_ms = now_ms + self._ms
        return self._due_ms
