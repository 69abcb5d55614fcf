"""The repository as a whole: linted, nothing generated in it, nothing executable that is no script."""

import re
import subprocess
import sys
from pathlib import Path

from tests.style.directions import ROOT


def _git(*arguments: str) -> list[str]:
    run = subprocess.run(["git", "-c", "safe.directory=*", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_ruff_has_nothing_to_say():
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "."]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_no_generated_file_is_tracked():
    ignored = _git("ls-files", "--cached", "--ignored", "--exclude-standard")
    assert ignored == []


def test_executable_files_are_scripts():
    for line in _git("ls-files", "--stage"):
        mode, path = line.split()[0], line.split("\t")[1]
        if mode == "100755":
            with (ROOT / path).open("rb") as file:
                assert file.read(2) == b"#!", path


def test_shellcheck_has_nothing_to_say():
    scripts = [path for path in _git("ls-files") if _is_shell(ROOT / path)]
    assert {"flash.sh", ".ci/run", ".ci/packages"} <= set(scripts)
    run = subprocess.run(["shellcheck", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def _is_shell(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(100)
    # busybox has a dialect of its own, which this release of shellcheck does not know
    return re.fullmatch(rb"#!.*[/ ](sh|bash|dash)( -\w+)?\n", first) is not None and b"busybox" not in first


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS" in text
