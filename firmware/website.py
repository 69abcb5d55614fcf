"""What answers at a board's `web` address: the page and the API; with keys over TLS and behind a login.

A root file: it wires the pages (firmware/api) to the ports.
"""

from firmware import ports
from firmware.api.api import Api
from firmware.api.dictionary import Dictionary
from firmware.api.gate import Gate, OpenGate
from firmware.api.interpreter import Interpreter
from firmware.api.live import Live
from firmware.api.login import Login
from firmware.api.sessions import Sessions
from firmware.api.updates import Updates
from firmware.bulkhead import Bulkhead, wait_for
from firmware.errors import Refused
from firmware.httpd.conversation import HttpConversation
from firmware.httpd.cookie import name_of
from firmware.httpd.static import Static
from firmware.link.secure import FIRST_PIECE, Secure
from firmware.ports import environment
from firmware.ports.inbox import Inbox
from firmware.ports.shelf import Shelf
from firmware.status.shown import Shown
from firmware.status.snapshot import snapshot
from firmware.status.texts import LANGUAGES
from firmware.status.translation import load as load_languages
from firmware.status.translation import translate

_REPORT = "/run/sosie/update.json"
_LOOK_MS = 2000
_PASSWORD_MS = 1000
_PATIENCE_S = 5  # with what is under way at the end: nobody waits for a surface
BURST = 8  # visitors in a tenth of a second (ports.Listener): with keys each costs milliseconds on a small board


class Website:
    """Serves `board` once open() was called; until then, and again after close(), callers are turned away.

    `web` is the address that its listener waits at, `credentials` what ports.open_keys(folder) gave for the keys
    folder, or None. Where the environment names a folder for updates (SOSIE_UPDATES), they are taken. `live` is what
    open pages get (api/live.py).
    """

    def __init__(self, loop, web: tuple, credentials=None, folder: "str | None" = None):
        self._web = web
        self._credentials = credentials
        self._folder = folder
        self._board = None
        self._shown = None
        self._api = None
        self._lanes = []
        self._bulkhead = behind = Bulkhead("page", loop, self._board_alarm)
        languages = ("",) + LANGUAGES
        self.live = Live(self._show_again, behind.call_after, ports.now_ms, languages, translate)

    def open(self, board, more=None, anyone=None, shown=None) -> None:
        """`board` is what Api takes; `more` are routes of others (api/api.py); anyone(): who looks needs no
        password; `shown` is a Shown of the board. Starts threads."""
        load_languages()
        self._board = board
        self._shown = shown or Shown(board, ports.now_ms)
        updates, static = self._make_updates(board), Static(self._read_files)
        gate, routes = self._make_gate(board, anyone or (lambda: False), updates is not None)
        routes.update(self.live.routes())
        routes.update(Dictionary().routes())
        routes.update(more or {})
        self._api = Interpreter(Api(board, self._web, gate, updates, routes, static, self._show), translate)

    def _show(self, language: str) -> dict:
        """For who asks: what is true now, also right after something was done."""
        return snapshot(self._board, language)

    def _show_again(self, language: str) -> dict:
        """For who looks all the time."""
        return self._shown.get(language)

    def _board_alarm(self, source: str, sentence: str) -> None:
        self._board.alarm(source, sentence)

    def _read_files(self, done) -> None:
        lane = self._lane(Shelf(environment.FOLDER + "/api/web"))

        def read(files, error) -> None:
            self._lanes.remove(lane)
            lane.close()
            done(files, error)

        lane.submit(read, "load")

    def close(self) -> None:
        """Ends its threads."""
        wait_for([self.leave()])

    def leave(self) -> Bulkhead:
        """The same, but for waiting: the Bulkhead is what is to be waited for."""
        self._api = None
        for lane in self._lanes:
            lane.close(_PATIENCE_S)
        self._lanes = []
        return self._bulkhead

    def visitor(self, caller: str):
        """The conversation with who came from the address `caller`; None while there is nothing to show."""
        api = self._api
        if api is None:
            return None
        try:
            page = self._conversation(api, caller)
        except Refused:
            return None  # what is wrong with the keys is told by who looks after them (guard.py)
        except Exception as error:  # whatever it is: it costs one visitor
            self._bulkhead.broke(error)
            return None
        page.bug = self._bulkhead.broke
        return page

    def _conversation(self, api, caller: str):
        behind = self._bulkhead
        # Answers are given from the midst of others' work: a promotion, a commit, a lane.
        page = HttpConversation(
            lambda request, answer: api.handle(request, behind.guarded(answer)),
            lambda request, decided: api.admit(request, decided, caller),
        )  # fmt: skip
        if self._credentials is None:
            return page
        return Secure(page, self._credentials.page_session(), most=FIRST_PIECE)  # whoever comes may have few bytes

    def _lane(self, worker):
        lane = self._bulkhead.lane(worker)
        self._lanes.append(lane)
        return lane

    def _make_gate(self, board, anyone, takes_updates: bool) -> tuple:
        """(who is let in, None: anybody; its routes)."""
        if self._credentials is None:
            return None, OpenGate(takes_updates).routes()
        login = self._make_login(board)
        sessions = Sessions(login.edition, ports.now_ms, ports.random_bytes)
        gate = Gate(login, sessions, anyone, name_of(self._web), takes_updates)
        return gate, gate.routes()

    def _make_login(self, board) -> Login:
        from firmware.ports.cpython.password import PasswordFile

        file = PasswordFile(self._folder + "/password")
        lane = self._lane(file)

        def check(password, done) -> None:
            lane.submit(done, "check", password)

        def look() -> None:
            if self._api is not None:
                lane.submit(looked, "look")

        def looked(result, error) -> None:
            self._bulkhead.call_after(_PASSWORD_MS, look)

        looked(None, None)
        return Login(check, file.edition, ports.now_ms, ports.random_bytes(16), board.events.note)

    def _make_updates(self, board) -> "Updates | None":
        folder = environment.variable("SOSIE_UPDATES")
        if folder is None:
            return None
        inbox = Inbox(folder, environment.variable("SOSIE_UPDATE_STATE") or _REPORT)
        updates = Updates(self._lane(inbox).submit, lambda: board.facts()["version"], board.events.note)

        def look() -> None:
            if self._api is not None:
                self._bulkhead.call_after(_LOOK_MS, look)
                updates.look()

        self._bulkhead.call_after(_LOOK_MS, look)
        return updates
