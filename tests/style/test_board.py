"""Every file of board/: imports only what it may, defines and does not act, stays readable."""

import pytest

from tests.style import directions
from tests.style.test_firmware import LONGEST_FILE

FILES = sorted(directions.BOARD.rglob("*.py"))
NAMES = [str(path.relative_to(directions.ROOT)) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_in_the_right_direction(path):
    assert directions.board_findings(path) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_defines_and_does_not_act(path):
    if path.name != "__main__.py":
        assert directions.acts_at_import(path) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_stays_readable(path):
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
