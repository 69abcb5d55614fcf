"""The serial console of real boards, on pseudo-terminals: what a person sees and types, and lines that come and go."""

import os
import random
import time

import pytest

from tests.process.boards import wait_until
from tests.process.oracle import History
from tests.process.person import Line
from tests.process.writer import Writer
from tools.ring import Ring

SIZE = 32 << 20


@pytest.fixture
def make_line(tmp_path):
    made = []

    def make(name="tty"):
        made.append(Line(tmp_path / name))
        return made[-1]

    yield make
    for line in made:
        line.close()


@pytest.fixture
def pair(make_pair, make_line):
    """A pair with a person at each board."""
    pair = make_pair()
    for board in (pair.left, pair.right):
        board.line = make_line(board.name)
        board.write_conf(console=board.line.path)
    return pair.start()


def marks(board) -> list:
    """[(group, names)] that the board's journal still has."""
    ring = Ring(str(board.journal))
    try:
        return [(group.descriptor.number, group.marks) for group in ring.scan() if getattr(group, "marks", None)]
    finally:
        ring.close()


def test_the_first_line_says_how_it_is(pair):
    pair.left.line.sees("SAFE  the twin has everything")
    pair.right.line.sees("SAFE  this board has everything")
    pair.right.kill()
    shown = pair.left.line.sees("NOT MIRRORED")
    assert "left: no link" in shown and "bring the link or the twin back" in shown
    pair.left.client().write(0, b"x" * 4096)
    pair.left.line.sees("the twin lacks 1 group")
    pair.left.line.sees("the link to right is lost")
    pair.right.start()
    pair.left.line.sees("SAFE  the twin has everything")


def test_a_mark_is_in_both_journals(pair):
    pair.left.line.sees("SAFE")
    client = pair.left.client()
    client.write(0, b"a" * 4096)
    pair.left.line.type("mark before the upgrade\r")
    pair.left.line.sees("Mark before the upgrade is set behind group")
    client.write(0, b"b" * 4096)
    client.flush()
    code, body = pair.left.request("POST", "/api/mark", {"name": "by the API"})
    assert code == 200, body
    code, body = pair.right.request("POST", "/api/mark", {"name": "on the twin"})
    assert code == 409 and b"on the other board" in body
    pair.right.line.type("mark on the twin\r")
    pair.right.line.sees("set the mark on the other board")
    pair.wait_drained()
    found = marks(pair.left)
    assert [names for _, names in found] == [["before the upgrade"], ["by the API"]]
    assert marks(pair.right) == found
    pair.left.kill()
    pair.right.kill()
    assert marks(pair.left) == marks(pair.right) == found


def test_promotion_from_the_console(pair):
    pair.right.line.sees("SAFE")
    pair.right.line.type("promote\r")
    pair.right.line.sees("promote force")
    pair.left.kill()
    pair.right.line.sees("NOT MIRRORED")
    pair.right.line.type("promote\r")
    pair.right.line.sees("type yes to do it:")
    pair.right.line.type("no\r")
    pair.right.line.sees("Nothing was done.")
    assert pair.right.status()["role"] == "twin"
    pair.right.line.type("promote\ryes\r")
    pair.right.line.sees("right is promoted: generation 2")
    pair.right.line.sees("NO TWIN")
    assert pair.right.status()["role"] == "primary"
    pair.right.patient_client().write(0, b"x" * 512)
    pair.right.line.type("log\r")
    pair.right.line.sees("a host has the disk (NBD)")


def test_a_line_that_is_pulled_out_comes_back(make_board, make_line):
    line = make_line()
    board = make_board(console=line.path).start()
    line.sees("NOT MIRRORED")
    for _ in range(3):
        line.unplug()
        assert board.status()["state"] == "no link"
        line.plug()
        line.sees("NOT MIRRORED")
        line.type("help\r")
        line.sees("names this point of the log")
    assert not board.status()["alarms"]


def test_a_device_that_is_missing_is_one_alarm(make_board, make_line, tmp_path):
    line = make_line()
    line.unplug()
    board = make_board(console="%s:9600" % line.path).start()
    time.sleep(2.5)
    alarms = board.status()["alarms"]
    assert len(alarms) == 1 and str(line.path) in alarms[0] and "No such file" in alarms[0]
    board.client().write(0, b"x" * 512)
    line.plug()
    line.sees("NOT MIRRORED")
    line.type("log\r")
    assert line.sees("No such file").count("No such file") == 1
    assert not board.status()["alarms"]
    board.stop()
    line.sees("STOPPED  solo is stopping")


def test_something_that_is_no_serial_device(make_board, tmp_path):
    (tmp_path / "file").write_text("hands off")
    board = make_board(console=tmp_path / "file").start()
    assert "is not a serial device" in board.status()["alarms"][0]
    board.stop()
    assert (tmp_path / "file").read_text() == "hands off"


def test_nobody_reads(pair):
    pair.left.line.sees("SAFE")
    before = pair.left.line.got
    history = History(SIZE)
    writer = Writer(pair.left, history, random.Random(5)).start()
    time.sleep(4)
    writer.stop()
    pair.wait_drained()
    pair.right.kill()
    time.sleep(1)
    shown = pair.left.line.sees("NOT MIRRORED")
    assert "SAFE" not in shown
    assert pair.left.line.got - before < 20 * 2500
    pair.left.stop()


def test_a_flood_of_noise_holds_nothing_up(pair):
    line, noise = pair.left.line, random.Random(7)
    line.sees("SAFE")
    history = History(SIZE)
    writer = Writer(pair.left, history, random.Random(6)).start()
    deadline = time.monotonic() + 4
    sent = 0
    while time.monotonic() < deadline or sent <= 20000:
        assert time.monotonic() < deadline + 60, sent
        line.look()
        try:
            sent += os.write(line.master, noise.randbytes(4096))
        except BlockingIOError:
            time.sleep(0.005)
    writer.stop()
    assert pair.left.status()["state"] in ("mirroring", "behind")
    pair.wait_drained()
    time.sleep(3)  # the rest of the noise is taken at the pace of a person
    assert not pair.left.status()["alarms"]
    wait_until("the line is free again", lambda: _answers(line), every_s=0.5)


def _answers(line) -> bool:
    line.type(b"\x18\x03help\r")
    time.sleep(0.3)
    return "names this point of the log" in line.look()


def test_a_modem_manager_finds_no_modem(pair):
    """The probes of ModemManager 1.20 (mm-port-probe.c): AT three times, then QCDM, as a port appears."""
    line = pair.right.line
    line.sees("SAFE")
    before = pair.right.status()
    for probe in (b"AT\r", b"AT\r", b"AT\r", b"ATI\r", b"AT+CGMI\r", b"\x7e\x00\x78\xf0\x7e"):
        line.type(probe)
        time.sleep(0.4)
        assert not any(row.strip() in ("OK", "ERROR", "CONNECT") for row in line.look().splitlines())
    line.type("\x15")
    shown = line.sees("Would be lost now")
    assert "There is no command" not in shown
    after = pair.right.status()
    assert (after["role"], after["generation"], after["alarms"]) == (before["role"], before["generation"], [])


def _stands_behind(line, text: str) -> bool:
    """Whether the last line is `text`, and the cursor behind it."""
    return line.prompt == text.rstrip() and (line.screen.cursor.y, line.screen.cursor.x) == (23, len(text))


def test_typing_is_not_disturbed(make_board, make_line):
    line = make_line()
    make_board(console=line.path).start()
    line.sees("NOT MIRRORED")
    typed = ""
    for character in "mark slowly typed":
        line.type(character)
        typed += character
        time.sleep(0.25)
        wait_until("it is echoed", lambda typed=typed: _stands_behind(line, "> " + typed))
    time.sleep(3)
    wait_until("it stands there again, or still", lambda: _stands_behind(line, "> mark slowly typed"))
    line.type("\x7f" * 5 + "done\r")
    line.sees("Mark slowly done is set")
