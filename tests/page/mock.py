"""A stand-in of the board's web server for the page: its files, recorded situations, the stream; what tests turn.

python -m tests.page.mock [SCENE] [PORT]     to look at it with a browser of your own
"""

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from firmware.api.live import frame
from firmware.status import texts
from firmware.status.chronicle.layout import Event
from firmware.status.events import content
from tests.page import scenes

WEB = Path(__file__).resolve().parents[2] / "firmware/api/web"
TEXTS = {language: texts.page(language) for language in texts.LANGUAGES}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
         ".txt": "text/plain"}  # fmt: skip
PASSWORD = "a password of these tests"
TOKEN = "token-of-this-session"


class Mock:
    """The server in a thread. `scene`, `change(status)`, `silent` and `look` are turned while it runs."""

    def __init__(self, scene="healthy", port=0):
        self.scene = scene
        self.change = lambda status: None
        self.silent = False  # the stream is there and says nothing
        self.look = None  # None: no keys; "login" or "anyone"
        self.logged_in = False
        self.posts = []
        self.answers = {}  # (method, path) -> (status, content), instead of what is usual
        self.settings = {"rate": "20M", "quota": "0", "rpo": "15m", "language": "en", "look": "login", "alert_mail": "",
                         "alert_push": "", "alert_webhook": "", "alert_syslog": "", "alert_ping": ""}  # fmt: skip
        self.channels = []
        self.update = {"state": "idle", "sentence": "no update was sent to this board", "version": "0.2.0",
                       "slot": "a"}  # fmt: skip
        self.events = scenes.events()
        self.uploaded = 0
        self._open = set()
        self._server = None
        self.port = port
        self.start()

    def start(self) -> None:
        """Listens; after stop() on the same port again."""
        handler = type("Bound", (_Handler,), {"mock": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Gone, with every connection: as when the board lost its power."""
        server, self._server = self._server, None
        if server is None:
            return
        server.gone = True
        server.shutdown()
        server.server_close()
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def url(self) -> str:
        return "http://127.0.0.1:%d/" % self.port

    def status(self, language: str) -> dict:
        status = scenes.snapshot(self.scene, language)
        self.change(status)
        return status

    def happen(self, sentence: str, **more) -> None:
        """An event; the stream tells of it."""
        self.events.append(Event(scenes.now_ms(), sentence, id=self.events[-1].id + 1, **more))

    @property
    def may_look(self) -> bool:
        return self.look in (None, "anyone") or self.logged_in

    @property
    def may_act(self) -> bool:
        return self.look is None or self.logged_in


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    gone = False

    def handle_error(self, request, client_address):
        pass  # a browser that goes away is no error here


class _Handler(BaseHTTPRequestHandler):
    mock = None

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.mock._open.add(self.connection)

    def finish(self):
        self.mock._open.discard(self.connection)
        super().finish()

    def _send(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
                            ("Content-Security-Policy", CSP), ("Connection", "close")):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        known = self.mock.answers.get(("GET", url.path))  # once: a test may take it away meanwhile
        if known is not None:
            self._send(*known)
        elif url.path == "/" or url.path.startswith("/web/"):
            self._file("index.html" if url.path == "/" else url.path[5:])
        elif url.path.startswith("/texts/"):
            self._send(200, TEXTS[url.path[7:9]])
        elif url.path == "/api/session":
            self._send(200, {"logged_in": self.mock.may_act, "may_look": self.mock.may_look,
                             "token": TOKEN if self.mock.logged_in else ""})  # fmt: skip
        elif not self.mock.may_look:
            self._send(401, {"error": "log in first"})
        else:
            self._look(url.path, query)

    def _look(self, path, query):
        mock, language = self.mock, query.get("lang", "en")
        if path == "/api/live":
            self._live(language)
        elif path == "/api/status":
            self._send(200, mock.status(language))
        elif path == "/api/series":
            self._send(200, scenes.series(query["span"], int(query["points"]), mock.scene))
        elif path == "/api/events":
            self._send(200, {"events": [content(event, event.sentence) for event in mock.events]})
        elif path == "/api/settings":
            self._send(200, {"settings": mock.settings})
        elif path == "/api/alerts":
            self._send(200, {"channels": mock.channels, "standing": [], "sentence": ""})
        elif path == "/api/update":
            self._send(200, mock.update)
        else:
            self._send(404, {"error": "there is nothing here; look at /api/status"})

    def _file(self, name):
        path = WEB / name
        if path.parent != WEB or not path.is_file():
            self._send(404, {"error": "there is nothing here"})
        else:
            self._send(200, path.read_bytes(), KINDS[path.suffix])

    def _live(self, language):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        told = self.mock.events[-1].id
        while not self.server.gone:
            if not self.mock.silent:
                self._say("status", self.mock.status(language))
                for event in [each for each in self.mock.events if each.id > told]:
                    self._say("happened", content(event, event.sentence))
                    told = event.id
            time.sleep(0.25)

    def _say(self, kind, its):
        self.wfile.write(frame(kind, its))
        self.wfile.flush()

    def do_POST(self):
        length, path, mock = int(self.headers["Content-Length"]), urlsplit(self.path).path, self.mock
        body, known = self.rfile.read(length), mock.answers.get(("POST", path))
        if path == "/api/update" and known is None:
            mock.uploaded = length
            self._send(202, {"state": "checking", "sentence": "the update was received whole and is being checked"})
            return
        wish = None if path == "/api/update" else json.loads(body)
        mock.posts.append((path, wish, self.headers.get("X-Sosie-Token")))
        if known is not None:
            self._send(*known)
        elif path == "/api/login":
            self._login(wish)
        elif not mock.may_act or (mock.logged_in and self.headers.get("X-Sosie-Token") != TOKEN):
            self._send(401, {"error": "log in first"})
        else:
            self._act(path, wish)

    def _login(self, wish):
        if wish["password"] == PASSWORD:
            self.mock.logged_in = True
            self._send(200, {"token": TOKEN})
        else:
            self._send(401, {"error": "this is not the password"})

    def _act(self, path, wish):
        mock = self.mock
        if path == "/api/logout":
            mock.logged_in = False
            self._send(200, {})
        elif path == "/api/promote":
            mock.scene = "promoted"
            self._send(200, {"generation": 2, "group": 1135800, "missing_groups": 3})
        elif path == "/api/mark":
            self._send(200, {"group": 1135801})
        elif path == "/api/settings":
            self._set(wish)
        elif path == "/api/alerts/test":
            self._send(200, {"sentence": "The test was not taken everywhere.", "channels": scenes.tested()})
        elif path == "/api/update/restart":
            self._send(200, {"sentence": "the board restarts into the update"})

    def _set(self, wish):
        for key, value in wish.items():
            if value == "nonsense":
                self._send(400, {"error": "%s: this is not a rate; write for example 2M" % key, "key": key})
                return
        self.mock.settings |= wish
        if wish.get("alert_webhook"):
            self.mock.channels.append(scenes.receiver("webhook", wish["alert_webhook"]))
        self._send(200, {"settings": self.mock.settings})


if __name__ == "__main__":
    mock = Mock(*sys.argv[1:2], port=int((sys.argv[2:] or ["8099"])[0]))
    print(mock.url)
    while True:
        time.sleep(60)
