"""`sosie status --watch`: a picture on a terminal, lines on a pipe, and a clean end."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest

from firmware.status.snapshot import snapshot
from tests.tools.liveboard import LiveBoard
from tests.tools.test_cli import SOSIE
from tests.unit.fakes_status import example

LIMIT_S = 20
DRAWN = b"\x1b[J"  # the last that is written of each picture
EVENT = {"id": 7, "ms": 1700000000000, "sentence": "the link is up: right at 127.0.0.1"}


def shown(word: str, **changes) -> dict:
    return snapshot(example(word, **changes))


@pytest.fixture
def board():
    made = LiveBoard(shown("healthy"), [EVENT])
    yield made
    if made.asked[-1:] != ["ended"]:
        made.end()


class Terminal:
    """The command on a terminal of 80 columns, and what that shows."""

    def __init__(self, *words, lines=30, environ=None):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
        self.screen = pyte.Screen(80, lines)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master = master
        env = {**os.environ, "COLUMNS": "80", "LINES": str(lines), **(environ or {})}
        self.process = subprocess.Popen([sys.executable, SOSIE, "status", *words], stdin=slave, stdout=slave,
                                        stderr=slave, close_fds=True, start_new_session=True, env=env)  # fmt: skip
        os.close(slave)

    def until(self, holds, limit_s=LIMIT_S) -> str:
        """The text on it, once `holds(text)` of a whole picture: what is read may end in the midst of one."""
        deadline = time.monotonic() + limit_s
        while True:
            text = "\n".join(self.screen.display)
            if self.raw.endswith(DRAWN) and holds(text):
                return text
            assert time.monotonic() < deadline, text
            self._take(0.1)

    def _take(self, patience_s) -> bool:
        if not select.select([self._master], [], [], patience_s)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def ends(self, how=signal.SIGINT) -> int:
        """The exit code, after that signal."""
        self.process.send_signal(how)
        while self._take(LIMIT_S):
            pass
        return self.process.wait(LIMIT_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal():
    made = []

    def start(*words, **options):
        made.append(Terminal(*words, **options))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_a_picture_that_changes_and_a_clean_end(board, terminal):
    live = terminal("--watch", board.address)
    text = live.until(lambda text: "left: SAFE" in text)
    assert "Would be lost now  nothing" in text and "Ctrl-C" in text and "What happened" not in text
    assert b"\x1b[?1049h" in live.raw and b"\x1b[32m" in live.raw
    board.says(shown("outage"))
    live.until(lambda text: "left: NOT MIRRORED" in text and "SAFE" not in text)
    assert b"\x1b[31m" in live.raw
    assert live.ends() == 2
    assert live.raw.count(b"\x1b[?1049l") == 1 and live.raw.rindex(b"\x1b[?25h") > live.raw.rindex(b"\x1b[?25l")
    assert b"Traceback" not in live.raw and b"left: NOT MIRRORED" in live.raw[live.raw.rindex(b"1049l") :]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_terminal_is_left_as_it_was(board, terminal, how):
    live = terminal("--watch", board.address)
    live.until(lambda text: "left: SAFE" in text)
    assert live.ends(how) == 0
    assert live.raw.endswith(b"\r\n") and b"\x1b[?25h\x1b[?1049l" in live.raw


def test_it_says_how_old_it_is_and_comes_back(board, terminal):
    live = terminal("--watch", board.address)
    live.until(lambda text: "left: SAFE" in text)
    board.refusal = 503, b"<html>"
    board._tell(None, None)
    text = live.until(lambda text: "Last heard" in text and "is not a Sosie board" in text)
    assert "left: NOT KNOWN" in text and "left: SAFE" not in text and "All is well" not in text
    assert re.search(r"As it was at \d\d:\d\d:\d\d: SAFE", text) and "Would be lost now" not in text
    board.refusal = None
    live.until(lambda text: "Last heard" not in text and "left: SAFE" in text)
    board.end()
    board.asked.append("ended")
    live.until(lambda text: "No board answers at" in text)
    assert live.ends() == 3
    left = live.raw[live.raw.rindex(b"1049l") :]
    assert b"No board answers at" in left and b"left: SAFE" not in left


def test_what_is_left_of_a_board_that_fell_silent_is_not_of_now(board, terminal):
    """Before anybody gave it up: it only does not tell anything any more."""
    live = terminal("--watch", board.address)
    live.until(lambda text: "left: SAFE" in text)
    board.silent = True
    live.until(lambda text: "Last heard" in text)
    assert live.ends() == 3
    left = live.raw[live.raw.rindex(b"1049l") :].decode()
    assert re.search(r"left: Last heard \d+ s ago", left) and "left: NOT KNOWN" in left
    assert re.search(r"As it was at \d\d:\d\d:\d\d: SAFE", left) and "All is well" not in left


def test_two_boards_on_a_small_screen_with_events(board, terminal):
    other = LiveBoard(shown("twin"))
    try:
        live = terminal("--watch", "--events", board.address, other.address, lines=14)
        text = live.until(lambda text: "left: SAFE" in text and "right: SAFE" in text)
        assert "Journal" not in text and "left: the link is up: right" in text
        new = [dict(EVENT, id=9 + number, ms=1700000100000 + number) for number in range(2)]
        other._events.append(dict(new[0], sentence="while nobody listened"))
        live.until(lambda text: "/api/live" in other.asked)
        other._tell(None, None)  # the stream breaks off
        live.until(lambda text: "right: while nobody listened" in text)
        live.until(lambda text: other.asked.count("/api/live") > 1)
        other.happens(dict(new[1], sentence="right started"))
        text = live.until(lambda text: "right started" in text)
        assert "right: right" not in text
        assert text.count("while nobody listened") == 1
        assert live.ends() == 0
    finally:
        other.end()


def test_without_colours_in_another_language_and_of_a_board_without_a_stream(board, terminal):
    board.streams = False
    live = terminal("--watch", "--lang", "fr", board.address, environ={"NO_COLOR": "1"})
    live.until(lambda text: "left: SAFE" in text)
    board.says(shown("outage"))
    live.until(lambda text: "NOT MIRRORED" in text)
    assert b"\x1b[32m" not in live.raw and b"\x1b[31m" not in live.raw
    assert set(board.asked) == {"/api/status?lang=fr", "/api/live?lang=fr"}
    assert board.asked.count("/api/live?lang=fr") == 1
    assert live.ends() == 2


class Pipe:
    """The command with its output on a pipe."""

    def __init__(self, *words):
        self.process = subprocess.Popen([sys.executable, SOSIE, "status", *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip

    def line(self) -> str:
        return self.process.stdout.readline()

    def ends(self) -> tuple:
        """(exit code, the rest of stdout, stderr)"""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out, err

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def pipe():
    made = []

    def start(*words):
        made.append(Pipe(*words))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_a_pipe_is_told_what_changes_and_nothing_else(board, pipe):
    live = pipe("--watch", "--events", board.address)
    assert live.line().endswith("left: SAFE, the twin has everything\n")
    while "/api/live" not in board.asked:
        time.sleep(0.01)
    for number in range(5):
        board.says(shown("healthy", written=12 + number, acked=12 + number, uptime_s=9 + number))
    board.happens(EVENT)  # is known already
    board.happens(dict(EVENT, id=8))
    assert re.fullmatch(r"2023-11-1\d \d\d:\d\d:\d\d left: the link is up: right at 127.0.0.1\n", live.line())
    board.happens(dict(EVENT, id=9, sentence="left started " + "and so on " * 20))
    assert live.line().endswith(" left started " + "and so on " * 20 + "\n")
    board.says(shown("healthy", journal_used=400 << 20, journal_growth=112 * (1 << 20) / 3600))
    assert "left: SAFE, the twin has everything; Critical: the journal is 78 % full" in live.line()
    board.says(shown("failed"))
    line = live.line()
    assert "left: FAILED" in line and "the journal /dev/mmcblk0p4 failed" in line
    assert live.ends() == (2, "", "")


def test_json_is_a_line_for_each_second(board, pipe):
    live = pipe("--watch", "--json", board.address)
    assert json.loads(live.line())["words"]["verdict"] == "SAFE"
    board.says(shown("fenced"))
    while json.loads(live.line())["state"] != "fenced":
        pass
    code, _, err = live.ends()
    assert (code, err) == (2, "")


def test_nobody_there(pipe):
    live = pipe("--watch", "127.0.0.1:1")
    assert "No board answers at 127.0.0.1:1" in live.line()
    assert live.ends() == (3, "", "")


@pytest.mark.parametrize("nonsense", [
    b"event: status\ndata: {}\n\n", b"event: status\ndata: [1]\n\n", b"event: happened\ndata: {\"ms\": \"x\"}\n\n",
    b"event: status\ndata: {\"state\n\n", b"data: 3\n\n", b"\xff\xfe\n\n", b"event: unheard_of\ndata: {}\n\n",
])  # fmt: skip
def test_nonsense_on_the_stream(board, pipe, nonsense):
    board._write = lambda handler, event, content: handler.wfile.write(nonsense)
    live = pipe("--watch", board.address)
    assert live.line().endswith("left: SAFE, the twin has everything\n")
    time.sleep(0.5)
    code, _, err = live.ends()
    assert code in (0, 3) and "Traceback" not in err


def test_a_pipe_that_is_closed(board, pipe):
    live = pipe("--watch", board.address)
    live.line()
    live.process.stdout.close()
    board.says(shown("failed"))
    assert live.process.wait(LIMIT_S) == 0
    assert live.process.stderr.read() == ""
