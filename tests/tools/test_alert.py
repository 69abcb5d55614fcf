"""`sosie alert` against a board of cardboard."""

import pytest

from tests.tools.test_cli import Cardboard
from tools import cli

CHANNELS = [
    {"kind": "mail", "to": "me@x.example via mail.x.example:587", "state": "ok", "waiting": 0, "sentence": "",
     "last_ms": 1763856056123, "failed_ms": None, "next_s": None},
    {"kind": "push", "to": "https://ntfy.example/...", "state": "untried", "waiting": 0, "sentence": "",
     "last_ms": None, "failed_ms": None, "next_s": None},
]  # fmt: skip
FAILING = {"kind": "webhook", "to": "http://127.0.0.1:9/...", "state": "failing", "waiting": 2,
           "sentence": "nobody listens at 127.0.0.1:9", "last_ms": None, "failed_ms": 1763856056123, "next_s": 17}


@pytest.fixture
def run(capsys):
    """run(*words) -> (exit code, stdout, stderr)."""

    def command(*words):
        code = cli.main(list(words))
        return (code, *capsys.readouterr())

    return command


@pytest.fixture
def board():
    board = Cardboard()
    yield board
    board.server.shutdown()
    board.server.server_close()


def test_all_is_well(board, run):
    board.answers["/api/alerts"] = (200, {"channels": CHANNELS[:1]})
    code, out, _ = run("alert", "status", board.address)
    assert code == cli.FINE
    assert out.splitlines()[0] == "ok       mail      me@x.example via mail.x.example:587"
    assert "reached last at 2025-11-2" in out


def test_one_was_never_tried(board, run):
    board.answers["/api/alerts"] = (200, {"channels": CHANNELS})
    code, out, _ = run("alert", "status", board.address)
    words = "nothing was sent there since the board was started; `sosie alert test` tries it"
    assert code == cli.NOT_FINE and words in out


def test_one_is_not_reached(board, run):
    board.answers["/api/alerts"] = (200, {"channels": [*CHANNELS, FAILING]})
    code, out, _ = run("alert", "status", board.address)
    assert code == cli.NOT_FINE
    assert "nobody listens at 127.0.0.1:9 since 2025-11-2" in out and "2 waiting, tried again in 17 s" in out


def test_nobody_is_told(board, run):
    board.answers["/api/alerts"] = (200, {"channels": []})
    code, out, _ = run("alert", "test", board.address)
    assert code == cli.NOT_FINE and "alert_mail" in out and not board.posts


def test_a_test(board, run):
    board.answers["/api/alerts"] = (200, {"channels": CHANNELS})
    told = [dict(CHANNELS[0], taken=True, sentence="me@x.example: it arrived")]
    board.answers["/api/alerts/test"] = (200, {"sentence": "", "channels": told})
    code, out, _ = run("alert", "test", board.address)
    assert (code, out) == (cli.FINE, "taken    me@x.example: it arrived\n")
    assert board.posts == [("/api/alerts/test", "application/json", {})]
    told.append(dict(CHANNELS[1], taken=False, sentence="https://ntfy.example/...: it answers 401"))
    code, out, _ = run("alert", "test", board.address)
    assert code == cli.NOT_FINE and out.splitlines()[1] == "FAILED   https://ntfy.example/...: it answers 401"


def test_the_board_refuses(board, run):
    board.answers["/api/alerts"] = (200, {"channels": CHANNELS})
    board.answers["/api/alerts/test"] = (409, {"error": "a test is under way; wait until it has ended"})
    code, _, err = run("alert", "test", board.address)
    assert code == cli.NOBODY and "a test is under way" in err


def test_wrong_usage(run):
    with pytest.raises(SystemExit) as caught:
        run("alert", "everybody")
    assert caught.value.code == cli.USAGE
