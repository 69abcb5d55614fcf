"""What a board tells those who look after its process: the service manager (sd_notify), and who tries an update."""

import json

from firmware import ports
from firmware.bulkhead import Bulkhead
from firmware.ports import environment

_TICK_MS = 2000
_LEAST_TICK_MS = 100


class Service:
    """Tells from the loop, and so only as long as that runs.

    `status()` is the snapshot of the board, `alarm(source, sentence)` the board's. The manager hears READY=1 from
    start(), WATCHDOG=1 at least twice in the time that it gives (WATCHDOG_USEC), STATUS= when it changes and
    STOPPING=1. WATCHDOG_PID is not looked at: the process that the manager started may have handed us this duty with
    its environment. While the board serves, the file SOSIE_SERVING is there and not older than some seconds: an update
    that was tried is kept because of it.
    """

    def __init__(self, loop, status, alarm):
        self._loop = loop
        self._status = status
        self._bulkhead = Bulkhead("status", loop, alarm)
        self._tell = ports.service_manager()
        self._serving_path = environment.variable("SOSIE_SERVING")
        self._tick_ms = _tick_ms(environment.variable("WATCHDOG_USEC"))
        self._told = ""
        self._stopping = False

    def start(self) -> None:
        """The board is up."""
        if self._tell is None and self._serving_path is None:
            return
        self._say("READY=1")
        self._tick()

    def stop(self) -> None:
        """It goes down, which takes as long as there is something left to play."""
        self._stopping = True
        self._say("STOPPING=1")
        self._show(None)

    def _tick(self) -> None:
        # A headline that cannot be made is no reason to be killed: the loop runs.
        self._say("WATCHDOG=1")
        self._loop.call_after(self._tick_ms, self._tick)
        self._bulkhead.run(self._look)

    def _look(self) -> None:
        status = self._status()
        headline = "%s: %s; %s" % (status["name"], status["state"], status["words"]["distance"])
        if headline != self._told:
            self._told = headline
            self._say("STATUS=" + headline.replace("\n", " "))
        if not self._stopping:
            self._show(status if status["serving"] else None)

    def _say(self, text: str) -> None:
        if self._tell is not None:
            self._tell(text)

    def _show(self, status: "dict | None") -> None:
        path = self._serving_path
        if path is not None and status is None:
            environment.hide(path)
        elif path is not None:
            words = {word: status[word] for word in ("serving", "version", "role", "state")}
            environment.show(path, json.dumps(words) + "\n")


def _tick_ms(watchdog_us: "str | None") -> int:
    try:
        return max(_LEAST_TICK_MS, min(_TICK_MS, int(watchdog_us) // 2000)) if watchdog_us else _TICK_MS
    except ValueError:
        return _TICK_MS
