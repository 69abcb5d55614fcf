"""Runs one part: in a session and a temporary folder of its own, bounded, counted, and cleaned up after."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.parts import leaks

ROOT = Path(__file__).resolve().parents[2]
GRACE_S = 20.0  # for what a part started and that is about to end; nobody waits when there is nothing
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|seeds|mutants|not caught|errors?)\b")
_SKIPPED = re.compile(r"^SKIPPED \[\d+\] (.*)$", re.MULTILINE)


_scratch_folders: set[str] = set()  # of the parts that run now


class Result:
    """What came of a part. `why` says in one line what failed or was skipped."""

    def __init__(self, part, passed=0, failed=0, skipped=0, why="", output="", seconds=0.0):
        self.part = part
        self.passed = passed
        self.failed = failed
        self.skipped = skipped
        self.why = why
        self.output = output
        self.seconds = seconds

    @property
    def word(self) -> str:
        return "FAILED" if self.failed else "skipped" if not self.passed else "passed"


def run(part, in_ci: bool, echo: bool = False, grace_s: float = GRACE_S) -> Result:
    """Runs the part to its end or its limit; with echo its output goes to the terminal as well. What it left running
    after `grace_s` is ended, and counts."""
    if not (ROOT / part.needs).exists():
        return _strict(Result(part, skipped=1, why="%s is not there" % part.needs), in_ci)
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="sosie-"))
    _scratch_folders.add(scratch)
    began = time.monotonic()
    try:
        code, output, left = _execute(part, scratch, echo, grace_s)
        left += leaks.end_mounts(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _scratch_folders.discard(scratch)
    result = count(part, code, output)
    if left:
        result.failed += 1
        result.why = "; ".join(filter(None, [result.why, "left behind: " + ", ".join(left)]))
    result.seconds = time.monotonic() - began
    return _strict(result, in_ci)


def abandon() -> None:
    """Ends everything that runs now, for somebody who does not want to wait."""
    for scratch in list(_scratch_folders):
        leaks.end_processes(scratch, grace_s=0.0)
        leaks.end_mounts(scratch)
        shutil.rmtree(scratch, ignore_errors=True)


def _execute(part, scratch: str, echo: bool, grace_s: float) -> tuple[int | None, str, list[str]]:
    """Exit code (None: it took too long), all output, and the processes that it left behind."""
    environment = dict(os.environ, TMPDIR=scratch, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    environment[leaks.MARK] = scratch
    # Short folders: the path of a Unix socket has 107 bytes at most.
    environment["PYTEST_ADDOPTS"] = "--basetemp=%s/t" % scratch
    process = subprocess.Popen(
        part.argv,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=_collect, args=(process.stdout, lines, echo))
    reader.start()
    try:
        code = process.wait(part.limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        code = None
    left = leaks.end_processes(scratch, grace_s if code is not None else 0.0)
    reader.join()
    return code, "".join(lines), left


def _collect(stream, lines: list[str], echo: bool) -> None:
    for line in iter(stream.readline, b""):
        lines.append(line.decode(errors="replace"))
        if echo:
            sys.stdout.write(lines[-1])
            sys.stdout.flush()


def count(part, code: int | None, output: str) -> Result:
    """Reads the last line with counts, as pytest and the other parts write it; without one the exit code counts."""
    result = Result(part, output=output)
    for line in reversed(output.splitlines()):
        counts = {word.rstrip("s"): int(number) for number, word in _COUNT.findall(line)}
        if counts:
            result.failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("not caught", 0)
            ran = counts.get("mutant", counts.get("seed", 0))
            result.passed = counts.get("passed", max(0, ran - result.failed))
            result.skipped = counts.get("skipped", 0)
            break
    else:
        result.passed = 1 if code == 0 else 0
    result.why = "; ".join(dict.fromkeys(_SKIPPED.findall(output)))
    if code is None:
        result.failed += 1
        result.why = "took longer than %d s" % part.limit_s
    elif code and not result.failed:
        result.failed = 1
        result.why = "exit code %d" % code
    elif not code and not result.passed and not result.skipped:
        result.failed, result.why = 1, "nothing ran"
    return result


def _strict(result: Result, in_ci: bool) -> Result:
    """In CI a skip is a failure."""
    if in_ci and result.skipped:
        result.failed += result.skipped
        result.skipped = 0
        result.why = "skipped in CI: " + result.why
    return result
