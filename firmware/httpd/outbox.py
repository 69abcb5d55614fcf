"""What goes out on one connection: bytes in their order, and perhaps a stream behind them."""

STUCK_MS = 20000  # a client of a stream that takes nothing for so long is gone, even where its computer is not


class Outbox:
    """put(), then outgoing() and sent() until it is empty; behind that the pieces of a source (stream.py)."""

    def __init__(self):
        self._out = None
        self._source = None
        self._deadline_ms = None

    @property
    def empty(self) -> bool:
        """Whether all that was put is on its way."""
        return self._out is None

    @property
    def over(self) -> bool:
        """Whether all is sent and no more comes of the source."""
        return self._out is None and self._source.over

    def put(self, data: bytes) -> None:
        """Behind what is there."""
        self._out = memoryview((bytes(self._out) if self._out is not None else b"") + data)

    def follow(self, source, wake) -> None:
        """What `source` gives comes last."""
        self._source = source
        source.begin(wake)

    def outgoing(self) -> "memoryview | None":
        """The next bytes."""
        if self._out is None and self._source is not None:
            piece = self._source.next()
            if piece is not None:
                self._out = memoryview(piece)
                self._deadline_ms = None
        return self._out

    def sent(self, n: int) -> None:
        """n of them are on their way."""
        self._out = self._out[n:] if n < len(self._out) else None
        self._deadline_ms = None

    def poll(self, now_ms: int) -> "int | None":
        """Of a stream: when to look again, None: not before something happens. Time is up when that is not after
        `now_ms`."""
        # What lies in between (TLS) takes a piece and keeps it: then the next one waits in the source.
        if self._out is None and not self._source.waiting:
            self._deadline_ms = None
        elif self._deadline_ms is None:
            self._deadline_ms = now_ms + STUCK_MS
        return self._deadline_ms

    def drop(self) -> None:
        """Nobody takes anything any more."""
        source, self._out, self._source = self._source, None, None
        if source is not None:
            source.lost()
