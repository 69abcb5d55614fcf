"""The sosie command against boards of cardboard: what it prints, asks, and exits with."""

import contextlib
import http.server
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from firmware.status.snapshot import snapshot
from tests.unit.fakes_status import EXAMPLES, FACTS, NOW_MS, FakeBoard, example
from tools import cli
from tools.api import Client, parse_address
from tools.errors import BoardError, Unreachable
from tools.status import describe, describe_past

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOSIE = os.path.join(CHECKOUT, "tools", "sosie")


def status(language="en", **changes) -> dict:
    """What a primary answers when all is well, or when these facts, or parts of the answer, are otherwise."""
    facts = {key: value for key, value in changes.items() if key in FACTS}
    parts = {key: value for key, value in changes.items() if key not in FACTS}
    return dict(snapshot(FakeBoard(**{"acked": 12, "language": language, **facts})), **parts)


class Cardboard:
    """A web server that answers what it is told and remembers what it was asked."""

    def __init__(self):
        self.answers = {"/api/status": (200, status())}
        self.posts = []
        board = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                code, answer = board.answers.get(self.path, (404, {"error": "nothing here"}))
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                board.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.do_GET()

            def log_message(self, *args):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def board():
    made = Cardboard()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("written, meant", [
    ("left", (True, "left", 443)), ("127.0.0.1", (False, "127.0.0.1", 8080)), ("left:81", (True, "left", 81)),
    ("https://127.0.0.1", (True, "127.0.0.1", 443)), ("http://left:81/", (False, "left", 81)),
    ("http://left", (False, "left", 8080)), ("[::1]:81", (False, "::1", 81)), ("[::1]", (False, "::1", 8080)),
    ("[2001:db8::1]", (True, "2001:db8::1", 443)), ("127.evil.example", (True, "127.evil.example", 443)),
])
def test_addresses(written, meant):
    assert parse_address(written) == meant


@pytest.mark.parametrize("written", ["", ":81", "left:", "left:0", "left:65536", "left:x", "ftp://left", "left/page"])
def test_no_addresses(written):
    with pytest.raises(BoardError):
        parse_address(written)


@pytest.mark.parametrize("changes, code, verdict", [
    ({}, 0, "SAFE"), ({"promoted": True, "link_state": "waiting"}, 0, "NO TWIN"),
    ({"acked": 9, "oldest_ms": NOW_MS - 9000}, 1, "BEHIND"), ({"link_state": "waiting"}, 1, "NOT MIRRORED"),
    ({"alarms": ["the journal is full"]}, 1, "SAFE"), ({"failure": "the disk failed"}, 2, "FAILED"),
    ({"health": dict(FACTS["health"], temperature_c=90)}, 2, "SAFE"),
])  # fmt: skip
def test_status_exit_codes(board, capsys, changes, code, verdict):
    board.answers["/api/status"] = 200, status(**changes)
    assert cli.main(["status", board.address]) == code
    text = capsys.readouterr().out
    assert text.startswith("left: %s, " % verdict)
    assert all(alarm in text for alarm in changes.get("alarms", []))


def test_status_of_several_is_the_worst(board, capsys):
    assert cli.main(["status", board.address, board.address]) == 0
    assert cli.main(["status", board.address, "127.0.0.1:1"]) == 3
    assert "No board answers at 127.0.0.1:1" in capsys.readouterr().err


def test_status_json(board, capsys):
    assert cli.main(["status", "--json", board.address]) == 0
    assert json.loads(capsys.readouterr().out) == status()


@pytest.mark.parametrize("code, answer", [
    (200, b"<html>"), (200, b"[]"), (200, {"hello": 1}), (404, b"not found"),
    (200, {"state": "mirroring", "role": "primary"}), (200, b"x" * (2 << 20)),
])
def test_somebody_else_answers(board, capsys, code, answer):
    board.answers["/api/status"] = code, answer
    assert cli.main(["status", board.address]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("word", sorted(EXAMPLES))
def test_it_says_what_the_page_says_on_lines_that_fit(word, language):
    shown = snapshot(example(word), language)
    text = describe(shown)
    for part in ("verdict", "distance", "sentence"):
        assert shown["words"][part] in text
    for part in ("loss", "advice"):
        assert shown["words"][part] in " ".join(text.split())
    assert all(len(line) <= 80 for line in text.splitlines()[2:])


def test_behind_in_plain_words():
    late = {"written": 1209, "acked": 9, "backlog_bytes": 150 << 20, "oldest_ms": NOW_MS - 7385000}
    text = describe(status(**late))
    assert text.startswith("left: BEHIND, the twin lacks 1200 groups of writes, 150 MiB, the oldest 2 h 3 min old\n")
    assert "40 KiB of 512 MiB in use" in text
    assert "À faire" in describe(status("fr", **late)) and "1200 groupes" in describe(status("fr", **late))


def test_a_board_of_an_older_version_is_shown_as_far_as_it_goes(board, capsys):
    old = {key: value for key, value in status(acked=9, alarms=["it burns"]).items()
           if key not in ("words", "conditions", "language", "health", "forecast")}  # fmt: skip
    board.answers["/api/status"] = 200, old
    assert cli.main(["status", board.address]) == 1
    text = capsys.readouterr().out
    assert text.startswith("left (primary): MIRRORING\n  The twin lacks 3 groups") and "it burns" in text
    past = describe_past(old, 0).split("\n")
    assert re.fullmatch(r"As it was at \d\d:\d\d:\d\d:", past[0]) and past[1:3] == text.split("\n")[:2]


def twin(board, **changes):
    """The cardboard board is a twin that can be promoted."""
    board.answers["/api/status"] = 200, status(name="right", role="twin", **changes)
    board.answers["/api/promote"] = 200, {"generation": 2, "group": 9, "missing_groups": 3}


def test_promote_by_force(board, capsys):
    twin(board)
    assert cli.main(["promote", board.address, "--force"]) == 0
    assert board.posts == [("/api/promote", "application/json", {"force": True})]
    assert "3 groups that the first board had told of are missing" in capsys.readouterr().out


def test_promote_without_terminal_does_nothing(board, capsys, monkeypatch):
    twin(board)
    monkeypatch.setattr(sys, "stdin", io.StringIO("right\n"))
    assert cli.main(["promote", board.address]) == 1
    assert board.posts == []
    out, err = capsys.readouterr()
    assert "would be fenced" in out and "--force" in err


@pytest.mark.parametrize("typed, code, posts", [("right\n", 0, 1), ("left\n", 1, 0), ("\n", 1, 0), ("\x04", 1, 0)])
def test_promote_asks_on_a_terminal(board, typed, code, posts):
    twin(board)
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, SOSIE, "promote", board.address], stdin=slave, stdout=slave,
                               stderr=slave, close_fds=True)
    os.close(slave)
    os.write(master, typed.encode())
    with contextlib.suppress(OSError):
        while os.read(master, 4096):
            pass
    os.close(master)
    assert process.wait(60) == code
    assert len(board.posts) == posts


def test_promote_says_what_is_missing(board, capsys):
    twin(board, consistent=False, missing_groups=4, link={**status()["link"], "state": "waiting"})
    cli.main(["promote", board.address])
    text = capsys.readouterr().out
    assert "lacks at least 4 groups of writes that the other board had told of" in text
    assert "does not reach the other board" in text and "NOT a whole disk" in text


def test_promote_refused_by_the_board(board, capsys):
    twin(board)
    board.answers["/api/promote"] = 409, {"error": "left is no twin; only a twin can be promoted"}
    assert cli.main(["promote", board.address, "--force"]) == 3
    assert capsys.readouterr().err == "left is no twin; only a twin can be promoted\n"


def test_promote_of_a_primary_does_not_ask(board, capsys):
    assert cli.main(["promote", board.address]) == 3
    captured = capsys.readouterr()
    assert captured.err.endswith(" is no twin; only a twin can be promoted\n") and not captured.out
    assert not board.posts


def test_mark(board, capsys):
    board.answers["/api/mark"] = 200, {"group": 12}
    assert cli.main(["mark", "before the upgrade", board.address]) == 0
    assert board.posts == [("/api/mark", "application/json", {"name": "before the upgrade"})]
    assert capsys.readouterr().out == "Mark before the upgrade is set behind group 12.\n"
    board.answers["/api/mark"] = 409, {"error": "right is a twin; set the mark on the other board"}
    assert cli.main(["mark", "a", board.address]) == 3
    assert "set the mark on the other board" in capsys.readouterr().err


def test_a_twin_without_link_promises_no_journal(board, capsys):
    twin(board, link_state="waiting")
    cli.main(["status", board.address])
    assert "what it writes now is not here" in capsys.readouterr().out


def test_silent_board(board):
    board.server.shutdown()
    with pytest.raises(Unreachable, match=r"does not answer in 0\.2 s"):
        Client(board.address, timeout_s=0.2).status()


@pytest.mark.parametrize("argv", [[], ["fly"], ["status", "--fly"], ["journal"], ["journal", "x", "--limit", "-1"]])
def test_wrong_usage(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2


@pytest.mark.parametrize("name", ["run", "status", "promote", "mark", "journal", "demo"])
def test_help_names_the_exit_codes(name, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert "Exit: 0" in capsys.readouterr().out


def test_runs_from_any_folder(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "cli.py").write_text("print('not ours')")
    link = tmp_path / "sosie"
    link.symlink_to(SOSIE)
    done = subprocess.run([link, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "one mirrored disk" in done.stdout) == (0, True)


def test_run_refuses_a_bad_configuration(tmp_path):
    conf = tmp_path / "board.conf"
    conf.write_text("colour = red\n")
    done = subprocess.run([SOSIE, "run", "board.conf"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "colour" in done.stderr


def test_journal_into_a_closed_pipe(tmp_path):
    done = subprocess.run("%s journal %s | true" % (SOSIE, tmp_path), shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
