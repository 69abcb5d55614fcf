"""`sosie status --watch`: boards live, on a terminal as a picture, elsewhere as a line whenever something changes."""

import queue
import signal
import sys
import time

from tools import status
from tools.errors import BoardError
from tools.feed import HAPPENED, LOST, STATUS, Feed
from tools.lines import Lines, Objects
from tools.picture import Picture

_KEPT = 100  # events of a board
_OLD_S = 3


class Seen:
    """What is known of one board. `heard_s`: monotonic, when it last told of itself."""

    def __init__(self, address: str):
        self.address = address
        self.status = None
        self.heard_s = None
        self.trouble = ""
        self.events = []

    def note(self, kind: str, content, now_s: float) -> bool:
        """Whether it is news; what a board of this version would not tell is not shown."""
        try:
            if kind == LOST:
                self.trouble = content
            elif kind == HAPPENED:
                return self._remember(content)
            else:
                status.describe(content)
                status.judge(content)
                self.status, self.heard_s, self.trouble = content, now_s, ""
        except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError):
            self.trouble = "What answers at %s is not a board of this version." % self.address
            return False
        return True

    def _remember(self, event: dict) -> bool:
        status.event(event, "en")  # raises for what is no event
        for place, each in enumerate(self.events):
            if (each["id"], each["ms"]) == (event["id"], event["ms"]):
                self.events[place] = event
                return False
        self.events = self.events[1 - _KEPT :] + [event]
        return True

    def is_old(self, now_s: float) -> bool:
        """Whether its status is not to be called that of now: a board tells it every second."""
        return bool(self.trouble) or now_s - self.heard_s >= _OLD_S

    def code(self, now_s: float) -> int:
        """The exit code for it."""
        return status.UNREACHED if self.status is None or self.is_old(now_s) else status.judge(self.status)


def run(clients: list, options, out=None) -> int:
    """Shows the boards until Ctrl-C or SIGTERM; the exit code for what was seen last."""
    out = out or sys.stdout
    boards = [Seen(client.address) for client in clients]
    came = queue.Queue()
    for number, client in enumerate(clients):  # here and in turn: it may ask for a password
        _begin(boards[number], client, options)
    view = _view(out, options)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        view.begin(boards)
        for number, client in enumerate(clients):
            Feed(number, client, options, came).start()
        while True:
            _take(boards, came, view, time.monotonic)
    except KeyboardInterrupt:
        pass
    finally:
        view.end(boards)
        signal.signal(signal.SIGTERM, before)
    now_s = time.monotonic()
    return max([board.code(now_s) for board in boards])


def _begin(board: Seen, client, options) -> None:
    try:
        board.note(STATUS, client.status(options.lang), time.monotonic())
        for event in client.events(options.lang)[-_KEPT:] if options.events else ():
            board.note(HAPPENED, event, time.monotonic())
    except (KeyError, TypeError):
        pass  # older: it does not tell what happened
    except BoardError as error:
        board.trouble = str(error)


def _view(out, options):
    if options.json:
        return Objects(out)
    return Picture(out, options.events) if out.isatty() else Lines(out, options.events)


def _take(boards: list, came: queue.Queue, view, now) -> None:
    """What came, as soon as it did; a second at most."""
    patience_s, until_s = 1.0, now() + 1.0
    while now() < until_s:
        try:
            number, kind, content = came.get(timeout=patience_s)
        except queue.Empty:
            break
        if kind in (STATUS, HAPPENED, LOST) and boards[number].note(kind, content, now()):
            view.came(boards[number], kind, content)
        patience_s = 0.02  # those of the other boards come at about the same time
    view.tick(boards)
