"""Small files that people edit, too: what is read of them, and sentences about what a medium refuses.

At such a path may stand whatever somebody put there. Opening a pipe waits for who writes into it, opening a device may
start it, and a link would be replaced by a file: neither is a file that we keep.
"""

from ..errors import Refused
from . import linux
from .files import folder_of, reason
from .runtime import system

_ADVICE = {
    linux.ENOSPC: "make room there",
    linux.EDQUOT: "make room there",
    linux.EROFS: "make it writable, or name another place",
    linux.EACCES: "let this board write there, or name another place",
    linux.EPERM: "let this board write there, or name another place",
    linux.EIO: "replace the medium, or name another place",
    linux.ENOENT: "make its folder, or name another place",
    linux.ENOTDIR: "make its folder, or name another place",
}


class NoFile(Exception):
    """There is a folder, a pipe or a device at the path."""


def advice(error: OSError) -> str:
    """What to do about it."""
    return _ADVICE.get(error.errno, "name another place")


def explained(error: Exception) -> str:
    """What a system call refused, and what to do; a sentence of ours as it is."""
    return "%s; %s" % (reason(error), advice(error)) if isinstance(error, OSError) else str(error)


def read_small(path: str, most_bytes: int) -> "bytes | None":
    """The bytes of a file that will be replaced, so no link, one more than `most_bytes` at most; None while there is
    none in its folder. Never waits for anybody. Raises OSError, and Refused with a clause."""
    if system.is_link(path):
        raise Refused("it is a link; name the file that it points to")
    try:
        return read_file(path, most_bytes)
    except NoFile:
        raise Refused("it is no file; delete what is there, or name another place")
    except OSError as error:
        if error.errno != linux.ENOENT:
            raise
        system.stat(folder_of(path) + "/.")  # a folder that is missing is told now, not when something is to be kept
        return None


def read_file(path: str, most_bytes: int) -> bytes:
    """The bytes of the file that is there or that a link there points to, one more than `most_bytes` at most. Never
    waits for anybody. Raises OSError, and NoFile."""
    if system.stat(path)[0] & linux.S_IFMT != linux.S_IFREG:
        raise NoFile
    # Not to wait, should it be a pipe by now: to read that where it says is an OSError then.
    descriptor = system.open(path, linux.O_RDONLY | linux.O_NONBLOCK | linux.O_NOCTTY | linux.O_CLOEXEC)
    try:
        return _whole(descriptor, most_bytes + 1)
    finally:
        system.close(descriptor)


def _whole(descriptor: int, most: int) -> bytes:
    room = bytearray(most)
    view, done = memoryview(room), 0
    while done < most:
        count = system.pread(descriptor, view[done:], done)
        if not count:
            break
        done += count
    return bytes(view[:done])


def sentence(what: str, path: str, done: str, error: Exception) -> str:
    """Why what board.conf calls `what` could not be `done`: "read" or "written"."""
    if isinstance(error, Refused):
        return "%s = %s: %s" % (what, path, error)
    if done == "read":
        return "%s = %s cannot be read (%s); %s" % (what, path, reason(error), advice(error))
    return "%s = %s cannot be written (%s); %s" % (what, path, reason(error), advice(error))
