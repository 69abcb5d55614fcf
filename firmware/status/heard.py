"""What the other board's heartbeats say: that it is heard, and the number of the last group that it has.

A report (neighbour.py) may stand behind a big group on a slow wire, and is rare there; a heartbeat comes every two
seconds unless the wire is busy with one group for longer. So who lacks something for long knows it by these two.
"""

_MOST = 8


class Heard:
    """`now_ms` is the monotonic clock, `held()` the number of the last group that is durable here."""

    def __init__(self, now_ms, held):
        self._now_ms = now_ms
        self._held = held
        self.forget()

    def forget(self) -> None:
        """Another link: what was heard before counts no more."""
        self._heard_ms = None
        self._lacked = []  # (number, when it was heard of) of groups that are not here yet, the oldest first

    def hear(self, number: int) -> None:
        """The other board has group `number`, and was heard as a whole frame."""
        self._heard_ms = now_ms = self._now_ms()
        self._let_go()
        if number <= (self._lacked[-1][0] if self._lacked else self._held()):
            return
        if len(self._lacked) == _MOST:
            now_ms = self._lacked.pop()[1]  # a little earlier than true: never younger than it is
        self._lacked.append((number, now_ms))

    def _let_go(self) -> None:
        held = self._held()
        while self._lacked and self._lacked[0][0] <= held:
            self._lacked.pop(0)

    @property
    def heard_s(self) -> "float | None":
        """Seconds since it was heard; None: never."""
        return None if self._heard_ms is None else (self._now_ms() - self._heard_ms) / 1000

    @property
    def lacked_s(self) -> float:
        """Seconds for which this board has known of a group that it lacks; 0: it knows of none."""
        self._let_go()
        return (self._now_ms() - self._lacked[0][1]) / 1000 if self._lacked else 0
