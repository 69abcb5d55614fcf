"""Bytes that stay on the journal storage until the transport sends them."""


class Span:
    """A range of the journal storage; the transport sends it from there (sendfile), never through memory."""

    def __init__(self, position: int, length: int):
        self.position = position
        self.length = length

    def __repr__(self) -> str:
        return "Span(%d, %d)" % (self.position, self.length)
