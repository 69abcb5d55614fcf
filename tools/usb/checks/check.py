"""What a check is, and the runner. A check returns what it saw, in a few words, or raises Misbehaved or Skipped."""

from tools.usb.bulk_only import Misbehaved
from tools.usb.wire import Gone

OK, WRONG, LEFT_OUT = "ok", "FAILED", "skipped"

# What a check needs of the disk.
NOTHING, MEDIUM, WRITING = range(3)


class Skipped(Exception):
    """The check cannot be made here; why."""


class Check:
    """One line of the report. `run(target)` does it."""

    def __init__(self, name, run, needs=NOTHING):
        self.name, self.run, self.needs = name, run, needs


class Result:
    def __init__(self, name: str, verdict: str, detail: str):
        self.name, self.verdict, self.detail = name, verdict, detail

    def __str__(self):
        return "%-7s  %s%s" % (self.verdict, self.name, ": " + self.detail if self.detail else "")


def run(target, checks, report) -> "list[Result]":
    """Makes every check, gives each Result to `report` as it comes, and returns all. A failed check is followed by
    a recovery, so that it does not drag the next one down; when there is none, the rest is skipped."""
    results, lost = [], None
    for check in checks:
        result = Result(check.name, LEFT_OUT, lost) if lost else _one(target, check)
        report(result)
        results.append(result)
        if result.verdict == WRONG:
            lost = lost or _revive(target)
    return results


def _one(target, check: Check) -> Result:
    try:
        target.admit(check.needs)
        seen = check.run(target)
        target.look_after()
    except Skipped as why:
        return Result(check.name, LEFT_OUT, str(why))
    except (Misbehaved, Gone) as why:
        return Result(check.name, WRONG, str(why))
    return Result(check.name, OK, seen or "")


def _revive(target) -> "str | None":
    """None when the device answers again, otherwise why nothing more can be checked."""
    for bring_back in (target.recover, target.reset_port):
        try:
            bring_back()
            return None
        except Misbehaved:
            continue
        except Gone as why:
            return str(why)
    return "the device does not come back, not by a port reset either"
