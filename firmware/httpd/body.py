"""The body of a request on its way in: into memory where it is small, or into a sink of any size.

Both are fed by HttpConversation: wanted() says where the next bytes go, received(n) that they are there, and whether
that was all. `left` is what is still to come, `patience_ms` how long a PIECE of it may take, `drain_ms` how long the
rest is thrown away when it was refused.
"""

PIECE = 256 << 10


class MemoryBody:
    """A body of `length` bytes; whole(body) is called with it once."""

    patience_ms = 10000
    drain_ms = 1000

    def __init__(self, length: int, whole):
        self.left = length
        self._buffer = memoryview(bytearray(length))
        self._whole = whole

    def wanted(self) -> memoryview:
        return self._buffer[len(self._buffer) - self.left :]

    def received(self, n: int) -> None:
        self.left -= n

    def end(self) -> None:
        """It is whole."""
        self._whole(bytes(self._buffer))

    def lost(self) -> None:
        pass


class SinkBody:
    """A body of `length` bytes for `sink`; see HttpConversation. What the sink answers goes to `answer`, unless it was
    lost before."""

    patience_ms = 60000
    drain_ms = 60000  # browsers send all of a large body before they look for an answer

    def __init__(self, sink, length: int, answer):
        self.left = length
        self._sink = sink
        self._answer = answer

    def begin(self, wake) -> None:
        self._sink.begin(self._answers, wake)

    def _answers(self, answer) -> None:
        if self._sink is not None:
            self._sink = None
            self._answer(answer)

    def wanted(self) -> "memoryview | None":
        view = self._sink.wanted()
        return view if view is None else view[: self.left]

    def received(self, n: int) -> None:
        self.left -= n
        self._sink.received(n)

    def end(self) -> None:
        """It is whole."""
        if self._sink is not None:  # it may have answered at the last byte
            self._sink.ended()

    def lost(self) -> None:
        """No more of it comes."""
        sink, self._sink = self._sink, None
        if sink is not None and self.left:
            sink.lost()
