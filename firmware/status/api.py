"""The web interface of a board: its status, its page, its actions.

    GET  /api/status    the snapshot as JSON
    GET  /              the snapshot as a page
    POST /api/promote   {"force": true}: this board takes over; answers with the report of the promotion
    POST /api/mark      {"name": "before the upgrade"}: names this point of the log; answers {"group": N}

Errors are JSON as well: {"error": sentence}. The board gives `facts()` (snapshot.py), `promote(force, done)` and
`mark(name, done)`, which call `done(report, error)` once, then or later: what they achieved (a dictionary; the
number of a group) and None, or None and Refused.

There is no login here yet, so nothing that a browser would send on behalf of a foreign page is taken: an
action needs a content type that no form can send, and every request a Host that is this board and not
a name that somebody else points here.
"""

from firmware.address import is_loopback
from firmware.errors import ProtocolError, Refused
from firmware.status import flatjson
from firmware.status.answer import JSON, Answer, error_answer, json_answer
from firmware.status.page import page
from firmware.status.snapshot import snapshot

_PAGE_HEADERS = ("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",)


class Api:
    """Answers the requests of all connections for one board: `HttpConversation(api.handle)`.

    `web` is the address that the listener is bound to (firmware/address.py).
    """

    def __init__(self, board, web: tuple):
        self._board = board
        self._web = web
        self._routes = {
            "/": {"GET": self._page},
            "/api/status": {"GET": self._status},
            "/api/promote": {"POST": self._promote},
            "/api/mark": {"POST": self._mark},
        }

    def handle(self, request, answer) -> None:
        """Calls answer(Answer) once, now or when the board is done."""
        refusal = self._refusal(request)
        if refusal is not None:
            answer(refusal)
            return
        method = "GET" if request.method == "HEAD" else request.method
        try:
            self._routes[request.path][method](request, answer)
        except Exception as error:  # a bug in what is shown must not stop the mirroring
            answer(error_answer(500, "this is a bug of the board: %r" % error))

    def _refusal(self, request) -> "Answer | None":
        if not self._is_own(request.host):
            return error_answer(403, "this board does not go by that Host; use its own address")
        if request.path not in self._routes:
            return error_answer(404, "there is nothing here; look at /api/status")
        methods = self._routes[request.path]
        if request.method in methods or (request.method == "HEAD" and "GET" in methods):
            return None
        allowed = "POST" if "POST" in methods else "GET, HEAD"
        return error_answer(405, "this takes %s only" % allowed, ("Allow: " + allowed,))

    def _is_own(self, host: "str | None") -> bool:
        """Whether a Host header names this board; its port may be a tunnel's."""
        if self._web[0] == "unix" or host is None:  # neither comes from a browser
            return True
        name = (host[1:].partition("]") if host.startswith("[") else host.partition(":"))[0].lower()
        return name == self._web[1] or is_loopback(name)

    # Routes

    def _page(self, request, answer) -> None:
        body = page(snapshot(self._board)).encode()
        answer(Answer(200, body, "text/html; charset=utf-8", _PAGE_HEADERS))

    def _status(self, request, answer) -> None:
        answer(json_answer(200, snapshot(self._board)))

    def _promote(self, request, answer) -> None:
        _act(request, answer, _force, self._board.promote, dict)

    def _mark(self, request, answer) -> None:
        _act(request, answer, _name, self._board.mark, lambda number: {"group": number})


def _act(request, answer, read, action, report) -> None:
    """Does `action` with what `read(request)` finds in the body, and answers with `report` of its outcome."""
    try:
        wish = read(request)
    except _NotJson:
        answer(error_answer(415, "send the action as " + JSON))
        return
    except ProtocolError as error:
        answer(error_answer(400, str(error)))
        return

    def done(outcome, error) -> None:
        if error is None:
            answer(json_answer(200, report(outcome)))
        else:
            answer(error_answer(409 if isinstance(error, Refused) else 500, str(error)))

    try:
        action(wish, done)
    except Refused as error:
        done(None, error)


class _NotJson(Exception):
    pass


def _member(request, name: str, default):
    """What the action's body says of `name`, the only thing that it may speak of."""
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise _NotJson
    body = flatjson.parse(request.body)
    for found in body:
        if found != name:
            raise ProtocolError('the body has something other than "%s"' % name)
    return body.get(name, default)


def _force(request) -> bool:
    """The `force` of an action's body; False when it does not say."""
    force = _member(request, "force", False)
    if force is not True and force is not False:
        raise ProtocolError('"force" is true or false')
    return force


def _name(request) -> str:
    name = _member(request, "name", None)
    if not isinstance(name, str):
        raise ProtocolError('"name" is missing: send {"name": "before the upgrade"}')
    return name
