"""The benchmark of TLS: its table, and one short run of the link between two processes."""

import pytest

from tools.bench import tls
from tools.bench.workspace import Workspace

GOOD = {"bytes_per_s": 100e6, "give_s_per_mb": 1e-3, "take_s_per_mb": 1e-3}
HALF = {"bytes_per_s": 50e6, "give_s_per_mb": 2e-3, "take_s_per_mb": 3e-3}


def test_the_table_has_medians_and_ratios():
    rows = [("row", "plain", [GOOD, HALF, GOOD]), ("row", "AES", [HALF, HALF, GOOD]), (tls.PEER, "AES", [HALF])]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tls.table(rows).splitlines()[2:]]
    assert lines[0][2:4] == ["100", "1.00"]
    assert lines[1] == ["row", "AES", "50", "0.50", "2.00", "3.00", "2.50"]
    assert lines[2][3] == lines[2][6] == "–"


@pytest.mark.parametrize("way", ["plain", "aes", "chacha"])
def test_a_run_of_the_link(tmp_path, way):
    with Workspace(str(tmp_path)) as place:
        data = place.image("data", 2 << 20)
        for row in (tls.ROWS[0], tls.ROWS[1], tls.ROWS[2]):
            found = tls.link(place, tls.make_keys(place), data, 2 << 20, row, way)
            assert found["bytes_per_s"] > 0 and set(found) == set(GOOD)
