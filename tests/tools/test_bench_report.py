"""The tables: what is in which cell, and that nothing that failed or is missing looks measured."""

import json

from tools.bench import fio, report
from tools.bench.report import Report
from tools.bench.rounds import Results

ROWS = [row for row in fio.ROWS if row.key in ("w4k1", "w1m", "r4k1")]


def results(**cells):
    found = Results()
    for name, values in cells.items():
        row, _, server = name.partition("__")
        for iops in values:
            found.add(row, server.replace("_", "-"), {
                "iops": iops, "bytes_per_s": iops * 1e6, "p50_us": 50.0, "p99_us": 100.0 * iops,
                "max_us": 1000.0 * iops,
                "backlog_bytes": 5e6, "drain_s": 0.25, "cpu_per_gb_primary": 1.5, "cpu_per_1000_primary": 0.012,
            })
    return found


def cells_of(text, first):
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == first:
            return cells[1:]
    raise AssertionError(first + " has no line")


def test_medians_ratios_and_goals():
    found = results(w4k1__nbdkit=[9000, 10000, 30000], w4k1__qemu_nbd=[5000], w4k1__qemu_mirror=[4000],
                    w4k1__sosie=[5500])
    assert cells_of(report.speed_table(ROWS, found), "4 KiB random write, depth 1") == [
        "10.0 k/s (1.00)", "5.0 k/s (0.50)", "4.0 k/s (0.40)", "5.5 k/s (0.55)", "**1.10**", "1.38", "5 MB", "0.25 s"]


def test_large_blocks_are_told_in_megabytes():
    found = results(w1m__nbdkit=[2000], w1m__sosie=[1000])
    assert cells_of(report.speed_table(ROWS, found), "1 MiB sequential write, depth 4")[:4] == [
        "2000 MB/s (1.00)", "–", "–", "1000 MB/s (0.50)"]


def test_without_nbdkit_there_are_no_ratios_to_it():
    found = results(w4k1__sosie=[5500], w4k1__qemu_mirror=[2000])
    cells = cells_of(report.speed_table(ROWS, found), "4 KiB random write, depth 1")
    assert cells[:6] == ["–", "–", "2.0 k/s", "5.5 k/s", "–", "**2.75**"]


def test_reads_leave_no_backlog():
    found = results(r4k1__sosie=[1000])
    assert cells_of(report.speed_table(ROWS, found), "4 KiB random read, depth 1")[-2:] == ["–", "–"]


def test_failures_show():
    found = results(w4k1__nbdkit=[1000])
    found.fail("w4k1", "sosie", "fio failed: connection reset")
    found.fail("w4k1", "nbdkit", "one round of several")
    assert cells_of(report.speed_table(ROWS, found), "4 KiB random write, depth 1")[:4] == [
        "1.0 k/s (1.00) (!)", "–", "–", "failed"]


def test_places_show_the_worst_latency_of_all_rounds():
    found = results(w4k1__near=[1000, 2000, 3000], w4k1__gone=[1000], w4k1__away=[4000])
    lines = report.places_table(ROWS[:1], found).splitlines()[2:]
    near, gone, away = ([cell.strip() for cell in line.strip("|").split("|")][1:] for line in lines)
    assert near == ["near", "2.0 k/s", "1.00", "0.05 ms", "200.00 ms", "3000.00 ms", "5 MB", "0.25 s"]
    assert (gone[2], away[2]) == ("0.50", "2.00")


def test_processor_time():
    found = results(w4k1__sosie=[1000])
    assert cells_of(report.cpu_table(ROWS, found), "4 KiB random write, depth 1") == [
        "–", "–", "–", "1.50 (0.012)", "–"]


def test_columns_are_aligned():
    text = report.table(["a", "long head"], [["longer cell", 1], ["x", "–"]])
    assert len({len(line) for line in text.splitlines()}) == 1
    assert text.splitlines()[1] == "|-------------|-----------|"


BACKLOG = {
    "disk_bytes": 1 << 40, "journal_bytes": 4 << 30, "groups": 100000, "bytes": 4e8, "make_s": 30.0,
    "made_per_s": 3333.3, "client_depth": 8, "idle_pss": {"tera-left": 30 << 20, "tera-right": 31 << 20},
    "make_pss": 97 << 20, "make_rss": 120 << 20, "recover_s": 0.5, "recover_pss": 40 << 20, "recover_rss": 50 << 20,
    "recovered_groups": 100000, "until_link_s": 1.0, "catch_up_s": 6.0, "catch_up_groups_per_s": 20000.0,
    "catch_up_bytes_per_s": 8e7, "catch_up_played_s": 7.0, "catch_up_pss": {"tera-left": 1, "tera-right": 2 << 20},
    "blocks_checked": 1000, "blocks_wrong": 0,
}


def test_memory_above_the_limit_says_so():
    text = report.backlog_table(BACKLOG)
    assert cells_of(text, "most memory while writing, PSS (RSS)") == [
        "97.0 MiB **above 96 MiB** (120.0 MiB)"]
    assert cells_of(text, "memory at rest, PSS, primary and twin") == ["30.0 MiB and 31.0 MiB"]


def test_everything_is_written_twice(tmp_path):
    found = results(w4k1__nbdkit=[1000, 2000], w4k1__sosie=[3000], r4k1__sosie=[1])
    found.fail("w1m", "sosie", "gone")
    places = results(w4k1__near=[1])
    whole = Report({"date": "today"}, ROWS, found, ROWS[:1], places, BACKLOG, ["one is missing"], "=== x")
    markdown, told = whole.write(str(tmp_path / "new" / "bench"))
    text = open(markdown).read()
    for part in ("- one is missing", "## Speed", "## Processor time", "## The twin near", "## A long outage", "=== x"):
        assert part in text
    numbers = json.loads(open(told).read())
    assert [one["iops"] for one in numbers["rows"]["w4k1"]["nbdkit"]] == [1000, 2000]
    assert sorted(numbers["rows"]) == ["r4k1", "w4k1"]
    assert numbers["failures"] == [["w1m", "sosie", ["gone"]]]
    assert numbers["places"]["w4k1"]["near"][0]["iops"] == 1


def test_what_was_not_measured_is_left_out():
    text = Report({}, ROWS, Results()).markdown()
    assert "##" not in text
