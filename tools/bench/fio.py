"""Rows of the table and how fio measures one of them."""
import json
import subprocess


class Row:
    """One workload. `flush_every`: so many writes are followed by a flush, which is waited for; 0: never."""

    def __init__(self, key, title, rw, block_size, depth, flush_every=0):
        self.key = key
        self.title = title
        self.rw = rw
        self.block_size = block_size
        self.depth = depth
        self.flush_every = flush_every

    @property
    def writes(self):
        return "write" in self.rw

    @property
    def in_megabytes(self):
        """Large blocks are told in MB/s, small ones in commands a second."""
        return self.block_size > 65536


ROWS = (
    Row("w4k1", "4 KiB random write, depth 1", "randwrite", 4096, 1),
    Row("w4k16", "4 KiB random write, depth 16", "randwrite", 4096, 16),
    Row("w128k", "128 KiB sequential write, depth 4", "write", 128 << 10, 4),
    Row("w1m", "1 MiB sequential write, depth 4", "write", 1 << 20, 4),
    Row("w1mf", "1 MiB sequential write, depth 4, flush every 8 MiB", "write", 1 << 20, 4, flush_every=8),
    Row("w4kf", "4 KiB random write + flush, depth 1", "randwrite", 4096, 1, flush_every=1),
    Row("r4k1", "4 KiB random read, depth 1", "randread", 4096, 1),
    Row("r4k16", "4 KiB random read, depth 16", "randread", 4096, 16),
    Row("r128k", "128 KiB sequential read, depth 4", "read", 128 << 10, 4),
)


class BenchError(Exception):
    """Something could not be measured; the text says what and why."""


def arguments(row, uri, size, seconds, warm_up_s):
    """fio's command line for one time-based run of `row`."""
    command = [
        "fio", "--name=row", "--ioengine=nbd", f"--uri={uri}", f"--rw={row.rw}",
        f"--bs={row.block_size}", f"--iodepth={row.depth}", f"--size={size}", "--time_based",
        f"--runtime={int(seconds * 1000)}ms", f"--ramp_time={int(warm_up_s * 1000)}ms",
        "--randrepeat=0", "--percentile_list=50:99:99.9", "--output-format=json",
    ]
    if row.flush_every:
        command.append("--fsync=%d" % row.flush_every)
    return command


def parse(text, row):
    """fio's JSON as {iops, bytes_per_s, p50_us, p99_us, max_us[, flush_...]}; latency is completion.

    fio may print notes before the JSON. Raises BenchError where there is no result in it.
    """
    try:
        job = json.loads(text[text.index("{"):])["jobs"][0]
        side = job["write" if row.writes else "read"]
        if job["error"] or not side["total_ios"]:
            raise BenchError(f"fio stopped with error {job['error']}")
        result = {"iops": side["iops"], "bytes_per_s": side["bw_bytes"]}
        result.update(_latency(side["clat_ns"], ""))
        if row.flush_every:
            result.update(_latency(job["sync"]["lat_ns"], "flush_"))
        return result
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BenchError(f"fio gave no result that can be read ({error!r})") from error


def _latency(numbers, prefix):
    percentile = numbers.get("percentile", {})
    return {
        prefix + "p50_us": percentile.get("50.000000", 0) / 1000,
        prefix + "p99_us": percentile.get("99.000000", 0) / 1000,
        prefix + "max_us": numbers.get("max", 0) / 1000,
    }


def run(workspace, row, uri, size, seconds, warm_up_s):
    """Measure `row` once against the server at `uri`; the result of `parse`."""
    command = arguments(row, uri, size, seconds, warm_up_s)
    process = workspace.spawn("fio", command, stdout=subprocess.PIPE, cwd=workspace.folder)
    try:
        text, _ = process.communicate(timeout=seconds + warm_up_s + 60)
    except subprocess.TimeoutExpired as error:
        raise BenchError("fio did not end within a minute of its time") from error
    finally:
        workspace.end(process)
    if process.returncode:
        raise BenchError("fio failed: " + workspace.last_words("fio"))
    return parse(text.decode(), row)
