"""fio's command line and its JSON."""

import json

import pytest

from tools.bench import fio

ROWS = {row.key: row for row in fio.ROWS}

JOB = {
    "error": 0,
    "read": {"total_ios": 0, "iops": 0, "bw_bytes": 0, "clat_ns": {"max": 0}},
    "write": {
        "total_ios": 24000, "iops": 12000.5, "bw_bytes": 49154048,
        "clat_ns": {"min": 20000, "max": 3284000, "mean": 70000.0,
                    "percentile": {"50.000000": 66048, "99.000000": 146432, "99.900000": 300000}},
    },
    "sync": {"total_ios": 0, "lat_ns": {"max": 2015000, "percentile": {"50.000000": 175104, "99.000000": 224000}}},
}


def document(job=JOB, before=""):
    return before + json.dumps({"fio version": "fio-3.33", "jobs": [job]})


def test_write_row():
    assert fio.parse(document(), ROWS["w4k1"]) == {
        "iops": 12000.5, "bytes_per_s": 49154048, "p50_us": 66.048, "p99_us": 146.432, "max_us": 3284.0}


def test_row_with_flush_has_the_latency_of_the_flush_too():
    result = fio.parse(document(), ROWS["w4kf"])
    assert (result["flush_p50_us"], result["flush_p99_us"], result["flush_max_us"]) == (175.104, 224.0, 2015.0)


def test_read_row_takes_the_other_side():
    job = dict(JOB, read=dict(JOB["write"], iops=7.0), write=JOB["read"])
    assert fio.parse(document(job), ROWS["r4k16"])["iops"] == 7.0


def test_notes_before_the_json_are_passed_over():
    text = document(before="note: both iodepth >= 1 and synchronous I/O engine are selected\n")
    assert fio.parse(text, ROWS["w1m"])["iops"] == 12000.5


@pytest.mark.parametrize("text", [
    "", "fio: no such engine", "{", '{"jobs": []}', '{"jobs": [{"error": 0}]}', '{"jobs": 7}',
    document(dict(JOB, error=5)), document(dict(JOB, write=JOB["read"])),
])
def test_no_result_is_one_class_of_error(text):
    with pytest.raises(fio.BenchError):
        fio.parse(text, ROWS["w4k1"])


def test_only_rows_with_flushes_ask_for_them():
    for row in fio.ROWS:
        command = fio.arguments(row, "nbd+unix:///?socket=/s", 1 << 30, 2, 0.5)
        flushes = [word for word in command if word.startswith("--fsync")]
        assert flushes == {"w4kf": ["--fsync=1"], "w1mf": ["--fsync=8"]}.get(row.key, [])
        assert "--rw=" + row.rw in command and "--runtime=2000ms" in command and "--ramp_time=500ms" in command


def test_rows_are_those_that_were_promised():
    assert [(row.rw, row.block_size, row.depth, row.flush_every) for row in fio.ROWS] == [
        ("randwrite", 4096, 1, 0), ("randwrite", 4096, 16, 0), ("write", 131072, 4, 0),
        ("write", 1048576, 4, 0), ("write", 1048576, 4, 8), ("randwrite", 4096, 1, 1), ("randread", 4096, 1, 0),
        ("randread", 4096, 16, 0), ("read", 131072, 4, 0)]
