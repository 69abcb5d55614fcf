"""Visitors without a password who want the page for themselves: the owner gets in all the same, and the host notices
nothing."""

import contextlib
import json
import random
import socket
import ssl
import threading
import time

import pytest

from tests.process.boards import wait_until
from tests.process.keyed import KeyedBoard, KeyedPair
from tests.process.test_live import MOST, Page, connect, log_in, memory_kib

UNREAD = b"GET /web/uplot.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60
LIVE = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG_S = 4
MOST_KIB = 72 << 10  # of all memory; some 45 of it without a crowd, when much was written


@pytest.fixture
def keyed_pair(tmp_path):
    pair = KeyedPair(tmp_path).introduce()
    pair.left.write_conf(settings=tmp_path / "settings")
    pair.start()
    pair.wait_up()
    yield pair
    pair.end()


class Crowd:
    """Connections that say `words` and never read, `size` of them at a time; whoever is closed comes again at once.
    `source`: the address that they come from."""

    def __init__(self, board, words, size=80, source="127.0.0.1"):
        self._board, self._words, self._size, self._source = board, words, size, source
        self._over = threading.Event()
        self._context = ssl._create_unverified_context() if isinstance(board, KeyedBoard) else None
        self._threads = [threading.Thread(target=self._press, daemon=True) for _ in range(4)]
        self.came = 0

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        wait_until("the crowd is there", lambda: self.came >= 60)
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _press(self):
        mine = []
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                mine.append(self._come())
                self.came += 1
            if len(mine) > self._size // len(self._threads):
                mine.pop(random.randrange(len(mine) // 2)).close()
            time.sleep(0.02)
        for each in mine:
            each.close()

    def _come(self):
        sock = socket.create_connection(("127.0.0.1", self._board.web), 5, (self._source, 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if self._context is not None:
            sock = self._context.wrap_socket(sock)
        sock.settimeout(0)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sock.send(self._words)
        return sock


class Host:
    """Writes and flushes all the time; `slowest_s` of these."""

    def __init__(self, board):
        self._client = board.patient_client()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.slowest_s, self.count, self.trouble = 0.0, 0, None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _write(self):
        try:
            while not self._over.is_set():
                began = time.monotonic()
                self._client.write(self.count % 512 * 4096, b"%08d" % self.count * 512)
                self._client.flush()
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.count += 1
        except Exception as error:
            self.trouble = error


def timed(call, *args):
    """(what it returns, the seconds that it took)."""
    began = time.monotonic()
    return call(*args), time.monotonic() - began


def ends(page) -> bool:
    """Whether the board ends it, after what is on its way."""
    while page.status_soon() is not None:
        pass
    return True


def use_the_page(board, long_s=LONG_S):
    """The owner logs in, looks at the live page and asks; the seconds that each took."""
    took, end = [], time.monotonic() + long_s
    while time.monotonic() < end:
        (cookie, _), seconds = timed(log_in, board)
        took.append(seconds)
        page, seconds = timed(Page, board, cookie)
        assert page.status == 200, page.data
        took.append(seconds)
        for _ in range(2):
            event, seconds = timed(page.status_soon, 20)
            assert event is not None, "the owner's live page was cut"
            took.append(seconds)
        page.close()
    return took


def press(board, words, source="127.0.0.1"):
    """The owner uses the page while a crowd says `words`; (the longest that anything took, the KiB of memory
    that the board has then)."""
    with Crowd(board, words, source=source):
        took = use_the_page(board)
        return max(took), memory_kib(board)


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.9"])
def test_answers_that_nobody_reads(keyed_pair, source):
    with Host(keyed_pair.left) as host:
        slowest_s, kib = press(keyed_pair.left, UNREAD, source)
        wait_until("the host has written much", lambda: host.count > 100 or host.trouble)
    assert host.trouble is None, host.trouble
    assert slowest_s < 8 and host.slowest_s < 5, (slowest_s, host.slowest_s)
    assert kib < MOST_KIB, kib
    keyed_pair.wait_drained()
    assert keyed_pair.left.image.read_bytes() == keyed_pair.right.image.read_bytes()


def test_strangers_at_the_live_page(keyed_pair):
    board = keyed_pair.left
    _, me = log_in(board)
    connection = connect(board)
    connection.request("POST", "/api/settings", json.dumps({"look": "anyone"}), me)
    assert connection.getresponse().status == 200
    strangers = [Page(board) for _ in range(MOST)]
    assert [page.status for page in strangers] == [200] * MOST and Page(board).status == 503
    mine = Page(board, {"Cookie": me["Cookie"]})
    assert mine.status == 200 and mine.status_soon() is not None
    assert ends(strangers[0]) and strangers[1].status_soon() is not None
    slowest_s, _ = press(board, LIVE)
    assert slowest_s < 8 and mine.status_soon() is not None, slowest_s


def test_without_keys_nobody_is_turned_away(make_pair):
    board = make_pair().start().left
    with Host(board) as host, Crowd(board, UNREAD, 200):
        for _ in range(6):
            assert board.status()
            time.sleep(0.05)
    assert host.trouble is None and host.slowest_s < 5, host
