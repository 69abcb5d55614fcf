"""Whether the other board still lives, and how far away it is."""

INTERVAL_MS = 2000
DEAD_MS = 10000
_LONGEST_STEP_MS = 3000


class Heartbeat:
    """PINGs every INTERVAL_MS; DEAD_MS without a single byte is the end.

    Silence is added up in the steps in which this side really looked: a board that was itself
    stopped for an hour has not listened for an hour.
    """

    def __init__(self):
        self.ping_due = False
        self.rtt_ms = None
        self.token = 0
        self._last_ms = None
        self._next_ms = 0
        self._silent_ms = 0
        self._left_ms = None
        self._left = self._heard = self._answered = False

    def heard(self) -> None:
        """Bytes came, of whatever kind: a big group in transit is as good as an answer."""
        self._heard = True

    def ping_sent(self) -> None:
        """The last PING is wholly with the transport; its way begins now, not when it was queued."""
        self._left = True
        self._left_ms = None

    def pong(self, token: int) -> None:
        if token == self.token:
            self._answered = True

    def next_token(self) -> int:
        self.ping_due = False
        self.token += 1
        return self.token

    def poll(self, now_ms: int, listening: bool) -> bool:
        """False when the link is dead. `listening`: this side was reading all the time."""
        if self._last_ms is not None:
            self._silent_ms += min(now_ms - self._last_ms, _LONGEST_STEP_MS)
        if self._heard or not listening:
            self._silent_ms = 0
        self._heard = False
        self._last_ms = now_ms
        self._measure(now_ms)
        if now_ms >= self._next_ms:
            self.ping_due = True
            self._next_ms = now_ms + INTERVAL_MS
        return self._silent_ms < DEAD_MS

    def _measure(self, now_ms: int) -> None:
        if self._left:
            self._left = False
            self._left_ms = now_ms
        if self._answered:
            self._answered = False
            if self._left_ms is not None:
                self.rtt_ms = now_ms - self._left_ms

    @property
    def next_ms(self) -> int:
        """When to poll again."""
        return self._next_ms
