"""What a part left behind: processes, mounts, loop devices. Found, ended, and counted as a failure."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

MARK = "SOSIE_PART"  # in the environment of everything that a part starts
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Orphans of the parts become our children instead of init's, so that they are reaped when ended."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def processes(mark: str) -> list[int]:
    """Living processes that carry the mark in their environment."""
    wanted, found = ("%s=%s" % (MARK, mark)).encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # it ended meanwhile, or belongs to somebody else
    return found


def end_processes(mark: str, grace_s: float) -> list[str]:
    """Ends what still carries the mark; returns the command lines of what did not end by itself in time."""
    deadline = time.monotonic() + grace_s
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = []
    for pid in processes(mark):
        try:
            left.append(Path("/proc/%d/cmdline" % pid).read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    return left


def mounts(under: str) -> list[str]:
    """Mount points below a folder, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].replace("\\040", " ") for line in lines]
    return sorted((point for point in points if point.startswith(under + "/")), key=len, reverse=True)


def end_mounts(under: str) -> list[str]:
    """Unmounts what is still mounted below the folder and detaches loop devices on files there; returns them."""
    left = mounts(under)
    for point in left:
        subprocess.run(["umount", "--lazy", point], stderr=subprocess.DEVNULL)
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        if backing.read_text().startswith(under + "/"):
            left.append("/dev/" + backing.parts[3])
            subprocess.run(["losetup", "--detach", left[-1]], stderr=subprocess.DEVNULL)
    return left
