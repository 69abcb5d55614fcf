"""Measuring round by round: every server once per row and round, so that what disturbs, disturbs all alike."""

import os
import resource
import statistics
import time

from tools.bench import fio, proc
from tools.bench.fio import BenchError


class Results:
    """What was measured: for (row key, server key) a list of one dictionary per round."""

    def __init__(self):
        self.cells = {}
        self.failures = {}

    def add(self, row_key, server_key, result):
        self.cells.setdefault((row_key, server_key), []).append(result)

    def fail(self, row_key, server_key, sentence):
        self.failures.setdefault((row_key, server_key), []).append(sentence)

    def median(self, row_key, server_key, name):
        """Median over the rounds, None when nothing was measured."""
        values = [
            result[name] for result in self.cells.get((row_key, server_key), ()) if result.get(name) is not None
        ]
        return statistics.median(values) if values else None

    def most(self, row_key, server_key, name):
        values = [
            result[name] for result in self.cells.get((row_key, server_key), ()) if result.get(name) is not None
        ]
        return max(values) if values else None

    def all(self, name):
        return [result[name] for results in self.cells.values() for result in results if name in result]

    def rounds(self):
        return max((len(results) for results in self.cells.values()), default=0)


class Clock:
    """The time that the whole run may take."""

    def __init__(self, limit_s):
        self.begin = time.monotonic()
        self.limit_s = limit_s

    def spent_s(self):
        return time.monotonic() - self.begin

    def left_s(self):
        return self.limit_s - self.spent_s()


class Load:
    """How much of the processors went to programs that have nothing to do with the run."""

    def __init__(self, server):
        self.server = server
        self.begin = time.monotonic()
        self.foreign = self._foreign()

    def _foreign(self):
        with_fio = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = sum(self.server.cpu().values()) + with_fio.ru_utime + with_fio.ru_stime
        return proc.busy_seconds() - ours

    def others_share(self):
        """Since the start: 0 idle but for us, 1 all processors taken by others."""
        span_s = (time.monotonic() - self.begin) * os.cpu_count()
        return max(0.0, self._foreign() - self.foreign) / span_s


class Measure:
    """Runs rows with fio. `seconds` and `warm_up_s` of each run; `say(text)` tells of progress."""

    def __init__(self, workspace, seconds, warm_up_s, say):
        self.workspace = workspace
        self.seconds = seconds
        self.warm_up_s = warm_up_s
        self.say = say

    def one(self, server, row):
        """One run; fio's numbers, what `settle` tells, and the processor time of the run and its aftermath."""
        before, load = server.cpu(), Load(server)
        result = fio.run(self.workspace, row, server.uri, server.size, self.seconds, self.warm_up_s)
        result["others_share"] = load.others_share()
        result.update(server.settle())
        after = server.cpu()
        # fio counts after its warm-up, the processor time includes it: the work is scaled to the same span.
        span_s = self.seconds + self.warm_up_s
        commands = result["iops"] * span_s * (1 + (1 / row.flush_every if row.flush_every else 0))
        for part, seconds in after.items():
            used = seconds - before.get(part, 0)
            result["cpu_s_" + part] = used
            result["cpu_per_gb_" + part] = used / (result["bytes_per_s"] * span_s) * 1e9
            result["cpu_per_1000_" + part] = used / commands * 1000
        return result

    def cell(self, results, server, server_key, row):
        """`one` into results; a failure is kept as a sentence and does not end the run."""
        try:
            result = self.one(server, row)
        except BenchError as error:
            results.fail(row.key, server_key, str(error))
            self.say("%s, %s: %s" % (row.title, server_key, error))
            return
        results.add(row.key, server_key, result)
        self.say("%s, %s: %s" % (row.title, server_key, told(row, result)))


def told(row, result):
    speed = "%.0f MB/s" % (result["bytes_per_s"] / 1e6) if row.in_megabytes else "%.0f/s" % result["iops"]
    words = [speed, "p99 %.2f ms" % (result["p99_us"] / 1000)]
    if "drain_s" in result:
        words.append("backlog %.0f MB, drained in %.1f s" % (result["backlog_bytes"] / 1e6, result["drain_s"]))
    return ", ".join(words)


def run(measure, results, servers, rows, rounds, clock):
    """All rows of all servers; who comes first moves on from round to round. Ends early when time is up."""
    for number in range(rounds):
        if number and clock.spent_s() / number > clock.left_s():
            measure.say("Time is up: %d of %d rounds were measured" % (number, rounds))
            return
        measure.say("Round %d of %d" % (number + 1, rounds))
        shift = number % len(servers)
        for row in rows:
            for server in servers[shift:] + servers[:shift]:
                measure.cell(results, server, server.key, row)


def run_places(measure, results, pair, rows, rounds, distance_ms, clock):
    """The same rows with the twin near, gone and away; the place is the key of the result."""
    for number in range(rounds):
        begin_left_s = clock.left_s()
        for where in ("near", "gone", "away"):
            measure.say("Round %d of %d, the twin is %s" % (number + 1, rounds, where))
            try:
                pair.put(where, distance_ms)
                for row in rows:
                    pair.make_room()
                    measure.cell(results, pair, where, row)
            except BenchError as error:
                measure.say(str(error))
                for row in rows:
                    results.fail(row.key, where, str(error))
                return
        if clock.left_s() < begin_left_s - clock.left_s():
            measure.say("Time is up: %d of %d rounds were measured" % (number + 1, rounds))
            return
