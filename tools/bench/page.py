"""What open pages cost a board with keys: write latency of its host and processor time, without and with them.

Every round runs every row with nobody at the page, with ten open pages, and with two hundred silent connections
besides, in turn, so that what disturbs, disturbs all alike.
"""

import json
import os
import statistics
import subprocess
import sys
import time

from tools import pairfile
from tools.api import Client
from tools.bench import fio, proc
from tools.bench.fio import BenchError
from tools.bench.pair import PROJECT, Pair
from tools.bench.rounds import Measure

WHO = (
    ("nobody", "nobody looks", 0, 0),
    ("pages", "ten open pages", 10, 0),
    ("crowd", "and 200 silent callers", 10, 200),
)
ROWS = [row for row in fio.ROWS if row.key in ("w4k1", "w4kf")]
REST = "at rest"
MOST_REST_S = 4
GOALS = {"nobody": 0.02, "pages": 0.05}


class KeyedPair(Pair):
    """A pair whose pages are behind a password and TLS."""

    def __init__(self, workspace, size, journal_size):
        super().__init__(workspace, size, journal_size, "page")
        file = pairfile.make(workspace.path("page.pair"), *(board.name for board in self.boards()))
        self.password = file.password
        for board in self.boards():
            board.settings["keys"] = workspace.path(board.name + ".keys")
            file.install(board.name, board.settings["keys"])
            board.client = Client("https://" + board.settings["web"], pair=file.path)


class Lookers:
    """Open pages and silent callers, while it is entered."""

    def __init__(self, pair, pages, crowd):
        self.pair, self.pages, self.crowd = pair, pages, crowd
        self.told = None

    def __enter__(self):
        place, port = self.pair.workspace, self.pair.primary.settings["web"].rpartition(":")[2]
        words = [port, str(self.pages), str(self.crowd), self.pair.password]
        self.process = place.spawn("lookers", [sys.executable, "-m", "tools.bench.lookers", *words], cwd=PROJECT,
                                   stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"open\n":
            raise BenchError("the pages do not open: " + place.last_words("lookers"))
        return self

    def __exit__(self, *_):
        self.pair.workspace.end(self.process)
        with self.process.stdout as told:
            text = told.read()
        self.told = json.loads(text) if text else None


def run(place, plan, say):
    """[(row title, who, results)]; results have p50_us, p99_us, flush_.. or cpu_share and rss_bytes."""
    pair = KeyedPair(place, min(plan.size, 256 << 20), min(plan.journal_size, 512 << 20))
    measure = Measure(place, plan.seconds, plan.warm_up_s, say)
    found, rest_s = {}, min(MOST_REST_S, 4 * plan.seconds)
    try:
        pair.start()
        for number in range(plan.rounds):
            say("The page, round %d of %d" % (number + 1, plan.rounds))
            shift = number % len(WHO)
            for who, _, pages, crowd in WHO[shift:] + WHO[:shift]:
                with Lookers(pair, pages, crowd) as lookers:
                    for row in ROWS:
                        found.setdefault((row.title, who), []).append(measure.one(pair, row))
                    found.setdefault((REST, who), []).append(at_rest(pair, rest_s))
                check(lookers, rest_s)
    finally:
        pair.remove()
    return [(row, who, results) for (row, who), results in sorted(found.items())]


def check(lookers, rest_s):
    """That the pages were alive all the time: else what they cost means nothing."""
    if lookers.told is None or (lookers.pages and min(lookers.told["frames"]) < rest_s):
        raise BenchError("the pages got nothing: " + lookers.pair.workspace.last_words("lookers"))


def at_rest(pair, rest_s):
    """The primary's share of a core while its host is idle, and its memory."""
    time.sleep(1)
    pids = pair.primary.pids()
    begin, before = time.monotonic(), busy_s(pids)
    time.sleep(rest_s)
    share = (busy_s(pids) - before) / (time.monotonic() - begin)
    return {"cpu_share": share, "rss_bytes": proc.memory_bytes(pids)[1]}


def busy_s(pids):
    """Processor time of these processes so far, finer than the clock ticks of /proc/PID/stat."""
    total = 0
    for pid in pids:
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as file:
                    total += int(file.read().split()[0])
        except OSError:
            pass  # a thread that ended meanwhile
    return total / 1e9


def table(rows):
    """Markdown: medians over the rounds; the ratio is the median of each round's own."""
    results = {(row, who): found for row, who, found in rows}
    lines = ["| row | at the page | p50 | p99 | p99 to nobody | processor | memory |", "|---|---|---|---|---|---|---|"]
    for row in [row.title for row in ROWS] + [REST]:
        for who, title, _, _ in WHO:
            if (row, who) in results:
                lines.append("| %s | %s | %s |" % (row, title, " | ".join(_cells(results, row, who))))
    return "\n".join(lines)


def _cells(results, row, who):
    found = results[row, who]
    if row == REST:
        share = statistics.median(each["cpu_share"] for each in found)
        text = "%.2f %% of a core" % (100 * share)
        if GOALS.get(who, share) < share:
            text += " **above %d %%**" % (100 * GOALS[who])
        return ["–", "–", "–", text, "%.1f MiB" % (max(each["rss_bytes"] for each in found) / (1 << 20))]
    name = "flush_" if "flush_p99_us" in found[0] else ""
    ratios = [mine[name + "p99_us"] / base[name + "p99_us"]
              for mine, base in zip(found, results.get((row, "nobody"), ()), strict=False) if base[name + "p99_us"]]
    return [
        "%.2f ms" % (statistics.median(each[name + "p50_us"] for each in found) / 1000),
        "%.2f ms" % (statistics.median(each[name + "p99_us"] for each in found) / 1000),
        "%.2f" % statistics.median(ratios) if ratios else "–",
        "–", "–",
    ]
