"""What shows a board and what it tells: the page, and every other surface that is switched on by its settings.

A root file: it wires the surfaces to the ports. The appliance makes one of these and starts, stops and closes it. A
surface that cannot be made, or breaks, is an alarm of the board and never more than that: mirroring goes on. What a
surface does by itself, later, is behind its bulkhead (bulkhead.py).
"""

from firmware.api.metrics import Metrics
from firmware.bulkhead import Bulkhead, wait_for
from firmware.chronicler import Chronicler
from firmware.errors import Refused
from firmware.foresight import Foresight
from firmware.herald import Herald, check
from firmware.matchmaker import Locksmith
from firmware.ports.notebook import Notebook
from firmware.quotabook import QuotaBook
from firmware.status.pulse import Pulse
from firmware.status.shown import Shown
from firmware.wishes import MOST_ALARMS, Wishes

_PATIENCE_S = 5  # with a card that hangs


class Surfaces:
    """The surfaces of `board`. `website` is the Website of its `web` address, None without one.

    `live` is the Live of the page, None without one; `wishes` are the settings that may change (wishes.py). A part is
    made with `_add(word, make)`; it may have start(), stop() and close(), and routes() for the API (api/api.py):
    {path: {method: handler(request, answer)}}. `stop()` ends the board as SIGTERM does; `shown` is a Shown.
    """

    def __init__(self, board, loop, settings, website=None, stop=None, shown=None):
        self._board = board
        self._loop = loop
        self._settings = settings
        self._website = website
        self._stop_board = stop
        self._shown = shown or Shown(board, board.clock.now_ms)
        self.live = None if website is None else website.live
        self._notebook = self._lane = None  # of the settings file
        self._parts = []  # (word, part)
        self._bulkheads = []
        self._routes = {}
        self.wishes = self._add("settings", self._make_wishes)
        if self.wishes is None:
            self.wishes = self._add("settings", self._wishes_without_place)
        self._make_parts()
        self._guarded("settings", self._begin_wishes)
        if settings.quota_file is not None:  # what its record says is weighed by the quota that counts
            self._add("quota_file", self._make_quota_book)
        if website is not None:
            self._guarded("page", self._open_website)

    def _make_parts(self) -> None:
        """Here every other surface has its line."""
        self.wishes.announce("rate", self._board.pace.set_rate)
        self.wishes.announce("quota", self._board.pace.set_quota)
        self.wishes.announce("rpo")
        self.wishes.announce("language")
        board, settings, show, behind = self._board, self._settings, self._shown.get, self._bulkhead
        if board.pairing is not None:
            self._add("pairing", lambda: Locksmith(board, behind("pairing")))
        self._add("pulse", lambda: Pulse(board, behind("pulse").call_after, show))
        self._add("forecast", lambda: Foresight(board, behind("forecast").call_after))
        self._add("health", self._make_health)
        check(settings)
        herald = self._add("herald", lambda: Herald(board, behind("herald"), settings, self.wishes, show))
        self._add("metrics", lambda: Metrics(show, None if herald is None else herald.channels))
        self._add("chronicle", lambda: Chronicler(board, behind("chronicle"), settings.chronicle, self.live))
        if settings.lights or settings.button or settings.display:
            self._add("panel", self._make_panel)

    def _make_panel(self):
        try:
            from board.panel.panel import Panel
        except (ImportError, SyntaxError):
            raise Refused("it needs Linux and CPython")
        behind = self._bulkhead("panel")
        return Panel(self._board, self._settings, behind.lane, behind.call_after, self._stop_board,
                     show=self._shown.get)  # fmt: skip

    def _make_health(self):
        """None where there is no CPython, whose drivers those are."""
        try:
            from board.health.watch import Health, Reader
        except (ImportError, SyntaxError):  # that runtime does not even read all of Python
            return None
        reader = Reader(self._settings.disk, self._settings.journal)
        behind = self._bulkhead("health")
        return Health(self._board, behind.lane(reader), behind.call_after)

    def _make_quota_book(self) -> QuotaBook:
        board, path, behind = self._board, self._settings.quota_file, self._bulkhead("quota_file")
        file = Notebook(path, "quota_file")
        data, error = file.read_first()
        return QuotaBook(board.pace, path, behind.lane(file), behind.call_after,
                         lambda sentence: board.alarm("quota_file", sentence), data, error)  # fmt: skip

    def _make_wishes(self) -> Wishes:
        path = self._settings.settings
        if path is None:
            return self._wishes(None)
        behind = self._bulkhead("settings")
        self._notebook = Notebook(path, "settings")
        self._lane = behind.lane(self._notebook)
        return self._wishes(self._lane.submit, call_after=behind.call_after)

    def _wishes_without_place(self) -> Wishes:
        """Where that cannot be: all others need them. What the file says counts, and nothing can be changed."""
        return self._wishes(None, self._board.alarms.get("settings", ""))

    def _wishes(self, submit, trouble: str = "", call_after=None) -> Wishes:
        board = self._board

        def alarm(sentences: list) -> None:
            for number in range(MOST_ALARMS):
                sentence = sentences[number] if number < len(sentences) else "" if number else trouble
                board.alarm("settings %d" % (number + 1) if number else "settings", sentence)

        wishes = Wishes(self._settings, submit, board.events.note, alarm, call_after)
        wishes.announce("look")
        return wishes

    def _begin_wishes(self) -> None:
        """Before the board starts, so that nothing is done by settings that do not count."""
        if self._notebook is None:
            self.wishes.begin(None)
        else:
            self.wishes.begin(*self._notebook.read_first())

    def _open_website(self) -> None:
        settings = self._settings
        self._website.open(self._board, self._routes, lambda: settings.look == "anyone", self._shown)

    def _bulkhead(self, word: str) -> Bulkhead:
        self._bulkheads.append(Bulkhead(word, self._loop, self._board.alarm))
        return self._bulkheads[-1]

    def _add(self, word: str, make):
        """The part that make() returns, None when it cannot be; `word` says which one it is."""
        part = self._guarded(word, make)
        if part is not None:
            self._parts.append((word, part))
            if hasattr(part, "routes"):
                self._routes.update(part.routes())
        return part

    def start(self) -> None:
        """The board runs now."""
        self._tell_all("start")

    def stop(self) -> None:
        """It was asked to stop, and still has to bring what it holds to its disk."""
        self._tell_all("stop")

    def close(self) -> None:
        """It has stopped: threads end."""
        self._tell_all("close")
        if self._lane is not None:
            self._lane.close(_PATIENCE_S)
        if self._website is not None:
            self._guarded("page", lambda: self._bulkheads.append(self._website.leave()))
        self._guarded("end", lambda: wait_for(self._bulkheads))

    def _tell_all(self, what: str) -> None:
        for word, part in self._parts:
            call = getattr(part, what, None)
            if call is not None:
                self._guarded(word, call)

    def _guarded(self, word: str, call):
        try:
            return call()
        except Exception as error:  # whatever it is: a surface is not worth the mirror
            self._board.alarm(word, "%s does not work (%s)" % (word, error))
            return None
