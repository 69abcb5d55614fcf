"""Spans: bytes of the journal storage that go from the page cache into a socket without passing through us."""

from .linux import EINVAL, EIO, ENOSYS
from .runtime import sockets

SPAN_PIECE = 1 << 18  # one call sends at most this much: a host's command may be waiting for its turn
_READ_AHEAD = 1 << 21
_probe = memoryview(bytearray(1))


def is_near(storage, position: int, length: int) -> bool:
    """Whether the bytes are in memory; if not, they are on their way, so ask again a little later.

    A backlog is read back from the medium, and the loop, which serves the host too, must not wait for it.
    Reading ahead runs from front to back, so that the last byte speaks for all.
    """
    if storage.try_read_into(position + length - 1, _probe):
        return True
    storage.advise(position, _READ_AHEAD)
    return False


def send_span(storage, descriptor: int, send, position: int, length: int) -> int:
    """Send up to `length` bytes at `position` of `storage` into the socket; how many it took."""
    try:
        count = sockets.sendfile(descriptor, storage.descriptor, position, length)
        if not count:
            raise OSError(EIO, "the journal ends before byte %d" % position)
        return count
    except OSError as error:
        if error.errno not in (EINVAL, ENOSYS):  # a file system without sendfile
            raise
    copy = memoryview(bytearray(length))
    storage.read_into(position, copy)
    return send(copy)
