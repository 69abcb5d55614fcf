"""The web interface of a board: its status, its page, its actions.

    GET  /api/status    the snapshot as JSON
    GET  /              the page, and /web/NAME its files: httpd/static.py
    GET  /plain         the snapshot as a page without a script
    POST /api/promote   {"force": true}: this board takes over; answers with the report of the promotion
    POST /api/mark      {"name": "before the upgrade"}: names this point of the log; answers {"group": N}
    /api/update         takes an update file: updates.py

Errors are JSON as well: {"error": sentence}. The board gives `facts()` (status/snapshot.py), `promote(force, done)` and
`mark(name, done)`, which call `done(report, error)` once, then or later: what they achieved (a dictionary; the
number of a group) and None, or None and Refused.

With keys a request needs the password, or the session of who gave it (gate.py, login.py). Without them the page is on
the loopback only, and asks for nothing; so nothing that a browser would send on behalf of a foreign page is taken: an
action needs a content type that no form can send, and every request a Host that is this board and not a name that
somebody else points here. With a password that check can go: a browser sends it only to the name that it was typed for.
In both cases an action that says that it comes from another page (Origin) is refused.
"""

from firmware.address import is_loopback
from firmware.api import actions
from firmware.api.plain import page
from firmware.httpd.answer import Answer, error_answer, json_answer
from firmware.httpd.static import PLACE, POLICY
from firmware.status.snapshot import snapshot

_HTML = "text/html; charset=utf-8"
_SAFE = ("GET", "HEAD")
_LASTING = ("/api/live",)  # answers that are looked at for long
_NO_UPDATES = "this board takes no updates here: it was not started from a card that flash.sh made"


class Api:
    """Answers the requests of all connections for one board: `HttpConversation(api.handle, api.admit)`.

    `web` is the address that the listener is bound to (firmware/address.py); `login` a Login or a Gate where there is a
    password, `updates` Updates where the board can take any; `more`: further routes, {path: {method: handler(request,
    answer)}}; a path that ends in a slash stands for all below it, unless they have one of their own. `static`: a
    Static; `show(language)`: the snapshot in words of that language.
    """

    def __init__(self, board, web: tuple, login=None, updates=None, more=None, static=None, show=None):
        self._board = board
        self._web = web
        self._login = login
        self._updates = updates
        self._show = show or (lambda language: snapshot(board))
        self._routes = {
            "/": {"GET": self._page},
            "/plain": {"GET": self._page},
            "/api/status": {"GET": self._status},
            "/api/promote": {"POST": self._promote},
            "/api/mark": {"POST": self._mark},
            "/update": {"GET": self._to_updates},
            "/api/update": {"GET": self._update, "POST": self._no_updates},
            "/api/update/restart": {"POST": self._restart},
        }
        if static is not None:
            self._routes["/"] = {"GET": static.index}
            self._routes[PLACE] = {"GET": static.file}
        self._routes.update(more or {})

    def admit(self, request, decided, caller: str = "") -> None:
        """Whether the request may go on, and where its body goes; see HttpConversation. `caller`: where it is from."""
        if self._login is None:
            request.stays = request.method not in _SAFE or request.path in _LASTING
            self._let_in(request, decided)
        else:
            login_decided = self._after_login(request, decided)
            self._login.admit(request, caller, login_decided)

    def _after_login(self, request, decided):
        def login_decided(refusal) -> None:
            if refusal is not None:
                decided(refusal)
            else:
                self._let_in(request, decided)

        return login_decided

    def _let_in(self, request, decided) -> None:
        refusal = self._refusal(request)
        if refusal is not None:
            decided(refusal)
        elif self._updates is not None and (request.method, request.path) == ("POST", "/api/update"):
            self._updates.admit(request, decided)
        else:
            decided(None)

    def handle(self, request, answer) -> None:
        """Calls answer(Answer) once, now or when the board is done."""
        refusal = self._refusal(request)
        if refusal is not None:
            answer(refusal)
            return
        method = "GET" if request.method == "HEAD" else request.method
        try:
            self._methods(request.path)[method](request, answer)
        except Exception as error:  # a bug in what is shown must not stop the mirroring
            answer(error_answer(500, "this is a bug of the board: %r" % error))

    def _refusal(self, request) -> "Answer | None":
        if not self._is_own(request.host):
            return error_answer(403, "this board does not go by that Host; use its own address")
        methods = self._methods(request.path)
        if methods is None:
            return error_answer(404, "there is nothing here; look at /api/status")
        if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
            allowed = ", ".join((["GET", "HEAD"] if "GET" in methods else []) + (["POST"] if "POST" in methods else []))
            return error_answer(405, "this takes %s only" % allowed, ("Allow: " + allowed,))
        if request.method == "POST" and not _is_from_own_page(request):
            return error_answer(403, "another page asks for this; use the page of this board")
        return None

    def _methods(self, path: str) -> "dict | None":
        """{method: handler} of what is at `path`; None: nothing."""
        methods = self._routes.get(path)
        if methods is None and len(path) > 1:
            methods = self._routes.get(path[: path.rfind("/", 1) + 1])
        return methods

    def _is_own(self, host: "str | None") -> bool:
        """Whether a Host header names this board; its port may be a tunnel's."""
        if self._login is not None or self._web[0] == "unix" or host is None:  # the last two: not from a browser
            return True
        name = (host[1:].partition("]") if host.startswith("[") else host.partition(":"))[0].lower()
        return name == self._web[1] or is_loopback(name)

    # Routes

    def _page(self, request, answer) -> None:
        body = page(self._show(request.query.get("lang", ""))).encode()
        answer(Answer(200, body, _HTML, (POLICY,)))

    def _status(self, request, answer) -> None:
        answer(json_answer(200, self._show(request.query.get("lang", ""))))

    def _promote(self, request, answer) -> None:
        actions.act(request, answer, actions.force, self._board.promote, dict)

    def _mark(self, request, answer) -> None:
        actions.act(request, answer, actions.name, self._board.mark, lambda number: {"group": number})

    # Updates

    def _no_updates(self, request, answer) -> None:
        answer(error_answer(404, _NO_UPDATES))

    def _to_updates(self, request, answer) -> None:
        """GET /update: where people go who know this address by heart."""
        answer(Answer(302, b"", _HTML, ("Location: /#update",)))

    def _update(self, request, answer) -> None:
        if self._updates is None:
            self._no_updates(request, answer)
        else:
            self._updates.report(request, answer)

    def _restart(self, request, answer) -> None:
        if self._updates is None:
            self._no_updates(request, answer)
        else:
            actions.act(request, answer, actions.nothing, self._updates.restart, lambda words: {"sentence": words})


def _is_from_own_page(request) -> bool:
    """Whether no browser says that another page asks for this."""
    if request.origin is None:
        return True
    return request.host is not None and request.origin.partition("://")[2].lower() == request.host.lower()
