"""What a board remembers (firmware/status/chronicle), on the loop and in a lane of its own.

A root file: it wires the chronicle to the ports.
"""

from firmware import ports
from firmware.api.chronicle import Routes
from firmware.ports.smallfile import explained
from firmware.status.chronicle.archive import Archive
from firmware.status.chronicle.chronicle import Chronicle
from firmware.status.chronicle.layout import FILE_SIZE
from firmware.status.chronicle.look import Looker
from firmware.status.translation import translate

_PATIENCE_S = 5  # for a card that does not answer, when all else has stopped
_WAIT_MS = 1000  # for a board before this one to let go of the file
_AGAIN_MS = 1000  # after a bug


class Chronicler:
    """The chronicle of `board` in the file or block device at `path`; None: in memory only. `live` is the page's
    Live, None without one. Starts a thread."""

    def __init__(self, board, bulkhead, path: "str | None", live=None):
        self._board = board
        self._bulkhead = bulkhead
        self._lane = None if path is None else bulkhead.lane(Archive(lambda: open_storage(path)))
        submit = None if self._lane is None else self._lane.submit
        self.chronicle = board.chronicle = Chronicle(
            board.events, Looker(board), board.clock, self._clock_set, lambda: board.serving, self._alarm, submit,
            path, explained,
        )  # fmt: skip
        language = (lambda request: "en") if live is None else live.language
        self._routes = Routes(
            self.chronicle, board.events, board.clock, self._clock_set, bulkhead.call_after, language, translate
        )  # fmt: skip
        if live is not None:
            board.events.on_happened = bulkhead.listener(live.happened)
        self._closed = False

    def routes(self) -> dict:
        """For Api's `more`."""
        return self._routes.routes()

    def start(self) -> None:
        """The board runs now."""
        self._bulkhead.run(self._tick)

    def close(self) -> None:
        """It has stopped: what happened goes to the card."""
        self._closed = True
        self.chronicle.close()
        if self._lane is not None:
            self._lane.close(_PATIENCE_S)

    def _tick(self) -> None:
        if self._closed:
            return
        wait_ms = _AGAIN_MS
        try:
            wait_ms = self.chronicle.tick()
        finally:
            self._bulkhead.call_after(wait_ms, self._tick)

    def _clock_set(self) -> "bool | None":
        return self._board.clock_set

    def _alarm(self, sentence: str) -> None:
        self._board.alarm("chronicle", sentence)


def open_storage(path: str):
    """The storage at `path`; a file that is not there is made, with all of its room. Raises Refused and OSError."""
    if not ports.exists(path):
        ports.create_file(path, FILE_SIZE, zeroed=True)
    storage = ports.FileStorage(path, _WAIT_MS)
    if storage.size or storage.is_device:
        return storage
    storage.close()  # a power cut while it was made
    ports.remove_file(path)
    ports.create_file(path, FILE_SIZE, zeroed=True)
    return ports.FileStorage(path, _WAIT_MS)
