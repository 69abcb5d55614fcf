"""System calls on files through libc: the names and arguments of ports/cpython/system.py."""

import os
import time

from ..linux import EAGAIN, EOPNOTSUPP
from .libc import bind

_LOCK_EXCLUSIVE_NOW = 2 | 4
_WILL_NEED = 3

_HERE = -100  # AT_FDCWD

_open = bind("i", "openat", "isii")
_unlink = bind("i", "unlinkat", "isi")
_rename = bind("i", "renameat", "isis")
_pread = bind("q", "pread", "ipLq")
_pwrite = bind("q", "pwrite", "iPLq")
_flock = bind("i", "flock", "ii")
_fadvise = bind("i", "posix_fadvise", "iqqi")
_realpath = bind("s", "realpath", "sp")
_readlink = bind("l", "readlink", "spL")

close = bind("i", "close", "i")
seek = bind("q", "lseek", "iqi")
truncate = bind("i", "ftruncate", "iq")
fsync = bind("i", "fsync", "i")
fdatasync = bind("i", "fdatasync", "i")
fallocate = bind("i", "fallocate", "iiqq")
stat = os.stat
fchmod = bind("i", "fchmod", "ii")
fchown = bind("i", "fchown", "iii")
geteuid = bind("i", "geteuid", "")
describe = bind("s", "strerror", "i")
random_bytes = os.urandom


def open(path: str, flags: int, mode: int = 0o600, dir_fd: int = _HERE) -> int:  # noqa: A001
    return _open(dir_fd, path, flags, mode)


def unlink(path: str, dir_fd: int = _HERE) -> None:
    _unlink(dir_fd, path, 0)


def rename(path: str, to: str, src_dir_fd: int = _HERE, dst_dir_fd: int = _HERE) -> None:
    _rename(src_dir_fd, path, dst_dir_fd, to)


def shared_memory(size: int) -> bytearray:
    """There are no other processes here to share it with."""
    return bytearray(size)


def open_direct(path: str) -> int:
    """-1: the collector's memory is not aligned as direct writes need it."""
    return -1


def pread(descriptor: int, view: memoryview, offset: int) -> int:
    return _pread(descriptor, view, len(view), offset)


def pread_now(descriptor: int, view: memoryview, offset: int) -> int:
    # preadv2 would need an iovec with the address of the view, for a runtime that reads in line anyway.
    raise OSError(EOPNOTSUPP)


def pwrite(descriptor: int, view: memoryview, offset: int) -> int:
    return _pwrite(descriptor, view, len(view), offset)


def will_need(descriptor: int, offset: int, length: int) -> None:
    _fadvise(descriptor, offset, length, _WILL_NEED)


def device_exists(descriptor: int) -> bool:
    """Not told here."""
    return True


def try_lock(descriptor: int) -> bool:
    try:
        _flock(descriptor, _LOCK_EXCLUSIVE_NOW)
    except OSError as error:
        if error.errno == EAGAIN:
            return False
        if error.errno != EOPNOTSUPP:
            raise
    return True


def realpath(path: str) -> str:
    return _realpath(path, bytearray(4096)) or path


def is_link(path: str) -> bool:
    try:
        _readlink(path, bytearray(1), 1)
    except OSError:
        return False
    return True


def free_bytes(path: str) -> int:
    facts = os.statvfs(path)
    return facts[1] * facts[4]


_ticks = time.ticks_ms()
_now = 0


def now_ms() -> int:
    """Monotonic milliseconds; ticks_ms wraps around, so its steps are added up."""
    global _ticks, _now
    ticks = time.ticks_ms()
    _now += time.ticks_diff(ticks, _ticks)
    _ticks = ticks
    return _now


def wall_ms() -> int:
    return time.time_ns() // 1000000


localtime = time.localtime
sleep_ms = time.sleep_ms
