"""Processes that end with the one that started them, whatever ends it."""

import ctypes
import os
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def start(argv: list[str], **options) -> subprocess.Popen:
    """In a session of its own, so that a Ctrl-C reaches only us; to be called by the main thread."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(argv, start_new_session=True, preexec_fn=_die_with_parent, **options)


def end(process: subprocess.Popen) -> None:
    """Kills it and what it started, if it runs still."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
