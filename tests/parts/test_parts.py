"""The runner of the parts can say failed: for what fails, hangs, skips in CI, or leaves something behind."""

import os
import time

import pytest

from tests.parts import __main__ as parts
from tests.parts import leaks
from tests.parts.run import count, run
from tests.parts.table import Part
from tests.process.boards import wait_until


def shell(script, limit_s=20, needs="Makefile", alone=False):
    return Part("shell", ["sh", "-c", script], limit_s, needs, alone)


@pytest.mark.parametrize(
    ("output", "code", "expected"),
    [
        ("5 passed in 0.1s", 0, (5, 0, 0)),
        ("=== 1 failed, 4 passed, 2 skipped in 1s ===", 1, (4, 1, 2)),
        ("3 passed, 2 errors in 1s", 1, (3, 2, 0)),
        ("3 passed, 0 failed\nand a last word", 0, (3, 0, 0)),
        ("20 seeds in 3.1 s: 2 power cuts, 1 failed: seeds 7", 1, (19, 1, 0)),
        ("31 mutants, 2 not caught within 300 seeds", 1, (29, 2, 0)),
        ("3 passed", 9, (3, 1, 0)),
        ("no counts at all", 0, (1, 0, 0)),
        ("no counts at all", 2, (0, 1, 0)),
        ("0 passed, 0 failed", 0, (0, 1, 0)),
        ("4 passed", None, (4, 1, 0)),
    ],
)
def test_counts(output, code, expected):
    result = count(shell(""), code, output)
    assert (result.passed, result.failed, result.skipped) == expected


def test_a_part_that_hangs_is_ended():
    began = time.monotonic()
    result = run(shell("sleep 60 & sleep 60", limit_s=1), in_ci=False)
    assert result.failed and "longer than 1 s" in result.why
    assert time.monotonic() - began < 40


def test_a_process_left_behind_is_found_and_ended():
    long_s = "61.%d" % os.getpid()  # nobody else's
    result = run(shell("setsid sleep %s >/dev/null 2>&1 & echo 1 passed" % long_s), in_ci=False, grace_s=1.0)
    assert result.failed == 1 and "sleep " + long_s in result.why
    command = b"sleep\0" + long_s.encode()
    # A signal takes a moment.
    wait_until("it has ended", lambda: not any(command in _command(pid) for pid in os.listdir("/proc")), limit_s=30.0)


def _command(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            return file.read()
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_mount_left_behind_is_found_and_undone():
    result = run(shell('mkdir "$TMPDIR/m" && mount -t tmpfs none "$TMPDIR/m" && echo 1 passed'), in_ci=False)
    assert result.failed == 1 and result.why.endswith("/m")
    assert leaks.mounts(result.why.split(": ")[1][: -len("/m")]) == []


def test_a_skip_is_a_failure_in_ci_only():
    skipping = shell("echo 'SKIPPED [1] tests/a.py:1: no fuse'; echo 1 passed, 1 skipped")
    assert run(skipping, in_ci=False).failed == 0
    result = run(skipping, in_ci=True)
    assert result.failed == 1 and "no fuse" in result.why
    assert run(shell("", needs="no/such/file"), in_ci=False).skipped == 1
    assert run(shell("", needs="no/such/file"), in_ci=True).failed == 1


def test_the_summary_adds_up(capsys):
    scripts = [shell("echo 2 passed"), shell("echo 3 passed, 1 failed"), shell("true", alone=True)]
    results = parts.run_all(scripts, in_ci=False)
    assert parts.summary(results, 1.0).splitlines()[-1] == "6 passed, 1 failed"
    assert "FAILED" in capsys.readouterr().out
