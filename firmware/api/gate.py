"""Who may do what at the page of a board with a password, and how a browser logs in.

    GET  /api/session   {"logged_in", "may_look", "token", "sentence", "updates"}: the sentence says why nobody can log
                        in, or ""; whether the board takes updates
    POST /api/login     {"password": ..}: {"token"} and a cookie; whatever session the browser had before is over
    POST /api/logout    {}: the session is over

Programs send the password with every request (HTTP Basic, login.py). A browser sends it once and then its cookie
(sessions.py), and with every POST the token too, in X-Sosie-Token: a page of somebody else can make the browser send
the cookie, but cannot know the token. Looking may be open to anybody (`look = anyone`); the files of the page always
are, for they hold nothing of the board.
"""

from firmware.api import actions
from firmware.api.sessions import LIFE_MS, same
from firmware.httpd import cookie
from firmware.httpd.answer import Answer, error_answer, json_answer

PUBLIC = ("/", "/update", "/api/session", "/api/login", "/api/logout")
PUBLIC_FOLDERS = ("/web/", "/texts/")
LOOKING = ("/plain", "/api/status", "/api/live", "/api/events", "/api/series", "/metrics")
_SAFE = ("GET", "HEAD")
# Browsers do not know it, and so do not ask for a password in a window of their own.
_ASK_PAGE = ('WWW-Authenticate: Session realm="Sosie"',)
_NO_TOKEN = "send the token of this session as X-Sosie-Token; GET /api/session tells it"


class Gate:
    """Admits requests as Login does. `login` is the Login, `sessions` the Sessions, `anyone()` says whether everybody
    may look, `cookie_name` is cookie.name_of(..)."""

    def __init__(self, login, sessions, anyone, cookie_name: str, takes_updates: bool = False):
        self._login = login
        self._sessions = sessions
        self._anyone = anyone
        self._name = cookie_name
        self._takes_updates = takes_updates

    def admit(self, request, caller: str, decided) -> None:
        """decided(None), or decided(Answer). A request that goes on has `still()`: whether it would be let in now."""
        request.caller = caller
        session = self._session(request)
        request.stays = session is not None
        if _is_public(request.path):
            decided(None)
        elif session is not None and request.method not in _SAFE and not same(request.token, session.token):
            decided(error_answer(403, _NO_TOKEN))
        elif request.authorization is None and session is not None:
            request.still = lambda: self._sessions.holds(session)
            decided(None)
        elif request.authorization is None and self._is_open(request):
            request.still = self._anyone
            decided(None)
        else:
            self._login.admit(request, caller, lambda refusal: decided(_reworded(refusal, request)))

    def _is_open(self, request) -> bool:
        return request.method in _SAFE and request.path in LOOKING and self._anyone()

    def _session(self, request):
        return self._sessions.find(self._value(request))

    def _value(self, request) -> "str | None":
        return cookie.find(request.cookies, self._name) if request.cookies else None

    # Routes

    def routes(self) -> dict:
        """For Api's `more`."""
        return {
            "/api/session": {"GET": self._tell},
            "/api/login": {"POST": self._log_in},
            "/api/logout": {"POST": self._log_out},
        }

    def _tell(self, request, answer) -> None:
        session = self._session(request)
        known = session is not None
        answer(json_answer(200, {
            "logged_in": known,
            "may_look": known or self._anyone(),
            "token": session.token if known else "",
            "sentence": self._login.trouble(),
            "updates": self._takes_updates,
        }))  # fmt: skip

    def _log_in(self, request, answer) -> None:
        def judge(password, done) -> None:
            self._login.judge(request, password, lambda refusal, edition: judged(refusal, edition, done))

        def judged(refusal, edition, done) -> None:
            if refusal is not None:
                answer(_reworded(refusal, request, True))
                return
            self._sessions.end(self._value(request))
            value, session = self._sessions.begin(edition)
            line = cookie.line(self._name, value, LIFE_MS // 1000)
            answer(json_answer(200, {"token": session.token}, (line,)))

        actions.act(request, answer, actions.password, judge, None)

    def _log_out(self, request, answer) -> None:
        session = self._session(request)
        if session is not None and not same(request.token, session.token):
            answer(error_answer(403, _NO_TOKEN))
            return
        def end(wish, done) -> None:
            self._sessions.end(self._value(request))
            answer(json_answer(200, {}, (cookie.line(self._name, "", 0),)))

        actions.act(request, answer, actions.nothing, end, None)


class OpenGate:
    """The routes of a board without keys: on the loopback, with nobody to be told apart."""

    def __init__(self, takes_updates: bool = False):
        self._takes_updates = takes_updates

    def routes(self) -> dict:
        """For Api's `more`."""
        nothing = {"POST": lambda request, answer: answer(error_answer(409, "this board asks for no password"))}
        return {"/api/session": {"GET": self._tell}, "/api/login": nothing, "/api/logout": nothing}

    def _tell(self, request, answer) -> None:
        content = {"logged_in": True, "may_look": True, "token": "", "sentence": "", "updates": self._takes_updates}
        answer(json_answer(200, content))


def _is_public(path: str) -> bool:
    return path in PUBLIC or any(path.startswith(folder) for folder in PUBLIC_FOLDERS)


def _reworded(refusal, request, from_page: bool = False):
    """A refusal for the script of a page must not make the browser open a window of its own."""
    if refusal is None or refusal.status != 401:
        return refusal
    if from_page or request.cookies or request.fetch_mode not in (None, "navigate"):
        return Answer(401, refusal.body, refusal.content_type, _ASK_PAGE)
    return refusal
