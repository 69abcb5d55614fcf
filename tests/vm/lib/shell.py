"""Programs and small files of the guest."""

import glob
import subprocess
from pathlib import Path


class Failed(AssertionError):
    """A program ended with another exit code than it should; its output is in the words."""


def run(*words, codes=(0,), limit_s: float = 300.0) -> subprocess.CompletedProcess:
    """Runs a program to its end, for `limit_s` at most. Its output is text: `stdout` holds both streams."""
    argv = [str(word) for word in words]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=limit_s,
    )  # fmt: skip
    if codes is not None and done.returncode not in codes:
        raise Failed("`%s` ended with %d:\n%s" % (" ".join(argv), done.returncode, done.stdout))
    return done


def load(*modules) -> None:
    """Loads kernel modules, each with its parameters: "dummy_hcd num=2"."""
    for module in modules:
        run("modprobe", *module.split())


def read(path, absent: str = "") -> str:
    """Content of a small file, as in sysfs, without white space around it; `absent` when there is none."""
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return absent


def matching(pattern) -> list[Path]:
    """The files of a pattern, as in sysfs. Path.glob() fails where a folder vanishes while it looks."""
    return [Path(found) for found in glob.glob(str(pattern))]


def write(path, text) -> None:
    Path(path).write_text(str(text))


def kernel_says() -> str:
    """The kernel's messages, for a report of what went wrong."""
    return run("dmesg", codes=None).stdout
