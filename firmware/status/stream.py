"""An answer without an end: its pieces come from a source for as long as the client listens.

    begin(wake)   it may be asked from now on; wake() when there is something new
    waiting       whether next() would give something
    next()        the next piece, to be sent whole; None: nothing for now
    over          whether nothing more will come
    lost()        nobody listens any more; called once, whoever ended it
"""

from firmware.status.answer import Answer

STUCK_MS = 20000  # a client that takes nothing for so long is gone, even where its computer is not


class Stream(Answer):
    """Answers with what `source` gives, as `content_type`."""

    def __init__(self, source, content_type: str, headers: tuple = ()):
        Answer.__init__(self, 200, b"", content_type, headers)
        self.source = source

    def length_lines(self) -> list:
        return []  # it ends when the connection does


class Streaming:
    """Sends a Stream. `out` are bytes to be sent before, its head at least."""

    def __init__(self, source, out: memoryview, wake):
        self._source = source
        self._out = out
        self._deadline_ms = None
        source.begin(wake)

    def outgoing(self) -> "memoryview | None":
        if self._out is None:
            piece = self._source.next()
            if piece is not None:
                self._out = memoryview(piece)
                self._deadline_ms = None
        return self._out

    def sent(self, n: int) -> None:
        self._out = self._out[n:] if n < len(self._out) else None
        self._deadline_ms = None

    @property
    def over(self) -> bool:
        """Whether all is sent and no more comes."""
        return self._source.over and self._out is None

    def poll(self, now_ms: int) -> "int | None":
        """When to look again, None: not before something happens. Time is up when that is not after `now_ms`."""
        # What lies in between (TLS) takes a piece and keeps it: then the next one waits in the source.
        if self._out is None and not self._source.waiting:
            self._deadline_ms = None
        elif self._deadline_ms is None:
            self._deadline_ms = now_ms + STUCK_MS
        return self._deadline_ms

    def lost(self) -> None:
        self._source.lost()
