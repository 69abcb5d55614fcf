"""Where a card's bytes go: a block device past all caches, or a sparse file that takes its name when it is whole."""

import contextlib
import errno
import fcntl
import mmap
import os
import struct

from firmware.errors import Refused

CHUNK = 4 << 20  # one erase block of most cards; what is written, read back and compared at a time
BLKRRPART, BLKFLSBUF, BLKDISCARD, BLKZEROOUT = 0x125F, 0x1261, 0x1277, 0x127F
GONE = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENOMEDIUM, errno.ESHUTDOWN)


class Failed(Exception):
    """It broke off in the middle: one sentence with what to do. What was being written is no board."""


class Target:
    """Bytes at offsets. Offsets and lengths are multiples of 4 KiB, but where the end of the target is not."""

    def __init__(self, path: str, descriptor: int, size: "int | None"):
        self.path = path
        self.size = size
        self.buffer = memoryview(mmap.mmap(-1, CHUNK))  # whole pages: O_DIRECT asks for it
        self._file = descriptor

    def write(self, offset: int, data: memoryview) -> None:
        """Writes all of `data`; raises Failed."""
        with self._explained("written"):
            done = 0
            while done < len(data):
                count = os.pwrite(self._file, data[done:], offset + done)
                if not count:
                    raise OSError(errno.EIO, "nothing was taken")
                done += count

    def read(self, offset: int, length: int) -> memoryview:
        """The next `length` bytes at `offset`, in `buffer`; raises Failed."""
        view = self.buffer[:length]
        with self._explained("read"):
            done = 0
            while done < length:
                count = os.preadv(self._file, [view[done:]], offset + done)
                if not count:
                    raise OSError(errno.EIO, "it ends too early")
                done += count
        return view

    def sync(self) -> None:
        """Everything written is on the medium, and the next read comes from there; raises Failed."""
        with self._explained("written"):
            os.fsync(self._file)
            self._forget()

    def close(self) -> None:
        """May be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextlib.contextmanager
    def _explained(self, what: str):
        try:
            yield
        except OSError as error:
            raise Failed(self._cause(error, what)) from None

    def _cause(self, error: OSError, what: str) -> str:
        if error.errno == errno.ENOSPC:
            return "there is no room left for %s; make room and do it again" % self.path
        if error.errno in GONE:
            return ("%s cannot be %s any more (%s): was it pulled out? If not, the card or its reader is broken; "
                    "put it in again and do it again, or take another card" % (self.path, what, error.strerror))
        return "%s cannot be %s (%s)" % (self.path, what, error.strerror)


class Card(Target):
    """A block device, held so that nobody mounts it meanwhile."""

    def __init__(self, path: str, size: int):
        super().__init__(path, _open_alone(path), size)

    def discard(self) -> bool:
        """Tells the card that nothing on it is needed; False when it does not take that. It may still hold it all."""
        try:
            fcntl.ioctl(self._file, BLKDISCARD, struct.pack("QQ", 0, self.size))
            return True
        except OSError:
            return False

    def zero(self, offset: int, length: int) -> None:
        """Makes the range read as zeroes; raises Failed. The kernel does it, with the card's own command if it can."""
        with self._explained("written"):
            fcntl.ioctl(self._file, BLKZEROOUT, struct.pack("QQ", offset, length))

    def finish(self) -> None:
        """The kernel looks at the new partitions."""
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._file, BLKRRPART)
        self.close()

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._file, BLKFLSBUF)


class File(Target):
    """An image file. It has its name only when it is whole, and is its owner's alone: it has keys."""

    def __init__(self, path: str):
        self._part = path + ".part"
        try:
            descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            os.fchmod(descriptor, 0o600)
        except OSError as error:
            raise Refused("%s cannot be made (%s); name another place" % (self._part, error.strerror)) from None
        super().__init__(path, descriptor, None)

    def stretch(self, size: int) -> None:
        """It has `size` bytes now. Raises Failed."""
        with self._explained("written"):
            os.ftruncate(self._file, size)
        self.size = size

    def discard(self) -> bool:
        """A new file has nothing in it."""
        return True

    def zero(self, offset: int, length: int) -> None:
        """Nothing to do: every byte is written once at most, and what is not is a hole."""

    def finish(self) -> None:
        """The file takes its name."""
        with self._explained("written"):
            os.replace(self._part, self.path)
        self.close()

    def close(self) -> None:
        """Without finish(): nothing stays behind."""
        if self._file is not None:
            super().close()
            with contextlib.suppress(OSError):
                os.unlink(self._part)

    def _forget(self) -> None:
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)


def _open_alone(path: str) -> int:
    """O_EXCL on a block device: the kernel refuses when anything uses it, and lets nobody use it meanwhile."""
    flags = os.O_RDWR | os.O_EXCL | os.O_CLOEXEC
    for more in (getattr(os, "O_DIRECT", 0), 0):  # a few readers' drivers take no direct writes
        try:
            return os.open(path, flags | more)
        except OSError as error:
            if error.errno == errno.EINVAL and more:
                continue
            if error.errno == errno.EBUSY:
                raise Refused("%s is in use by something that the kernel does not name (ZFS, a virtual machine, "
                              "another flash.sh?); end that first" % path) from None
            raise Refused("%s cannot be opened (%s); put the card in again" % (path, error.strerror)) from None
    raise AssertionError("the second way returns or raises")
