"""`python -m tests.parts` runs all parts, two at a time; `python -m tests.parts NAME...` those, one after the other."""

import os
import signal
import sys
import threading
import time

from tests.parts import leaks, table
from tests.parts.run import Result, abandon, run

_say = threading.Lock()


def _announce(result: Result) -> None:
    with _say:
        if result.failed:
            print("\n".join("    " + line for line in result.output.splitlines()[-60:]))
        print("%-8s %s (%.0f s)" % (result.word, result.part.name, result.seconds), flush=True)


def _work(waiting: list, results: list, in_ci: bool) -> None:
    """Takes parts until none waits."""
    while waiting:
        try:
            part = waiting.pop(0)
        except IndexError:
            return
        results.append(run(part, in_ci))
        _announce(results[-1])


def run_all(parts: list, in_ci: bool) -> list[Result]:
    """Two side by side, then those that must be alone."""
    results: list[Result] = []
    together = [part for part in parts if not part.alone]
    workers = [threading.Thread(target=_work, args=(together, results, in_ci)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    _work([part for part in parts if part.alone], results, in_ci)
    return sorted(results, key=lambda result: parts.index(result.part))


def summary(results: list[Result], seconds: float) -> str:
    """One line for each part, then the line with the totals."""
    lines = ["", "%-18s %-8s %7s %7s %7s %7s" % ("part", "", "passed", "failed", "skipped", "seconds")]
    for result in results:
        counts = (result.passed, result.failed, result.skipped, result.seconds)
        line = "%-18s %-8s %7d %7d %7d %7.0f  " % (result.part.name, result.word, *counts) + result.why
        lines.append(line.rstrip())
    passed, failed, skipped = (sum(getattr(each, what) for each in results) for what in ("passed", "failed", "skipped"))
    lines.append("%-18s %-8s %7s %7s %7s %7.0f" % ("all", "", "", "", "", seconds))
    lines.append("%d passed, %d failed" % (passed, failed) + (", %d skipped" % skipped if skipped else ""))
    return "\n".join(lines)


def _interrupted(number, frame) -> None:
    """The parts are sessions of their own, so a Ctrl-C does not reach them by itself."""
    abandon()
    print("interrupted: everything that was running is ended", flush=True)
    os._exit(128 + number)


def main(names: list[str]) -> int:
    in_ci = os.environ.get("CI", "") not in ("", "0", "false")
    leaks.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    began = time.monotonic()
    if names:
        results = [run(table.named(name), in_ci, echo=True) for name in names]
        print("\n".join("%s: %s" % (each.part.name, each.why) for each in results if each.why))
    else:
        results = run_all(table.PARTS, in_ci)
        print(summary(results, time.monotonic() - began))
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
