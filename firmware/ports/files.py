"""Paths: what is there, opening it for one board alone, making a new file."""

from ..errors import Refused
from ..whole import replace
from . import linux
from .runtime import system

_TIME_SYNC = "/run/systemd/timesync"
ZEROES = memoryview(bytearray(1 << 17))
# A sync of blocks that were written before takes half the time of a sync that must also allocate them, so
# a ring is worth filling; beyond this the filling takes longer than anybody wants to wait at the first start.
_MOST_FILLED = 1 << 30


def exists(path: str) -> bool:
    try:
        system.stat(path)
    except OSError:
        return False
    return True


def clock_is_set() -> "bool | None":
    """Whether systemd-timesyncd has set the wall clock since the start; None where somebody else looks after it."""
    return exists(_TIME_SYNC + "/synchronized") if exists(_TIME_SYNC) else None


def free_bytes(path: str) -> int:
    """Free space on the file system of `path`, or of its folder while it does not exist."""
    try:
        return system.free_bytes(path if exists(path) else folder_of(path))
    except OSError as error:
        raise Refused("cannot tell the free space for %s: %s" % (path, reason(error)))


def folder_of(path: str) -> str:
    return path.rsplit("/", 1)[0] or "/" if "/" in path else "."


def create_file(path: str, size: int, zeroed: bool) -> None:
    """Make a file of `size` bytes that reads as zeroes, durably; never over an existing one.

    Sparse, or with its space allocated (`zeroed`), up to 1 GiB by writing it. Raises Refused, and then
    leaves no file.
    """
    try:
        descriptor = system.open(path, linux.O_RDWR | linux.O_CREAT | linux.O_EXCL | linux.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused("cannot create %s: %s" % (path, reason(error)))
    try:
        # The size comes first: a file that a power cut leaves half filled is whole, only slower.
        system.truncate(descriptor, size)
        if zeroed:
            _allocate(descriptor, size)
        system.fsync(descriptor)
        sync_folder(path)
    except OSError as error:
        system.unlink(path)
        raise Refused("cannot make %s with %d bytes: %s" % (path, size, reason(error)))
    finally:
        system.close(descriptor)


def remove_file(path: str) -> None:
    """Take back a file that create_file() has just made."""
    system.unlink(path)


def replace_file(path: str, data: bytes, mode: int = 0o600) -> None:
    """Put a small file with these bytes at `path`, durably (firmware/whole.py). Raises OSError."""
    replace(system, folder_of(path), path.rsplit("/", 1)[-1], data, mode)


def sync_folder(path: str) -> None:
    """Make the name `path` itself durable."""
    descriptor = system.open(folder_of(path), linux.O_RDONLY | linux.O_CLOEXEC)
    try:
        system.fsync(descriptor)
    finally:
        system.close(descriptor)


def _allocate(descriptor: int, size: int) -> None:
    if size > _MOST_FILLED:
        try:
            system.fallocate(descriptor, 0, 0, size)
        except OSError as error:
            if error.errno not in (linux.EOPNOTSUPP, linux.ENOSYS):
                raise
        return
    offset = 0
    while offset < size:
        offset += system.pwrite(descriptor, ZEROES[: min(len(ZEROES), size - offset)], offset)


def is_device(path: str) -> bool:
    """Whether `path` is a block device; Refused when it is not a file either."""
    try:
        kind = system.stat(path)[0] & linux.S_IFMT
    except OSError as error:
        raise Refused("cannot open %s: %s" % (path, reason(error)))
    if kind not in (linux.S_IFBLK, linux.S_IFREG):
        raise Refused("%s is neither a file nor a block device: name one of these" % path)
    return kind == linux.S_IFBLK


def open_locked(path: str, device: bool, wait_ms: int) -> int:
    """A descriptor that no other board has; Refused when somebody keeps it for longer than `wait_ms`."""
    # On a device, O_EXCL also keeps out (and is kept out by) mounted file systems.
    flags = linux.O_RDWR | linux.O_CLOEXEC | (linux.O_EXCL if device else 0)
    give_up = system.now_ms() + wait_ms
    while True:
        descriptor = -1
        try:
            descriptor = system.open(path, flags)
            if system.try_lock(descriptor):
                return descriptor
        except OSError as error:
            if error.errno != linux.EBUSY:
                raise Refused("cannot open %s: %s" % (path, reason(error)))
        if descriptor >= 0:
            system.close(descriptor)
        if system.now_ms() >= give_up:
            raise Refused("%s is in use: stop the board or unmount the file system that has it, or name another" % path)
        system.sleep_ms(50)


def queue_limit(path: str, name: str) -> int:
    """A number of the block layer's about the device, or its disk where it is a partition; 0 unknown."""
    device = system.realpath(path).rsplit("/", 1)[1]
    for folder in ("queue", "../queue"):
        try:
            with open("/sys/class/block/%s/%s/%s" % (device, folder, name)) as file:
                return int(file.read())
        except OSError:
            pass
    return 4096 if name == "logical_block_size" else 0


def reason(error: OSError) -> str:
    """What to tell the operator about a system call's failure."""
    number = error.errno
    if isinstance(number, int) and number > 0:
        return system.describe(number)
    return str(error.args[-1])  # a name that has no address
