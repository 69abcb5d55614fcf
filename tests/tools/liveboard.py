"""A board of cardboard that is alive: it tells its status every second, and at once when it changes."""

import http.server
import json
import threading


class LiveBoard:
    """Answers /api/status, /api/events and /api/live; `says(status)` and `happens(event)` are told on every stream.

    `streams`: whether there are any; `silent`: it tells nothing by itself; `refusal`: (code, answer) to everything.
    `asked` are the paths."""

    def __init__(self, status: dict, events=()):
        self.streams, self.silent, self.refusal = True, False, None
        self.asked = []
        self._status, self._events = status, list(events)
        self._news = threading.Condition()
        self._told = []
        self._is_over = False
        self._open = set()
        board = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                board._answer(self)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def says(self, status: dict) -> None:
        self._status = status
        self._tell("status", status)

    def happens(self, event: dict) -> None:
        self._tell("happened", event)

    def end(self) -> None:
        """Nobody listens at its address any more, and nobody is told anything."""
        self._server.shutdown()
        self._server.server_close()
        self._is_over = True
        self._tell(None, None)

    def _tell(self, event, content) -> None:
        with self._news:
            self._told.append((event, content))
            self._news.notify_all()

    def _answer(self, handler) -> None:
        place = len(self._told)  # whoever sees it asked may tell at once, before the stream begins
        self.asked.append(handler.path)
        path = handler.path.partition("?")[0]
        if self.refusal:
            self._send(handler, *self.refusal)
        elif path == "/api/status":
            self._send(handler, 200, self._status)
        elif path == "/api/events":
            self._send(handler, 200, {"events": self._events})
        elif path == "/api/live" and self.streams:
            self._stream(handler, place)
        else:
            self._send(handler, 404, {"error": "there is nothing here; look at /api/status"})

    def _send(self, handler, code: int, answer) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _stream(self, handler, place: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.end_headers()
        self._write(handler, "status", self._status)
        while True:
            place, event, content = self._next(place)
            if event is None or self._is_over:
                return
            try:
                self._write(handler, event, content)
            except OSError:
                return

    def _next(self, place: int) -> tuple:
        """(next place, event, content): what is told at that place, or after a second what it tells anyway."""
        with self._news:
            while not self._news.wait_for(lambda: len(self._told) > place, 1):
                if not self.silent:
                    return place, "status", self._status
            return (place + 1, *self._told[place])

    def _write(self, handler, event: str, content) -> None:
        handler.wfile.write(("event: %s\ndata: %s\n\n" % (event, json.dumps(content))).encode())
        handler.wfile.flush()
