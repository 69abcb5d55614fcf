"""Bytes of the journal on their way to the twin: from memory while they are there, else from its storage."""


class Span:
    """A range of the journal storage: `length` bytes at `position`.

    `group`, when given, has the same bytes as its body for as long as its memory is not needed otherwise.
    """

    def __init__(self, position: int, length: int, group=None):
        self.position = position
        self.length = length
        self.group = group

    def memory(self) -> "memoryview | None":
        """The whole range in memory, None when it is only on the storage (any more)."""
        group = self.group
        return None if group is None or group.memory is None else group.body()

    def pin(self) -> None:
        """If the range is in memory now, it stays there until unpin()."""
        if self.memory() is None:
            self.group = None
        else:
            self.group.pins += 1

    def unpin(self) -> None:
        """Ends what pin() began."""
        if self.group is not None:
            self.group.pins -= 1

    def __repr__(self) -> str:
        return "Span(%d, %d)" % (self.position, self.length)
