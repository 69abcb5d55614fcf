"""Open pages of real boards: live status over TLS and without, slow, dead and hostile clients, sessions that end."""

import json
import re
import socket
import ssl
import time

import pytest

from firmware.api.live import MOST
from tests.process.boards import Board, wait_until
from tests.process.keyed import PASSWORD, KeyedBoard
from tests.process.test_page import connect, login

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def board(tmp_path):
    made = KeyedBoard(tmp_path, "left", role="primary", peer="127.0.0.1:9", settings=tmp_path / "settings")
    yield made.start()
    made.end()


@pytest.fixture
def open_board(tmp_path):
    made = Board(tmp_path, "open", role="primary", peer="127.0.0.1:9", settings=tmp_path / "settings")
    yield made.start()
    made.end()


class Page:
    """An open page: the events that came, as [(event, content)]."""

    def __init__(self, board, headers=None, path="/api/live"):
        self.socket = socket.create_connection(("127.0.0.1", board.web), 10)
        if isinstance(board, KeyedBoard):
            self.socket = ssl._create_unverified_context().wrap_socket(self.socket)
        lines = ["GET %s HTTP/1.1" % path, "Host: localhost"]
        lines += ["%s: %s" % line for line in (headers or {}).items()]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.data = b""
        self.socket.settimeout(10)
        while b"\r\n\r\n" not in self.data:
            self._take()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self.over = False

    def _take(self) -> bool:
        piece = self.socket.recv(65536)
        self.data += piece
        return bool(piece)

    def next(self, limit_s=10):
        """(event, content) of the next one; None when the board has ended it."""
        self.socket.settimeout(limit_s)
        while b"\n\n" not in self.data:
            if not self._take():
                return None
        piece, _, self.data = self.data.partition(b"\n\n")
        event, data = piece.decode().split("\n")
        return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    def status_soon(self, limit_s=10):
        while True:
            event = self.next(limit_s)
            if event is None or event[0] == "status":
                return event

    def close(self):
        self.socket.close()


def log_in(board):
    """(headers with the cookie, with the token too)."""
    connection = connect(board)
    connection.request("POST", "/api/login", json.dumps({"password": PASSWORD}), JSON)
    response = connection.getresponse()
    assert response.status == 200
    cookie = {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}
    token = json.loads(response.read())["token"]
    connection.close()
    return cookie, cookie | JSON | {"X-Sosie-Token": token}


def told_on(page) -> int:
    """How many more statuses are made for the page from now on until the board ends it; more than 5 are not counted."""
    now_ms, count = time.time() * 1000, 0
    while count <= 5 and (event := page.status_soon()) is not None:
        count += event[1]["time_ms"] > now_ms  # those before were on their way
    return count


def ask(board, method, path, headers, body=None):
    connection = connect(board)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def test_each_second_and_what_happens(open_board):
    page = Page(open_board)
    assert page.status == 200
    times, end = [], time.monotonic() + 30
    while not (len(times) >= 3 and 1500 < times[-1] - times[-3] < 4000):
        assert time.monotonic() < end, times
        event, status = page.status_soon()
        times.append(status["time_ms"])  # of when it was made: some may come together
        assert status["name"] == "open" and status["words"]["sentence"]
    open_board.request("POST", "/api/mark", {"name": "seen live"})
    found = []
    wait_until("the mark is told", lambda: found.append(page.next()) or "seen live" in str(found[-1]), every_s=0)
    assert found[-1][0] == "happened"
    assert found[-1][1] in json.loads(open_board.request("GET", "/api/events?lang=en")[1])["events"]
    french = Page(open_board, path="/api/live?lang=fr")
    assert french.status_soon()[1]["language"] == "fr"


def test_a_session_and_its_end(board):
    assert Page(board).status == 401
    cookie, all_of_it = log_in(board)
    assert Page(board, {"Cookie": cookie["Cookie"][:-1] + "x"}).status == 401
    page = Page(board, cookie)
    assert page.status_soon()[1]["name"] == "left"
    assert ask(board, "POST", "/api/mark", cookie | JSON, {"name": "forged"})[0] == 403
    assert ask(board, "POST", "/api/mark", all_of_it | {"Origin": "https://evil.example"}, {"name": "forged"})[0] == 403
    assert ask(board, "POST", "/api/mark", all_of_it, {"name": "mine"})[0] == 200
    assert ask(board, "POST", "/api/logout", all_of_it, {})[0] == 200
    assert told_on(page) <= 5, "the page of a session that is over is still told"
    assert ask(board, "GET", "/api/status", cookie)[0] == 401


def test_looking_may_be_open_and_closed_again(board):
    _, me = log_in(board)
    assert ask(board, "POST", "/api/settings", me, {"look": "anyone"})[1]["settings"]["look"] == "anyone"
    page = Page(board)
    assert page.status_soon() and ask(board, "GET", "/api/settings", {})[0] == 401
    assert ask(board, "POST", "/api/settings", me, {"look": "login"})[0] == 200
    assert told_on(page) <= 5
    assert ask(board, "GET", "/api/status", {})[0] == 401


def test_so_many_and_no_more(open_board):
    pages = [Page(open_board) for _ in range(MOST)]
    assert all(page.status == 200 for page in pages)
    refused = Page(open_board)
    assert refused.status == 503 and b"pages look at this board" in refused.data
    for page in pages[:3]:
        page.close()  # without a word more: the board notices by itself
    wait_until("there is room again", lambda: Page(open_board).status == 200)
    assert open_board.status()["name"] == "open"


def test_a_client_that_does_not_read_costs_nothing(board):
    before = memory_kib(board)
    deaf = []
    for _ in range(5):
        page = Page(board, login())
        deaf.append(page)
    page, hearing = Page(board, login()), 0
    began = time.monotonic()
    while time.monotonic() < began + 6 or hearing < 5:
        assert page.status_soon() is not None and time.monotonic() < began + 30, hearing
        hearing += 1
    assert memory_kib(board) - before < 4096


def test_slow_ones_are_told_and_closed(open_board):
    """A head, a body that come in drops, and somebody who says nothing: all gone in ten seconds, others unhurt."""
    drips = [open_socket(open_board) for _ in range(3)]
    drips[1].sendall(b"POST /api/mark HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 1000\r\n\r\n")  # fmt: skip
    began = time.monotonic()
    while time.monotonic() - began < 10.5:
        for drip, drop in ((drips[0], b"G"), (drips[1], b"x")):
            try:
                drip.sendall(drop)
            except OSError:
                pass
        assert open_board.status()
        time.sleep(0.5)
    assert b" 408 " in rest_of(drips[0]) and b" 408 " in rest_of(drips[1]) and rest_of(drips[2]) == b""


def open_socket(board):
    return socket.create_connection(("127.0.0.1", board.web), 10)


def rest_of(sock) -> bytes:
    got = b""
    sock.settimeout(30)
    try:
        while piece := sock.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def test_what_is_too_much_or_not_http(open_board):
    start = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n"
    for data, status in (
        (start % b"" + b"X: " + b"x" * 9000, b" 431 "),
        (b"POST /api/mark HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", b" 413 "),
        (b"POST /api/mark HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b" 411 "),
        (start % b"api/status?lang=fr%0d%0aSet-Cookie:%20a=b" + b"\r\n", b" 400 "),
        (start % b"web/../../etc/passwd" + b"\r\n", b" 404 "),
        (start % b"web/%2e%2e/%2e%2e/etc/passwd" + b"\r\n", b" 404 "),
        (start % b"texts/../../../etc/passwd" + b"\r\n", b" 404 "),
        (start % b"texts/..%2fapi.json" + b"\r\n", b" 404 "),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nSet-Cookie: b\r\n\r\n", b" 400 "),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b" 403 "),
        (b"\x16\x03\x01", b" 400 "),
    ):
        sock = open_socket(open_board)
        sock.sendall(data)
        answer = rest_of(sock)
        assert status in answer.partition(b"\r\n")[0] and b"Set-Cookie" not in answer, (data[:80], answer[:200])
        assert b"root:" not in answer


def test_a_crowd(board):
    """Ten pages, two hundred who say nothing: memory is bounded and everybody who is somebody gets his answer."""
    before = memory_kib(board)
    pages = [Page(board, login()) for _ in range(10)]
    silent = [open_socket(board) for _ in range(200)]
    for _ in range(3):
        assert ask(board, "GET", "/api/status", login())[0] == 200
        assert all(page.status_soon() is not None for page in pages)
    assert memory_kib(board) - before < 12 << 10
    for each in silent:
        each.close()


def memory_kib(board) -> int:
    with open("/proc/%d/status" % board.process.pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def test_the_files_of_the_page_on_one_connection(board):
    connection = connect(board)
    connection.request("GET", "/")
    names = re.findall(r'(?:src|href)="(/web/[^"]+)"', connection.getresponse().read().decode())
    assert names
    sock = connection.sock
    for name in names:
        connection.request("GET", name, headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        assert response.status == 200 and response.read() and connection.sock is sock, name
    connection.close()


def test_a_typo_in_the_settings_file_and_a_card_that_is_full(open_board, tmp_path):
    settings = tmp_path / "settings"
    assert open_board.request("POST", "/api/settings", {"rpo": "10m"})[0] == 200
    assert settings.read_text() == "rpo = 10m\n"
    open_board.stop()
    settings.write_text("rpo = 20m\nrate = fast\n")
    open_board.start()
    status = open_board.status()
    assert status["rpo_s"] == 1200
    assert any("line 2: rate = fast" in alarm for alarm in status["alarms"]), status["alarms"]
    (tmp_path / "settings.new").mkdir()  # as little can be written as on a card that is full
    code, answer = open_board.request("POST", "/api/settings", {"rpo": "30m"})
    assert code == 507 and b"nothing was changed" in answer
    assert settings.read_text() == "rpo = 20m\nrate = fast\n" and open_board.status()["rpo_s"] == 1200
    (tmp_path / "settings.new").rmdir()
    code, answer = open_board.request("POST", "/api/settings", {"rate": "2M 08:00-19:00, 0"})
    assert code == 200, answer
    assert not open_board.status()["alarms"] or "line 2" not in str(open_board.status()["alarms"])


def test_a_settings_file_that_is_edited_while_the_board_runs(open_board, tmp_path):
    settings = tmp_path / "settings"
    settings.write_text("rpo = soon\nqouta = 0\n")
    wait_until("both lines are named", lambda: len(open_board.status()["alarms"]) == 2)
    status = open_board.status()
    assert "line 1: rpo = soon" in status["alarms"][0] and "line 2: qouta" in status["alarms"][1]
    assert [each["level"] for each in status["conditions"] if each["name"] == "settings"] == ["warning"]
    settings.write_text("rpo = 20m\n")
    wait_until("they are mended", lambda: open_board.status()["rpo_s"] == 1200 and not open_board.status()["alarms"])
