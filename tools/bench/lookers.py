"""Browsers at a board's page: `python -m tools.bench.lookers PORT PAGES CROWD PASSWORD`, until SIGTERM.

PAGES live pages over TLS that read all they get, and a CROWD of connections that never say a word and come back a while
after they are closed. Says "open" when the pages are, and at the end as JSON what each of them got.
"""

import base64
import json
import select
import signal
import socket
import ssl
import sys
import time

BACK_AFTER_S = 5
ASK = "GET /api/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\n\r\n"


class Page:
    """One open page."""

    def __init__(self, port, password):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 30))
        login = base64.b64encode(b"x:" + password.encode()).decode()
        self.socket.sendall((ASK % login).encode())
        self.frames = self.bytes = 0
        self._last = b""
        while not self.frames:
            self.take()
        self.socket.setblocking(False)

    def take(self):
        """What is there; ends the program when the board has ended it."""
        data = self.socket.recv(65536)
        if not data:
            sys.exit("a page was closed: %r" % self._last[-300:])
        whole = self._last[-20:] + data
        self.frames += whole.count(b"event: status") - self._last[-20:].count(b"event: status")
        self._last = whole
        self.bytes += len(data)


def drain(page):
    try:
        while True:
            page.take()
    except (BlockingIOError, ssl.SSLWantReadError):
        pass


class Silent:
    """A connection that says nothing."""

    def __init__(self, port):
        self.port = port
        self.due_s = 0
        self.begin()

    def begin(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.port))

    def look(self):
        """Whether it was closed."""
        try:
            if self.socket.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.socket.close()
        self.socket, self.due_s = None, time.monotonic() + BACK_AFTER_S


def main(port, pages, crowd, password):
    """Looks on until SIGTERM."""
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    looking = [Page(port, password) for _ in range(pages)]
    silent = [Silent(port) for _ in range(crowd)]
    print("open", flush=True)
    while not ended:
        by_socket = {page.socket: lambda page=page: drain(page) for page in looking}
        for each in silent:
            if each.socket is None and time.monotonic() >= each.due_s:
                each.begin()
        by_socket.update((each.socket, each.look) for each in silent if each.socket is not None)
        for ready in select.select(list(by_socket), [], [], 0.2)[0]:
            by_socket[ready]()
        time.sleep(0.02 if silent else 0)
    print(json.dumps({"frames": [page.frames for page in looking], "bytes": [page.bytes for page in looking]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
