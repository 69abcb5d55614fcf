"""How fast the wire is used: what the operator allows, and a measure of what the wire takes by itself."""

BURST_MS = 100
LEAST_BURST = 512  # bytes; a cap of a few hundred bits per second still sends whole small frames

FAST_WIRE = 60000000  # bytes per second; above, compression costs more time than it saves
_MEASURE_MS = 200
_MEASURE_BYTES = 8 << 20


class Pace:
    """What a board allows its links: this one a fixed rate, firmware/pace.py one that changes, and a quota.

    `cap`: bits per second, 0 for none. `holds`: groups are held back by a quota.
    """

    holds = False

    def __init__(self, cap: int = 0):
        self.cap = cap

    def count(self, count: int) -> None:
        """So many bytes went over a link, either way."""

    def takes(self, count: int, urgent: bool, makes_room: bool = False) -> bool:
        """Whether a group of `count` bytes may go out now; `urgent`: a host waits for it; `makes_room`: a host waits
        for the room that it takes in a full journal."""
        return True


class TokenBucket:
    """Caps a stream at `rate` bits per second, in pieces of at most BURST_MS worth.

    Credit is counted in bits times 1000, so that whole milliseconds leave no remainder.
    """

    def __init__(self, rate: int):
        self._last_ms = None
        self._set(rate)
        self._credit = self._most

    def _set(self, rate: int) -> None:
        self.rate = rate
        self._most = max(rate * BURST_MS, LEAST_BURST * 8000)
        self._piece = self._most // 16000  # half a burst: late wake-ups then lose nothing

    def change(self, rate: int) -> None:
        """Another rate from the last refill on; what was saved up at the old one is worth no more than a burst."""
        self._set(rate)
        self._credit = min(self._credit, self._most)

    def refill(self, now_ms: int) -> None:
        if self._last_ms is not None:
            self._credit = min(self._credit + self.rate * (now_ms - self._last_ms), self._most)
        self._last_ms = now_ms

    def allowed(self, count: int) -> int:
        """How many of `count` bytes may go now; 0 until a piece worth sending has gathered."""
        credit = self._credit // 8000
        return min(count, credit) if credit >= min(count, self._piece) else 0

    def take(self, count: int) -> None:
        self._credit -= count * 8000

    def ready_ms(self, count: int) -> int:
        """When `allowed(count)` is no longer 0, if nothing is sent until then."""
        missing = min(count, self._piece) * 8000 - self._credit
        return self._last_ms + max(0, (missing + self.rate - 1) // self.rate)


class WireMeter:
    """Bytes per second that the transport takes while there is something to send.

    Time is counted only while something was left unsent: an idle link says nothing about its speed.
    """

    def __init__(self):
        self.bytes_per_s = 0  # 0: not known yet
        self._bytes = 0
        self._busy_ms = 0
        self._last_ms = 0
        self._was_busy = False

    @property
    def slow(self) -> bool:
        """Whether the wire is what everything waits for."""
        return 0 < self.bytes_per_s < FAST_WIRE

    def sent(self, count: int) -> None:
        self._bytes += count

    def measure(self, now_ms: int, busy: bool) -> None:
        """`busy`: the transport has not taken all that it could have."""
        if self._was_busy:
            self._busy_ms += now_ms - self._last_ms
        self._was_busy = busy
        self._last_ms = now_ms
        if self._busy_ms >= _MEASURE_MS or self._bytes >= _MEASURE_BYTES:
            self.bytes_per_s = max(1, self._bytes * 1000 // max(1, self._busy_ms))
            self._bytes = self._busy_ms = 0
