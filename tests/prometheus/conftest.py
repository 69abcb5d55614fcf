"""Debian's Prometheus and promtool, and boards that are gone when their test is over."""

import subprocess
from pathlib import Path

import pytest

FINDER = Path(__file__).with_name("programs")


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder that has them."""
    found = subprocess.run([FINDER], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return Path(found.stdout.strip())


@pytest.fixture
def promtool(programs):
    """promtool(*words, given=b"") -> what it said; fails when it has anything to complain of."""

    def run(*words, given: bytes = b"") -> str:
        done = subprocess.run([programs / "promtool", *map(str, words)], input=given, capture_output=True, timeout=60)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, said
        return said

    return run


@pytest.fixture
def ending():
    """Whatever is appended has its end() called, the last one first."""
    started: list = []
    yield started
    for each in reversed(started):
        each.end()
