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

    def __repr__(self) -> str:
        return "Span(%d, %d)" % (self.position, self.length)
