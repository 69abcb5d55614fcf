"""One seed, and many seeds: runs them, prints what fails and what was covered."""

import argparse
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections import Counter

from firmware.link import codec
from tests.sim import checks
from tests.sim.world import Over, World

HOST_MS = 3_600_000
MOST_FAILURES = 20
CHUNK = 8


def run_seed(seed: int, trace=None, focus=None) -> World:
    """Runs one seed to its end; raises Violation, or whatever the firmware raised."""
    world = World(seed, trace, focus)
    try:
        _run(world)
    except Over:
        checks.after_alarm(world)
    return world


def _run(world) -> None:
    world.start()
    if world.plan.promotes:
        lost_at = world.random.randint(1, world.host.left)
        world.run_until(lambda: world.host.left < lost_at, HOST_MS, "the host is half done")
        checks.take_over(world)
    else:
        world.run_until(lambda: world.host.quiet, HOST_MS, "the host is done")
        checks.finish(world)


def try_seed(seed: int, focus=None) -> tuple:
    """(seed, counts, None or the last lines of what went wrong)"""
    try:
        return seed, run_seed(seed, None, focus).counts, None
    except Exception as error:
        where = traceback.format_exc().strip().splitlines()[-3:-1]
        name = type(error).__name__
        detail = "" if name == "Violation" else " at" + " ".join(line.strip() for line in where[:1])
        return seed, Counter(), "%s: %s%s" % (name, error, detail)


class Summary:
    """What many seeds showed."""

    def __init__(self):
        self.seeds, self.counts, self.failures = 0, Counter(), []
        self._began = time.monotonic()

    def add(self, seed: int, counts: Counter, failure) -> None:
        self.seeds += 1
        self.counts.update(counts)
        if failure:
            self.failures.append(seed)
            print("seed %d: %s" % (seed, failure), flush=True)

    def show(self) -> None:
        took = time.monotonic() - self._began
        print("covered: " + ", ".join("%s %d" % item for item in sorted(self.counts.items())))
        print(
            "%d seeds in %.1f s (%.1f ms each): %d power cuts, %d kills, %d cuts of the link, %d groups, %d failed%s"
            % (
                self.seeds, took, took * 1000 / max(1, self.seeds), self.counts["power cuts"],
                self.counts["kills"], self.counts["link cuts"], self.counts["groups"], len(self.failures),
                ": seeds " + " ".join(map(str, sorted(self.failures)[:20])) if self.failures else "",
            )
        )  # fmt: skip


def seeds_for(start: int, count: int, minutes: float):
    """The seeds to run: so many, or as many as fit in the time."""
    end = time.monotonic() + minutes * 60
    seed = start
    while seed < start + count if not minutes else time.monotonic() < end:
        yield seed
        seed += 1


def run_many(seeds, jobs: int) -> Summary:
    summary = Summary()
    if jobs == 1:
        for seed in seeds:
            summary.add(*try_seed(seed))
            if len(summary.failures) >= MOST_FAILURES:
                break
        return summary
    permits, enough = threading.Semaphore(jobs * CHUNK * 2), threading.Event()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for result in pool.imap_unordered(try_seed, _fed(seeds, permits, enough), CHUNK):
            summary.add(*result)
            permits.release()
            if len(summary.failures) >= MOST_FAILURES:
                break
        enough.set()
    return summary


def _fed(seeds, permits, enough):
    """The pool takes whatever it can get at once; a run by the clock is fed no faster than it works."""
    for seed in seeds:
        while not permits.acquire(timeout=0.2):
            if enough.is_set():
                return
        if enough.is_set():
            return
        yield seed


def run_verbosely(seed: int) -> int:
    """One seed with its whole story."""
    print("seed %d" % seed)
    try:
        world = run_seed(seed, print)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return 1
    print(", ".join("%s %d" % item for item in sorted(world.counts.items())))
    return 0


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--start", type=int, default=1, help="the first one")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--verbose", action="store_true", help="with --seed: everything that happens")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--minutes", type=float, default=0, help="instead of --seeds: for so long")
    options = parser.parse_args(argv)
    if options.seed is not None and options.verbose:
        return run_verbosely(options.seed)
    if options.seed is not None:
        options.start, options.seeds, options.jobs = options.seed, 1, 1
    # Sizes on the wire decide what happens when: a seed is the same run only where the same is packed.
    print("seeds from %d, packed with %s" % (options.start, codec.packable()[0]), flush=True)
    summary = run_many(seeds_for(options.start, options.seeds, options.minutes), max(1, options.jobs))
    summary.show()
    return 1 if summary.failures or not summary.seeds else 0
