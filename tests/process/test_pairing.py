"""Two running boards are paired by a code that is read on one console and typed on the other, over the open port."""

import os
import re

import pytest

from firmware.pair import card
from firmware.ports.cpython.pake import Exchange
from tests.process.boards import wait_until
from tests.process.keyed import KeyedPair, talk
from tests.process.person import Line


@pytest.fixture
def pair(tmp_path):
    pair = KeyedPair(tmp_path)
    for board in (pair.left, pair.right):
        board.line = Line(tmp_path / (board.name + ".tty"))
        board.write_conf(console=board.line.path)
    pair.start()
    yield pair
    pair.end()
    for board in (pair.left, pair.right):
        board.line.close()


def shown_code(board) -> str:
    """The code that the board shows when it is asked for one."""
    board.line.type("pair\r")
    return re.search(r"pair (\d+-[a-z]+-[a-z]+)", board.line.sees("The code is good for ten minutes")).group(1)


def is_up(pair) -> bool:
    return pair.left.status()["link"]["state"] == "up"


def test_a_code_pairs_two_boards_and_they_mirror(pair):
    pair.left.line.sees("this board is not paired")
    assert pair.left.status()["link"]["state"] != "up"
    code = shown_code(pair.right)
    pair.left.line.type("pair %s\r" % code.replace("-", " ").upper())
    pair.left.line.sees("left and right are paired.")
    pair.right.line.sees("right and left are paired.")
    assert (pair.left.peers, pair.right.peers) == ([pair.right.certificate], [pair.left.certificate])
    wait_until("the link is up", lambda: is_up(pair))
    pair.left.patient_client().write(0, b"x" * 4096)
    pair.wait_drained()
    for board in (pair.left, pair.right):  # it outlives both processes
        board.kill()
    pair.start()
    wait_until("the link is up again", lambda: is_up(pair))


def test_a_wrong_code_costs_a_guess_and_three_are_all(pair):
    code = shown_code(pair.right)
    wrong = next(word for word in ("1-acorn-actor", "2-acorn-actor") if word != code)
    for _ in range(3):
        pair.left.line.type("pair %s\r" % wrong)
        pair.left.line.sees("the code was wrong, or somebody is between the boards")
        pair.left.line.type("help\r")
        pair.left.line.sees("the live screen; an empty line")
    pair.right.line.sees("The code is void after 3 failures")
    pair.left.line.type("pair %s\r" % code)
    pair.left.line.sees("shows no code now")
    assert pair.left.peers == pair.right.peers == []


def test_strangers_at_the_open_port(pair):
    code = shown_code(pair.right)
    assert talk(pair.port, b"GET / HTTP/1.1\r\n\r\n") == b""
    assert talk(pair.port, b"SosieLnk" + bytes(4)) == b""
    assert talk(pair.port, b"S" * 5000) == b""
    assert talk(pair.port, os.urandom(16).replace(b"S", b"x").replace(b"\x16", b"x")) == b""
    thief = Exchange("1-acorn-actor", True)
    element = card.message(card.ELEMENT, thief.element)
    answer = talk(pair.port, card.preamble() + element + b"\x02\x00" + os.urandom(900))
    assert answer.startswith(card.preamble()) and code.encode() not in answer
    assert pair.right.certificate not in answer
    pair.left.line.type("pair %s\r" % code)
    pair.left.line.sees("left and right are paired.")


def test_a_paired_board_says_how_to_start_over(pair, tmp_path):
    pair.left.line.type("pair %s\r" % shown_code(pair.right))
    pair.left.line.sees("left and right are paired.")
    (tmp_path / "more").mkdir()
    third = KeyedPair(tmp_path / "more")
    third.left.line = Line(tmp_path / "third.tty")
    third.left.write_conf(console=third.left.line.path, peer="127.0.0.1:%d" % pair.port)
    pinned = pair.right.peers
    try:
        third.left.start()
        pair.right.line.type("pair\r")
        shown = pair.right.line.sees("This board is paired already")
        code = re.search(r"pair (\d+-[a-z]+-[a-z]+)", shown).group(1)
        third.left.line.type("pair %s\r" % code)
        third.left.line.sees("this board is paired already; to start over")
        assert third.left.peers == [] and pair.right.peers == pinned
        wait_until("the link is up", lambda: is_up(pair))
        pair.right.line.type("unpair\r")
        pair.right.line.sees("This forgets the other board")
        pair.right.line.type("yes\r")
        wait_until("the link is down", lambda: not is_up(pair))
        third.left.line.type("pair %s\r" % shown_code(pair.right))
        third.left.line.sees("left and right are paired.")
        assert pair.right.peers == [third.left.certificate]
    finally:
        third.end()
        third.left.line.close()


def test_a_new_password(pair):
    pair.right.line.type("password\r")
    pair.right.line.sees("makes a new password")
    pair.right.line.type("no\r")
    assert pair.right.status()["name"] == "right"
    pair.right.line.type("password\r")
    pair.right.line.sees("makes a new password")
    pair.right.line.type("yes\r")
    shown = pair.right.line.sees("The password of the page")
    wait_until("the old one is void", lambda: pair.right.request("GET", "/api/status")[0] == 401, 20)
    pair.right.password = re.search(r"([a-z0-9]{4}-){3}[a-z0-9]{4}", shown).group(0)
    wait_until("it is taken", lambda: pair.right.request("GET", "/api/status")[0] == 200)
