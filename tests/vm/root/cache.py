"""Where built roots are kept, who may build one, and when an old one goes."""

import fcntl
import os
import shutil
import time
from pathlib import Path

from tests.parts import leaks
from tests.vm.errors import Refused
from tests.vm.root import build, recipe


def folder() -> Path:
    """The same folder that the MicroPython interpreter is kept in."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SOSIE_CACHE") or base + "/sosie")


def take(suite: str, say) -> tuple[Path, int]:
    """The root for this recipe, built if there is none, and a lock that keeps it: it goes with the process."""
    cache = folder()
    wanted = cache / ("vm-%s-%s" % (suite, recipe.key(suite)))
    cache.mkdir(parents=True, exist_ok=True)
    while True:
        lock = _lock(wanted, fcntl.LOCK_SH)
        if lock is not None:
            return wanted, lock
        _build(cache, wanted, suite, say)


def _lock(root: Path, how: int) -> int | None:
    """None when the root is not there, or somebody's lock is in the way and `how` does not wait."""
    try:
        lock = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, how)
        if root.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def _build(cache: Path, wanted: Path, suite: str, say) -> None:
    """One at a time for a suite; whoever waited for another's build finds it done."""
    with open(cache / (".vm-%s.lock" % suite), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if wanted.exists():
            return
        for left in cache.glob(".vm-%s-*" % suite):
            _remove(left)  # of a build that was interrupted, for this one has the lock
        fresh = cache / (".vm-%s-%d" % (suite, os.getpid()))
        fresh.mkdir()
        try:
            build.build(suite, fresh, say)
            fresh.rename(wanted)
        finally:
            _remove(fresh)
        _remove_others(wanted, suite)


def _remove(folder: Path, patience_s: float = 20) -> None:
    """Programs that were ended may need a moment to go, and write until then."""
    deadline = time.monotonic() + patience_s
    while folder.exists():
        leaks.end_mounts(str(folder))
        try:
            shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > deadline:
                raise Refused("%s cannot be removed; see what holds it, and remove it" % folder)
            time.sleep(0.2)


def _remove_others(wanted: Path, suite: str) -> None:
    """Roots of older recipes, unless a guest runs from them right now."""
    for other in wanted.parent.glob("vm-%s-*" % suite):
        lock = _lock(other, fcntl.LOCK_EX | fcntl.LOCK_NB) if other != wanted else None
        if lock is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(lock)
