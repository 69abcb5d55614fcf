"""Tells people who do not look what is wrong with a board (firmware/alerts).

A root file: it wires alerts to the ports.
"""

from firmware import ports
from firmware.alerts.alerts import LOOK_MS, Alerts
from firmware.alerts.letter import Writer
from firmware.alerts.routes import Routes
from firmware.errors import Refused, Undelivered, why
from firmware.ports.notebook import Notebook
from firmware.ports.post import check_post, open_post

_PATIENCE_S = 2  # for a card that hangs, when the board ends
KEYS = ("alert_webhook", "alert_mail", "alert_push", "alert_syslog", "alert_ping")


def places_of(settings) -> list:
    """All that are to be told."""
    places = []
    for key in KEYS:
        places += getattr(settings, key)
    return places


def check(settings) -> None:
    """Raises Refused where this runtime cannot tell anybody."""
    if places_of(settings):
        check_post()


class Herald:
    """The alerts of `board`; `show()` is its snapshot. Nothing of it runs while nobody is to be told."""

    def __init__(self, board, bulkhead, settings, wishes, show):
        self._board = board
        self._bulkhead = bulkhead
        self._settings = settings
        self._post = self._lane = None
        self._running = False
        path = _path(settings)
        self._notebook = None if path is None else Notebook(path, "alerts")
        save = None if path is None else self._save
        writer, note = Writer(self._language), board.events.note
        self.alerts = Alerts(self, writer, show, board.clock, note, save)
        for key in KEYS:
            wishes.announce(key, self._receive)
        self._receive()
        self._told = (None, None) if path is None else self._notebook.read_first()

    def routes(self) -> dict:
        """For Api's `more`."""
        return Routes(self.alerts, self._language).routes()

    def channels(self) -> list:
        """How it stands with every receiver, as GET /api/alerts tells it."""
        return Routes(self.alerts, self._language).channels(self._language())

    def start(self) -> None:
        """The board runs now."""
        self._running = True
        self._bulkhead.run(self._recall)
        self._bulkhead.run(self._tick)

    def stop(self) -> None:
        """It was asked to stop: that its link ends is no news."""
        self._running = False

    def close(self) -> None:
        """It has stopped. Whatever is on its way is not waited for; what is to be kept, is."""
        if self._post is not None:
            self._post.close()
        if self._lane is not None:
            self._lane.close(_PATIENCE_S)

    def send(self, place, letter, done) -> None:
        """See Alerts."""
        try:
            self._open_post()
        except OSError as error:  # no room for another descriptor
            self._bulkhead.soon(done, Undelivered("there is no room for another delivery (%s)" % why(error)), "")
        else:
            self._post.send(place, letter, self._bulkhead.guarded(done))

    def _open_post(self) -> None:
        if self._post is None:
            self._post = open_post(self._bulkhead)

    def _make_ready(self, places: list) -> None:
        """Before there is anything to tell: the card that all is loaded from may be what there is to tell of."""
        try:
            self._open_post()
            self._post.load(places)
        except OSError:  # send() tells
            pass

    def _recall(self) -> None:
        data, error = self._told
        self._told = None
        if error is not None:
            self.alerts.unread(error)
        elif data:
            self.alerts.recall(data)

    def _receive(self, _=None) -> None:
        check(self._settings)
        places = places_of(self._settings)
        self.alerts.receive(places)
        if places:
            self._make_ready(places)

    def _save(self, data: bytes, done) -> None:
        if self._lane is None:
            self._lane = self._bulkhead.lane(self._notebook)
        self._lane.submit(lambda _, error: done(error), "change", lambda before: data)

    def _tick(self) -> None:
        if not self._running:
            return
        self._bulkhead.call_after(LOOK_MS, self._tick)
        if self.alerts.channels:
            self.alerts.look()
        self._board.alarm("alerts_file", self._trouble())
        self._board.alarm("receiver", self.alerts.unreached())

    def _trouble(self) -> str:
        trouble = self.alerts.trouble if self.alerts.channels else ""
        return "%s; after a restart alerts may come once more" % trouble if trouble else ""

    def _language(self) -> str:
        return self._settings.language


def _path(settings) -> "str | None":
    """Where it is kept what was told."""
    if settings.alerts is not None:
        return settings.alerts
    try:
        return None if ports.is_device(settings.journal) else settings.journal + ".alerts"
    except Refused:
        return None
