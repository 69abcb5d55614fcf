"""Calls programs of others: found or the test is skipped, bounded, their words in the failure."""

import os
import shutil
import subprocess

import pytest

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def call(program: str, *arguments, limit_s: float = 120.0, fails: bool = False) -> str:
    """What it wrote on stdout and stderr; its exit code must be 0, or with fails anything else."""
    found = shutil.which(program, path=PATH)
    if found is None:
        pytest.skip("%s is not installed" % program)
    run = subprocess.run(
        [found, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=limit_s, errors="replace",
    )  # fmt: skip
    assert bool(run.returncode) == fails, "%s ended with %d: %s" % (program, run.returncode, run.stdout[-3000:])
    return run.stdout


def uri(board) -> str:
    return "nbd://127.0.0.1:%d/" % board.nbd
