"""System calls on files, as CPython offers them. All raise OSError; views are memoryviews."""

import ctypes
import fcntl
import mmap
import os
import time

from ..linux import EAGAIN, EOPNOTSUPP

open = os.open  # noqa: A001
close = os.close
seek = os.lseek
truncate = os.ftruncate
fsync = os.fsync
fdatasync = os.fdatasync
pwrite = os.pwrite
stat = os.stat
unlink = os.unlink
rename = os.rename
fchmod = os.fchmod
fchown = os.fchown
geteuid = os.geteuid
describe = os.strerror
realpath = os.path.realpath
is_link = os.path.islink
random_bytes = os.urandom

_libc = ctypes.CDLL(None, use_errno=True)
# glibc's plain name takes 32-bit offsets on a 32-bit board; musl has only the plain name, and 64 bits.
_fallocate = getattr(_libc, "fallocate64", None) or _libc.fallocate
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def shared_memory(size: int) -> mmap.mmap:
    """Memory that processes forked later have in common with us; it begins on a page."""
    return mmap.mmap(-1, size)


def open_direct(path: str) -> int:
    """A descriptor for writes past the page cache, -1 where there is no such thing."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_DIRECT)
    except OSError:
        return -1


def pread(descriptor: int, view: memoryview, offset: int) -> int:
    return os.preadv(descriptor, (view,), offset)


def pread_now(descriptor: int, view: memoryview, offset: int) -> int:
    """Like pread, of what is in memory already: -1 when nothing is, EOPNOTSUPP where nobody can tell."""
    try:
        return os.preadv(descriptor, (view,), offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return -1


def fallocate(descriptor: int, mode: int, offset: int, length: int) -> None:
    if _fallocate(descriptor, mode, offset, length):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def will_need(descriptor: int, offset: int, length: int) -> None:
    os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_WILLNEED)


def device_exists(descriptor: int) -> bool:
    """Whether the kernel still knows the block device that is open here."""
    number = os.fstat(descriptor).st_rdev
    place = "/sys/dev/block"
    return os.path.exists("%s/%d:%d" % (place, os.major(number), os.minor(number))) or not os.path.isdir(place)


def try_lock(descriptor: int) -> bool:
    """Take the exclusive flock; False when somebody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno == EAGAIN:
            return False
        if error.errno != EOPNOTSUPP:
            raise
    return True


def free_bytes(path: str) -> int:
    """What an unprivileged program may still write on the file system of `path`."""
    facts = os.statvfs(path)
    return facts.f_frsize * facts.f_bavail


def now_ms() -> int:
    return time.monotonic_ns() // 1000000


def wall_ms() -> int:
    return time.time_ns() // 1000000


localtime = time.localtime


def sleep_ms(ms: int) -> None:
    time.sleep(ms / 1000)
