"""Where the primary spends its time while a row runs: py-spy's samples and the kernel's accounts of threads."""

import collections
import os
import shutil
import sys
import threading
import time

from tools.bench import fio
from tools.bench.fio import BenchError

RATE_HZ = 200
LINES = 18


def sampler():
    """The path of py-spy (PyPI), beside our Python or in PATH; None when it is not installed."""
    beside = os.path.join(os.path.dirname(sys.executable), "py-spy")
    return beside if os.path.exists(beside) else shutil.which("py-spy")


def profile(measure, pair, rows):
    """A text on every row: threads with user and system time, then the functions with the most samples."""
    texts = []
    for row in rows:
        measure.say("Profile of the primary: " + row.title)
        try:
            texts.append("=== %s\n%s" % (row.title, one(measure, pair, row)))
        except BenchError as error:
            texts.append("=== %s\n%s" % (row.title, error))
    return "\n".join(texts)


def one(measure, pair, row):
    outcome = []

    def work():
        try:
            outcome.append(fio.run(measure.workspace, row, pair.uri, pair.size, measure.seconds, measure.warm_up_s))
        except BenchError as error:
            outcome.append(error)

    before = threads(pair)
    runner = threading.Thread(target=work)
    runner.start()
    time.sleep(measure.warm_up_s)
    samples = sample(measure, pair, max(1, int(measure.seconds)))
    runner.join()
    after = threads(pair)
    pair.settle()
    if isinstance(outcome[0], BenchError):
        raise outcome[0]
    return "%s\n%s\n%s" % (speed(row, outcome[0]), busy(before, after), samples)


def speed(row, result):
    return "%.0f commands/s, %.0f MB/s" % (result["iops"], result["bytes_per_s"] / 1e6)


def threads(pair):
    """(board, process, thread, name) to (user s, system s)."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {}
    for board in pair.boards():
        for pid in sorted(board.pids()):
            for task in os.listdir("/proc/%d/task" % pid):
                try:
                    with open("/proc/%d/task/%s/stat" % (pid, task)) as file:
                        name, _, rest = file.read().partition("(")[2].rpartition(")")
                except OSError:
                    continue
                fields = rest.split()
                found[board.name, pid, int(task), name] = int(fields[11]) / tick, int(fields[12]) / tick
    return found


def busy(before, after):
    lines = []
    for key, (user, system) in sorted(after.items()):
        old_user, old_system = before.get(key, (0, 0))
        if user - old_user + system - old_system >= 0.02:
            lines.append("%-12s %6d/%-6d %-16s user %5.2f s, system %5.2f s" % (
                *key, user - old_user, system - old_system))
    return "\n".join(lines)


def sample(measure, pair, seconds):
    """Run py-spy on the primary and its helpers for `seconds`; its samples summed by function."""
    program = sampler()
    if program is None:
        return "py-spy is missing (pip install py-spy): no functions"
    out = measure.workspace.path("samples.raw")
    process = measure.workspace.spawn("py-spy", [
        program, "record", "--pid", str(pair.primary.process.pid), "--subprocesses", "--threads", "--nonblocking",
        "--rate", str(RATE_HZ), "--duration", str(seconds), "--format", "raw", "--output", out,
    ])
    process.wait(seconds + 30)
    measure.workspace.end(process)
    if not os.path.exists(out):
        return "py-spy gave nothing: " + measure.workspace.last_words("py-spy")
    with open(out) as file:
        return summary(file.read())


def summary(raw):
    """py-spy's folded stacks (`frame;frame;... count`) as two lists: own time, and time with what was called."""
    own, whole, total = collections.Counter(), collections.Counter(), 0
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        if not count.isdecimal():
            continue
        frames = stack.split(";")
        total += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    if not total:
        return "no samples"

    def top(counter):
        return ["  %5.1f %%  %s" % (100 * count / total, frame) for frame, count in counter.most_common(LINES)]

    return "\n".join(["own time (of %d samples)" % total, *top(own), "with what it called", *top(whole)])
