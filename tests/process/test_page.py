"""The page of a board with keys: nobody gets in without the password, guessing is slow, updates arrive whole."""

import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from itertools import pairwise

import pytest

from firmware.ports.cpython import keyfolder
from tests.process.boards import wait_until
from tests.process.keyed import PASSWORD, KeyedBoard
from tools import cli, pairfile

UPDATE = {"Content-Type": "application/octet-stream"}


def login(password=PASSWORD, user="anybody") -> dict:
    return {"Authorization": "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()}


@pytest.fixture
def make_board(tmp_path):
    made = []

    def make(**lines):
        made.append(KeyedBoard(tmp_path, "left", **({"role": "primary", "peer": "127.0.0.1:9"} | lines)))
        return made[-1]

    yield make
    for board in made:
        board.end()


@pytest.fixture
def board(make_board):
    return make_board().start()


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    """The folder that updates come into; boards that are started from now on have it."""
    folder = tmp_path / "update"
    folder.mkdir()
    monkeypatch.setenv("SOSIE_UPDATES", str(folder))
    monkeypatch.setenv("SOSIE_UPDATE_STATE", str(tmp_path / "update.json"))
    return folder


def connect(board) -> http.client.HTTPSConnection:
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection("127.0.0.1", board.web, timeout=15, context=context)


def ask(board, method="GET", path="/api/status", headers=None, body=None):
    """(status, headers, content) of the answer."""
    connection = connect(board)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_nobody_gets_in_without_the_password(inbox, board):
    paths = [("GET", "/plain"), ("GET", "/api/status"), ("GET", "/api/live"), ("GET", "/nothing"), ("HEAD", "/plain"),
             ("POST", "/api/mark"), ("POST", "/api/promote"), ("POST", "/api/update")]  # fmt: skip
    for method, path in paths:
        status, headers, _ = ask(board, method, path, body=b"{}" if method == "POST" else None)
        assert (status, headers["WWW-Authenticate"][:5]) == (401, "Basic"), path
    for path, status in (("/", 200), ("/web/main.js", 200), ("/texts/en.json", 200), ("/update", 302)):
        assert ask(board, path=path)[0] == status
    assert ask(board, headers=login())[0] == 200
    assert ask(board, headers=login() | {"Host": "any.name.example"})[0] == 200
    mark = login() | {"Content-Type": "application/json"}
    assert ask(board, "POST", "/api/mark", mark, b'{"name": "a"}')[0] == 200
    assert ask(board, "POST", "/api/mark", mark | {"Origin": "https://evil.example"}, b'{"name": "b"}')[0] == 403
    assert ask(board, "GET", "/nothing", login())[0] == 404


def test_a_new_password_counts_within_a_second_and_none_lets_nobody_in(board):
    assert ask(board, headers=login())[0] == 200
    took_s = []  # the quickest is judged: the machine may be busy elsewhere
    for old, new in pairwise((PASSWORD, "another", "a third one", "a fourth one")):
        keyfolder.set_password(board.keys, new)
        assert ask(board, headers=login(new))[0] == 200
        took_s.append(seconds_until(board, old, 401))
        assert ask(board, headers=login(new))[0] == 200
    assert min(took_s) < 3, took_s
    took_s = []
    for _ in range(3):
        keyfolder.set_password(board.keys, new)
        seconds_until(board, new, 200)
        os.unlink(os.path.join(board.keys, "password"))
        took_s.append(seconds_until(board, new, 403))
    assert min(took_s) < 3, took_s
    assert b"no password" in ask(board, headers=login(new))[2]


def seconds_until(board, password, status) -> float:
    """How long it takes until who asks with this password is answered so."""
    began = time.monotonic()
    wait_until("the answer is %d" % status, lambda: ask(board, headers=login(password))[0] == status)
    return time.monotonic() - began


def test_guessing_is_slow_and_disturbs_nobody_who_knows_it(board):
    assert ask(board, headers=login())[0] == 200
    judged, waiting, slowest = 0, 0, 0.0
    start, elapsed = time.monotonic(), 0.0
    while elapsed < 4 or waiting <= 10:
        status = ask(board, headers=login("guess %d" % (judged + waiting)))[0]
        assert status in (401, 429)
        judged, waiting = judged + (status == 401), waiting + (status == 429)
        began = time.monotonic()
        assert ask(board, headers=login())[0] == 200
        slowest = max(slowest, time.monotonic() - began)
        elapsed = time.monotonic() - start
        assert judged <= 5 + max(0, elapsed - 4), (judged, waiting, elapsed)
    assert slowest < 5


def test_idle_connections_keep_nobody_out(board):
    idle = [socket.create_connection(("127.0.0.1", board.web), 5) for _ in range(200)]
    assert slowest_of_five(board) < 10
    idle += [half_greeted(board) for _ in range(70)]  # TLS is there, and then silence
    assert slowest_of_five(board) < 10
    for each in idle:
        each.close()


def slowest_of_five(board) -> float:
    """How long the slowest of five questions took, which were all answered."""
    took_s = []
    for _ in range(5):
        began = time.monotonic()
        assert ask(board, headers=login())[0] == 200
        took_s.append(time.monotonic() - began)
    return max(took_s)


def half_greeted(board):
    context = ssl._create_unverified_context()
    return context.wrap_socket(socket.create_connection(("127.0.0.1", board.web), 5))


def test_plain_http_and_old_tls_get_no_answer(board):
    with socket.create_connection(("127.0.0.1", board.web), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        plain.settimeout(5)
        assert b"HTTP" not in plain.recv(4096)
    context = ssl._create_unverified_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", board.web), 5) as old, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(old)


def peak_kib(board) -> int:
    with open("/proc/%d/status" % board.process.pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def test_an_update_arrives_whole_in_little_memory(make_board, inbox):
    board = make_board().start()
    assert ask(board, headers=login())[0] == 200
    before, data = peak_kib(board), os.urandom(40 << 20)
    status, _, body = ask(board, "POST", "/api/update", login() | UPDATE, data)
    assert status == 202, body
    assert os.listdir(inbox) == ["bundle.raucb"] and (inbox / "bundle.raucb").read_bytes() == data
    assert peak_kib(board) - before < 8 << 10
    assert json.loads(ask(board, path="/api/update", headers=login())[2])["state"] == "checking"


def test_who_may_not_send_an_update_hears_it_before_he_sends_it(make_board, inbox):
    board = make_board().start()
    for headers, status in ((UPDATE, 401), (login("wrong") | UPDATE, 401), (login(), 415)):
        connection = connect(board)
        connection.putrequest("POST", "/api/update")
        for header in (headers | {"Content-Length": str(1 << 29), "Expect": "100-continue"}).items():
            connection.putheader(*header)
        connection.endheaders()
        assert connection.getresponse().status == status
        connection.close()
    status, _, body = ask(board, "POST", "/api/update", login() | UPDATE | {"Content-Length": str((1 << 30) + 1)}, b"")
    assert status == 413
    assert os.listdir(inbox) == []


def begin_update(board, length, data):
    connection = connect(board)
    connection.putrequest("POST", "/api/update")
    for header in (login() | UPDATE | {"Content-Length": str(length)}).items():
        connection.putheader(*header)
    connection.endheaders()
    connection.send(data)
    return connection


def test_an_update_that_breaks_off_leaves_nothing_and_the_next_one_is_taken(make_board, inbox):
    board = make_board().start()
    connection = begin_update(board, 8 << 20, os.urandom(5 << 20))
    wait_until("it comes in", lambda: os.listdir(inbox) == ["incoming"])
    assert json.loads(ask(board, path="/api/update", headers=login())[2])["state"] == "receiving"
    assert ask(board, "POST", "/api/update", login() | UPDATE, b"other")[0] == 409
    connection.sock.close()
    connection.close()
    wait_until("it is gone", lambda: os.listdir(inbox) == [])
    assert ask(board, "POST", "/api/update", login() | UPDATE, b"whole")[0] == 202
    assert (inbox / "bundle.raucb").read_bytes() == b"whole"


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system needs root to be mounted")
def test_an_update_for_which_there_is_no_room(make_board, inbox):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=19M", "tmpfs", inbox], check=True)  # 16 are for others
    try:
        board = make_board().start()
        status, _, body = ask(board, "POST", "/api/update", login() | UPDATE, bytes(20 << 20))
        assert (status, json.loads(body)["error"]) == (507, "the update has 20M, and there is room for 3M here")
        assert os.listdir(inbox) == []
        assert ask(board, "POST", "/api/update", login() | UPDATE, bytes(3 << 20))[0] == 202
        assert ask(board, "POST", "/api/update", login() | UPDATE, b"more")[0] == 507
        assert os.stat(inbox / "bundle.raucb").st_size == 3 << 20
        board.end()
    finally:
        subprocess.run(["umount", "--lazy", inbox], check=True)


def test_a_board_that_is_killed_in_the_middle_of_an_update(make_board, inbox):
    board = make_board().start()
    connection = begin_update(board, 8 << 20, os.urandom(5 << 20))
    wait_until("it comes in", lambda: os.listdir(inbox) == ["incoming"])
    board.kill()
    connection.close()
    board.start()
    wait_until("what was left behind is gone", lambda: os.listdir(inbox) == [])
    board.stop()


def test_the_sosie_command_finds_its_board(tmp_path, make_board, capsys):
    pair = pairfile.make(str(tmp_path / "pair"), "left", "right")
    board = make_board(pair=pair)
    board.start()
    address = "https://127.0.0.1:%d" % board.web
    assert cli.main(["status", "--pair", pair.path, address]) in (0, 1)
    assert capsys.readouterr().out.startswith("left: ")
    assert cli.main(["mark", "before", address, "--pair", pair.path]) == 0
