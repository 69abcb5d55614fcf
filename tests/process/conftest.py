"""Fixtures: boards that are gone when their test is over, whatever happened in it."""

import pytest

from tests.process.boards import Board, Pair


@pytest.fixture
def make_pair(tmp_path):
    made = []

    def make(**lines):
        made.append(Pair(tmp_path, **lines))
        return made[-1]

    yield make
    for pair in made:
        pair.end()


@pytest.fixture
def make_board(tmp_path):
    """Boards that the test combines itself; a primary without a twin unless it says otherwise."""
    made = []

    def make(name="solo", **lines):
        made.append(Board(tmp_path, name, **({"role": "primary", "peer": "127.0.0.1:9"} | lines)))
        return made[-1]

    yield make
    for board in made:
        board.end()
