"""The keys of a pair that runs: renewed, revoked, replaced, with the command that an operator has."""

import json
import os
import subprocess
import sys

import pytest

from firmware.ports.cpython import keyfolder, keys
from tests.process.boards import ROOT, wait_until
from tests.process.keyed import KeyedBoard, KeyedPair
from tools import pairfile


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return str(tmp_path / "home")


@pytest.fixture
def file(home):
    path = os.path.join(home, ".config", "sosie", "left-right.pair")
    return pairfile.make(path, "left", "right")


@pytest.fixture
def pair(tmp_path, file):
    pair = KeyedPair(tmp_path, file)
    pair.start()
    wait_until("the link is up", lambda: is_up(pair))
    yield pair
    pair.end()


def is_up(pair) -> bool:
    return pair.left.status()["link"]["state"] == "up"


def sosie(home, *words) -> "tuple[int, str]":
    """Exit code and output of `sosie pair ...` for the user with this home."""
    command = [sys.executable, "-m", "tools.cli", "pair", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"HOME": home}, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=150)
    return done.returncode, done.stdout + done.stderr


def page(board) -> str:
    return "https://127.0.0.1:%d" % board.web


def test_renewing_while_it_mirrors(pair, home, file):
    before = pair.left.certificate, pair.right.certificate
    client = pair.left.patient_client()
    client.write(0, b"a" * 4096)
    for _ in range(2):
        code, said = sosie(home, "renew", page(pair.left), page(pair.right))
        assert code == 0, said
    client.write(4096, b"b" * 4096)
    client.flush()
    wait_until("the link is up", lambda: is_up(pair))
    pair.wait_drained()
    assert before[0] != pair.left.certificate and before[1] != pair.right.certificate
    assert (pair.left.peers, pair.right.peers) == ([pair.right.certificate], [pair.left.certificate])
    left, right = pairfile.load(file.path).boards.values()
    assert keys.only_der(left["certificate"].encode()) == pair.left.certificate and left["key"] is None
    assert "next" not in left and "next" not in right
    code, said = sosie(home, "show", "left-right")
    assert code == 0 and "its key was made on the board" in said
    code, said = sosie(home, "install", "left-right", "left", home + "/keys")
    assert code == 3 and "made its last key itself" in said


def test_renewing_goes_on_where_it_was_stopped(pair, home, file):
    """A board has a new key that nobody knows of; another one was shown, and the file does not say so."""
    code, body = pair.left.request("POST", "/api/pair/renew", {})
    assert code == 200
    pem = json.loads(body)["certificate"]
    assert pair.right.request("POST", "/api/pair/pin", {"certificate": pem})[0] == 200
    file.expect(pair.left.certificate, keys.only_der(pem.encode()))
    assert pair.left.request("POST", "/api/pair/switch", {})[0] == 200
    code, said = sosie(home, "renew", page(pair.left), page(pair.right))
    assert code == 0, said
    assert (pair.left.peers, pair.right.peers) == ([pair.right.certificate], [pair.left.certificate])


def test_renewing_without_the_other_board_changes_nothing(pair, home):
    before = pair.left.certificate
    pair.right.kill()
    code, said = sosie(home, "renew", page(pair.left), page(pair.right))
    assert code == 3 and "No board answers" in said
    code, said = sosie(home, "renew", page(pair.left), page(pair.left))
    assert code == 3 and "is not paired with" in said
    assert pair.left.certificate == before


def test_a_lost_card(pair, home, file, tmp_path):
    """The twin's card is stolen: another one takes its place, and the thief's board is nobody any more."""
    pair.right.kill()
    code, said = sosie(home, "replace", file.path, "right", page(pair.left))
    assert code == 0, said
    pair.right.start()
    wait_until("the thief is refused", lambda: "revoked" in " ".join(pair.left.status()["alarms"]))
    assert not is_up(pair)
    pair.right.kill()
    (tmp_path / "fresh").mkdir()
    fresh = KeyedBoard(tmp_path / "fresh", "right", pairfile.load(file.path), role="twin",
                       listen="127.0.0.1:%d" % pair.port, disk=pair.right.image, journal=pair.right.journal)
    try:
        fresh.start()
        wait_until("the link is up", lambda: is_up(pair))
        assert pair.left.peers == [fresh.certificate]
    finally:
        fresh.end()


SPOILED = {
    "own.key": (b"no key", False),
    "peer.crt": (b"-----BEGIN CERTIFICATE-----\n", True),
    "revoked": (b"12:34\n", True),
}


@pytest.mark.parametrize("name", SPOILED)
@pytest.mark.parametrize("role", ["primary", "twin"])
def test_damaged_keys_cost_the_link_and_never_the_disk(tmp_path, file, role, name):
    content, has_page = SPOILED[name]
    pair = KeyedPair(tmp_path, file)
    board, other = (pair.left, pair.right) if role == "primary" else (pair.right, pair.left)
    path = os.path.join(board.keys, name)
    whole = open(path, "rb").read() if os.path.exists(path) else b""
    keyfolder.write(board.keys, name, content)
    try:
        other.start()
        board.launch()
        client = pair.left.patient_client()
        client.write(0, b"a" * 4096)
        client.flush()
        if has_page:
            wait_until("the page answers", board._answers)
            assert [name in each and "the link is closed" in each for each in board.status()["alarms"]] == [True]
        else:
            with pytest.raises(OSError):
                board.status()
        assert other.status()["link"]["state"] != "up" and board.running
        keyfolder.write(board.keys, name, whole)
        wait_until("the link is up", lambda: other.status()["link"]["state"] == "up")
        assert board.status()["alarms"] == []
        pair.wait_drained()
    finally:
        pair.end()


def lay_pipe(board, name):
    """Puts a pipe in the place of a file of the keys; what takes it away."""
    path = os.path.join(board.keys, name)
    whole = open(path, "rb").read() if os.path.exists(path) else b""
    os.mkfifo(path + ".pipe", 0o600)
    os.rename(path + ".pipe", path)
    return lambda: keyfolder.write(board.keys, name, whole)


def write_some(client):
    client.write(0, os.urandom(4096))
    client.flush()


@pytest.mark.parametrize("name", ["own.key", "peer.crt", "revoked"])
def test_a_pipe_among_the_keys_stops_nothing(pair, name):
    client = pair.left.patient_client()
    mend = lay_pipe(pair.left, name)
    sentence = "%s/%s is no file; remove it" % (pair.left.keys, name)
    wait_until("it is told", lambda: pair.left.status()["alarms"] == [sentence])
    write_some(client)
    assert is_up(pair)
    mend()
    wait_until("all is well", lambda: pair.left.status()["alarms"] == [])


def page_says(board, code, word="") -> bool:
    found, body = board.request("GET", "/api/status")
    return found == code and word.encode() in body


def test_a_board_starts_with_pipes_for_keys(tmp_path, file):
    pair = KeyedPair(tmp_path, file)
    mend = {name: lay_pipe(pair.left, name) for name in ("password", "peer.crt", "revoked")}
    try:
        pair.right.start()
        pair.left.launch()
        write_some(pair.left.patient_client())
        assert page_says(pair.left, 500, "password of the keys folder is damaged")
        mend["password"]()
        wait_until("it lets us in", lambda: page_says(pair.left, 200))
        for name in ("peer.crt", "revoked"):
            wait_until("it tells of %s" % name, lambda name=name: page_says(pair.left, 200, name + " is no file"))
            mend[name]()
        wait_until("the link is up", lambda: is_up(pair))
        assert pair.left.status()["alarms"] == []
        mend = lay_pipe(pair.left, "password")
        wait_until("it is damaged again", lambda: page_says(pair.left, 500, "damaged"))
        mend()
        wait_until("it lets us in again", lambda: page_says(pair.left, 200))
    finally:
        pair.end()


def test_revoking_ends_the_link_at_once(pair, home):
    fingerprint = keys.fingerprint(pair.left.certificate)
    code, said = sosie(home, "revoke", fingerprint[:6], page(pair.right))
    assert code == 3 and "begins with" in said
    code, said = sosie(home, "revoke", fingerprint[:12], page(pair.right))
    assert code == 0 and fingerprint in said
    wait_until("the link is gone", lambda: not is_up(pair))
    assert keyfolder.revoked(pair.right.keys) == {fingerprint}


@pytest.mark.parametrize(("action", "content", "code"), [
    ("pin", {"certificate": "nonsense"}, 409),
    ("pin", {"certificate": 7}, 400),
    ("pin", {}, 400),
    ("revoke", {"fingerprint": "ab"}, 409),
    ("revoke", {"other": "ab"}, 400),
    ("renew", {"now": True}, 400),
    ("explode", {}, 404),
])  # fmt: skip
def test_bad_requests(tmp_path, action, content, code):
    board = KeyedBoard(tmp_path, "solo", role="primary", peer="127.0.0.1:9")
    try:
        board.start()
        before = {name: open(os.path.join(board.keys, name), "rb").read() for name in os.listdir(board.keys)}
        found, body = board.request("POST", "/api/pair/" + action, content)
        assert found == code and "error" in json.loads(body)
        board.password = "wrong"
        assert board.request("POST", "/api/pair/renew", {})[0] == 401
        assert before == {name: open(os.path.join(board.keys, name), "rb").read() for name in os.listdir(board.keys)}
    finally:
        board.end()
