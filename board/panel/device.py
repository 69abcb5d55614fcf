"""A piece of hardware in a lane of its own: what is missing is one alarm and is tried again quietly, what hangs holds
up nobody.

The lane's worker has open(), close() and its own operations, as generators that end with the result.
"""

AGAIN_MS, HUNG_MS = 10000, 10000
_CLOSE_S = 2
_TROUBLES = {
    "lights": "the lights do not work (%s): look at their wires, or write lights = off",
    "button": "the button does not work (%s): look at its wires, or write button = off",
    "display": "the display does not work (%s): look at its wires, or write display = off",
}
_HUNG = "it does not answer"


class Device:
    """`word`: lights, button or display. `alarm(word, sentence)` is the board's; None: nobody misses it. `on_open()`:
    it may be used now. Never has the lane more than one job of it."""

    def __init__(self, word: str, lane, alarm, on_open):
        self._word = word
        self._lane = lane
        self._alarm = alarm
        self._on_open = on_open
        self._busy_ms = None  # since when
        self._again_ms = None  # when to try again; None: at once
        self._hung = False
        self.is_open = False

    @property
    def free(self) -> bool:
        """Whether do() would do something now."""
        return self.is_open and self._busy_ms is None

    def tick(self, now_ms: int) -> None:
        """Opens it when it is time; notices that it hangs."""
        if self._busy_ms is not None:
            if now_ms - self._busy_ms >= HUNG_MS and not self._hung:
                self._hung = True
                self._say(_HUNG)
        elif not self.is_open and (self._again_ms is None or now_ms >= self._again_ms):
            self._again_ms = now_ms + AGAIN_MS
            self._submit(now_ms, self._opened, "open")

    def do(self, now_ms: int, done, op: str, *args) -> bool:
        """Whether the job is on its way; `done(result)` when it is done, not at all when it fails."""
        if not self.free:
            return False
        self._submit(now_ms, lambda result: self._did(done, result), op, *args)
        return True

    def close(self, *last) -> None:
        """The board ended; the worker's close(*last) is done now, unless it hangs."""
        if not self._hung:
            self._lane.submit(lambda result, error: None, "close", *last)
            self._lane.close(_CLOSE_S)

    def _submit(self, now_ms: int, done, op: str, *args) -> None:
        self._busy_ms = now_ms

        def ended(result, error) -> None:
            self._busy_ms = None
            self._hung = False
            if error is None:
                done(result)
            else:
                self.is_open = False
                self._say(reason(error))

        self._lane.submit(ended, op, *args)

    def _opened(self, result) -> None:
        self.is_open = True
        self._on_open()

    def _did(self, done, result) -> None:
        self._say("")  # only what works says that it works: many a device can be opened that is not there
        done(result)

    def _say(self, why: str) -> None:
        if self._alarm is not None:
            self._alarm(self._word, _TROUBLES[self._word] % why if why else "")


def reason(error: Exception) -> str:
    """In a few words."""
    if isinstance(error, ImportError):
        return "%s is not installed" % (error.name or "a module")
    if isinstance(error, OSError) and error.strerror:
        return "%s: %s" % (error.filename, error.strerror) if error.filename else error.strerror
    return str(error) or type(error).__name__
