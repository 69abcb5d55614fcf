"""The whole benchmark in miniature, against real boards: every part measures, nothing is left behind."""

import json
import os
import shutil

import pytest

from tools.bench import cli, proc
from tools.bench.pair import Pair
from tools.bench.peers import NbdkitFile

WORDS = (
    "--rounds 1 --seconds 1 --size 16M --journal-size 512M --groups 300 --distance 20 "
    "--only nbdkit,sosie --rows w4k1,w4kf,r4k16"
).split()


@pytest.fixture
def report(tmp_path):
    missing = [line for line in (NbdkitFile.missing(), Pair.missing()) if line]
    if missing or not shutil.which("fio"):
        pytest.skip("; ".join(missing) or "fio is missing")
    place = tmp_path / "place"
    place.mkdir()
    before = proc.family(os.getpid())
    assert cli.main([*WORDS, "--dir", str(place), "--out", str(tmp_path / "bench")]) == 0
    assert os.listdir(place) == []
    assert {pid for pid in proc.family(os.getpid()) - before if proc.alive(pid)} == set()
    return json.loads((tmp_path / "bench.json").read_text()), (tmp_path / "bench.md").read_text()


@pytest.mark.timeout(400)
def test_every_part_measures(report):
    told, text = report
    assert told["notes"] == [] and told["failures"] == [] and told["place_failures"] == []
    for row in ("w4k1", "w4kf", "r4k16"):
        for server in ("nbdkit", "sosie"):
            (cell,) = told["rows"][row][server]
            assert cell["iops"] > 10 and 0 < cell["p50_us"] <= cell["p99_us"] <= cell["max_us"] * 1.1
    written = told["rows"]["w4k1"]["sosie"][0]
    assert written["drain_s"] >= 0 and written["cpu_s_primary"] > 0 and written["cpu_s_twin"] > 0
    assert told["places"]["w4k1"]["gone"][0]["backlog_groups"] > 0
    # The line is as long as it was said to be.
    assert told["places"]["w4kf"]["away"][0]["rtt_ms"] >= 20
    outage = told["backlog"]
    assert outage["recovered_groups"] >= outage["groups"] >= 300
    assert outage["blocks_wrong"] == 0 and outage["blocks_checked"] >= 300
    assert 0 < outage["recover_s"] < 30 and outage["catch_up_s"] > 0
    assert 1 << 20 < outage["make_pss"] <= outage["make_rss"]
    told_of_page = {(row, who): results for row, who, results in told["page"]}
    assert told_of_page["4 KiB random write, depth 1", "pages"][0]["p99_us"] > 0
    assert told_of_page["at rest", "crowd"][0]["rss_bytes"] > 1 << 20 and "## Open pages" in text
    assert "| 4 KiB random write, depth 1" in text and "## A long outage" in text
