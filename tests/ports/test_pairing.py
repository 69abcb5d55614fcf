"""Pairing with real keys and a real SPAKE2: who is between the boards gets nowhere, and a power cut harms nothing."""

import random

import pytest

from firmware.pair.identity import PRIMARY, TWIN
from firmware.ports.cpython import keyfolder
from firmware.ports.cpython.keyring import Keyring
from firmware.ports.cpython.pake import Exchange
from tests.ports.test_keyfolder import Cut, Kernel
from tests.unit import fakes_pair
from tests.unit.fakes_pair import Wire
from tests.unit.test_pair_introduction import _flip


class Board(fakes_pair.Board):
    def __init__(self, folder, name, role):
        super().__init__(name, role)
        keyfolder.make(str(folder), name)
        self.folder = str(folder)
        self.keys = self.pairing.keys = Keyring(self.folder, name)
        self.runtime.start = Exchange

    @property
    def pinned(self):
        return keyfolder.peers(self.folder)


@pytest.fixture
def boards(tmp_path):
    return Board(tmp_path / "left", "left", PRIMARY), Board(tmp_path / "right", "right", TWIN)


def introduce(left, right, code, **how):
    left.join(code)
    return Wire(left.call(), right.pairing.visitor(), **how).run()


def are_paired(left, right):
    return (left.pinned, right.pinned) == ([right.keys.certificate], [left.keys.certificate])


def test_whole_and_again(boards):
    for _ in range(2):
        introduce(*boards, boards[1].show())
        assert are_paired(*boards)


def test_a_wrong_code(boards):
    boards[1].show()
    introduce(*boards, "1-acorn-actor")
    assert boards[0].pinned == boards[1].pinned == []
    assert "the code was wrong" in boards[0].heard[0]


def test_somebody_between_who_does_not_know_the_code(boards, tmp_path):
    """He is the twin to the primary and the primary to the twin, and hands on or makes up what he likes."""
    left, right = boards
    thief = Board(tmp_path / "as-right", "right", TWIN), Board(tmp_path / "as-left", "left", PRIMARY)
    thief[0].runtime.bytes = b"elsewhere"
    code = right.show()
    assert thief[0].show() != code
    introduce(left, thief[0], code)
    introduce(thief[1], right, "1-acorn-actor")
    assert left.pinned == right.pinned == []
    assert code.encode() not in b"".join(introduce(left, right, "2-acorn-actor").sent)


def test_what_is_changed_on_the_way(boards, tmp_path):
    total = [len(sent) for sent in introduce(*boards, boards[1].show()).sent]
    places, paired = random.Random(7), 0
    for side in (0, 1):
        for place in sorted(places.sample(range(total[side]), 25)):
            for board in boards:
                board.keys.unpair()
            introduce(*boards, boards[1].show(), change=_flip(side, place)).cut()
            for board, other in (boards, boards[::-1]):
                assert board.pinned in ([], [other.keys.certificate])
            paired += are_paired(*boards)
    assert paired < 5  # bytes that nobody looks at


def test_a_power_cut_anywhere(boards, monkeypatch):
    """While either of them writes: its own key and the other board stay what they were, and once more mends it."""
    kept, cuts = [board.keys.certificate for board in boards], 0
    while True:
        code = boards[1].show()
        with monkeypatch.context() as patch:
            kernel = Kernel(patch, cuts)
            try:
                introduce(*boards, code)
            except Cut:
                pass
        assert [board.keys.certificate for board in boards] == kept
        for board in boards:
            keyfolder.settle(board.folder)
            keyfolder.check(board.folder)
            board.pairing._calling = None  # of the process that is gone
        introduce(*boards, boards[1].show())
        assert are_paired(*boards)
        if kernel.left >= 0:
            break
        for board in boards:
            board.keys.unpair()
        cuts += 1
    assert cuts == 10  # unlink, write, sync, rename, sync of the folder; on each board
