"""What boards tell of themselves, live, each in a thread of its own: by server-sent events, or else by asking."""

import http.client
import queue
import threading
import time

from tools.errors import BoardError, Unreachable

STATUS, HAPPENED, LOST = "status", "happened", "lost"
_EVERY_S = 1.0
_REFUSED_S = 30.0  # a wrong password is not right a second later, and every guess slows down the next
_NO_STREAM_S = 30.0


class Feed:
    """Puts (number, STATUS | HAPPENED | LOST, status | event | sentence) into `out` for as long as the program runs."""

    def __init__(self, number: int, client, options, out: queue.Queue, sleep=time.sleep, now=time.monotonic):
        self._number = number
        self._client = client
        self._language = options.lang
        self._with_events = options.events
        self._out = out
        self._sleep = sleep
        self._now = now
        self._stream_at = 0.0

    def start(self) -> "Feed":
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self) -> None:
        while True:
            self._sleep(self.look())

    def look(self) -> float:
        """Tells what there is to tell, for as long as the board does; after how many seconds to look again."""
        try:
            self._tell(STATUS, self._client.status(self._language))
            if self._now() >= self._stream_at:
                self._follow()
            else:
                self._recall()
        except Unreachable as error:
            self._tell(LOST, str(error))
        except BoardError as error:
            self._tell(LOST, str(error))
            return _REFUSED_S
        return _EVERY_S

    def _follow(self) -> None:
        first = True
        try:
            for event, content in self._client.live(self._language):
                self._tell(event, content)
                if first:  # and not before, lest one be missed in between
                    self._recall()
                first = False
        except BoardError:  # too many look at it, or its firmware is older
            self._stream_at = self._now() + _NO_STREAM_S
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it broke off: asking once more tells why

    def _recall(self) -> None:
        """What happened while nobody listened; what was told before is known by its id."""
        if not self._with_events:
            return
        try:
            for event in self._client.events(self._language):
                self._tell(HAPPENED, event)
        except (BoardError, KeyError, TypeError):
            self._with_events = False  # older: it does not tell

    def _tell(self, kind: str, content) -> None:
        self._out.put((self._number, kind, content))
