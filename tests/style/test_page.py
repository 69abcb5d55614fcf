"""What the page's files must have in common with the firmware."""

import re

from firmware.status import conditions
from tests.style.directions import ROOT


def test_the_page_judges_the_other_board_by_the_limits_of_conditions():
    text = (ROOT / "firmware/api/web/boards.js").read_text()
    found = {name: int(number) for name, number in re.findall(r"\b([A-Z_]+) = (\d+)", text)}
    assert found == {name: getattr(conditions, name) for name in (
        "HOT_C", "TOO_HOT_C", "WORN_PERCENT", "WORN_OUT_PERCENT",
    )}  # fmt: skip
