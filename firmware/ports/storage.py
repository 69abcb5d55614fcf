"""Storage over a file or a block device: the one interface through which all bytes reach a medium.

Every method raises OSError on failure. A failed sync is never tried again by anybody: after it the
kernel may have dropped the dirty pages, and a second sync would call them durable.
"""

from ..errors import Refused
from . import linux
from .files import ZEROES, is_device, open_locked, queue_limit, reason
from .linux import EINVAL, EIO, ENOSPC, ENOSYS, ENXIO, EOPNOTSUPP, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from .runtime import system

_PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_ZERO = linux.FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE
_CANNOT = (EOPNOTSUPP, EINVAL, ENOSYS, linux.ENOTTY)
_DEVICE_PIECE = 16 << 20  # a device that cannot zero by itself is kept busy by one call no longer than this
_MOST_EXTENTS = 512
_DIRECT_BLOCK = 4096


def _identity(path: str) -> "tuple | None":
    """(inode, device); None: there is nothing, or nobody can tell."""
    try:
        return tuple(system.stat(path)[1:3])
    except OSError:
        return None


class FileStorage:
    """A file or block device at `path`, locked for this board alone.

    `size` bytes; `trims`: trim gives space back without writing; `descriptor` for sendfile and for the
    process lane. Raises Refused when the path cannot be used, after waiting `wait_ms` for a predecessor
    that is still going down to let go of it. `direct`: whole blocks from page-aligned memory go straight
    to the medium, past the page cache, where the system can do that: a journal is written once and seldom
    read, and to bring it through the cache costs ten times the processor time.
    """

    def __init__(self, path: str, wait_ms: int = 5000, direct: bool = False):
        self.path = path
        self.is_device = is_device(path)
        self.descriptor = open_locked(path, self.is_device, wait_ms)
        self._direct = system.open_direct(path) if direct else -1
        self._block = queue_limit(path, "logical_block_size") if self.is_device else 1
        self._tells_waiting = True
        self._zeroes_by_kernel = True
        self._identity = _identity(path)
        try:
            self.size = system.seek(self.descriptor, 0, linux.SEEK_END)
            self.trims = self._can_trim()
        except OSError as error:  # some files have no end (/proc), others are the kernel's own (a swap file)
            self.close()
            raise Refused("%s cannot be a disk or journal (%s): name another file" % (path, reason(error)))

    def use_first(self, size: int) -> None:
        """What lies behind `size` bytes of a device is not ours, and never touched."""
        self.size = min(size, self.size)

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill all of `view` from `offset`."""
        done = system.pread(self.descriptor, view, offset)
        while done < len(view):
            count = system.pread(self.descriptor, view[done:], offset + done)
            if not count:
                raise OSError(EIO, "%s ends before byte %d" % (self.path, offset + len(view)))
            done += count

    def try_read_into(self, offset: int, view: memoryview) -> bool:
        """Fill `view` if that needs no wait for the medium; else False, and `view` holds anything.

        Where the system cannot tell (tmpfs, which never waits, and other runtimes) this is a plain read.
        """
        if self._tells_waiting:
            try:
                return system.pread_now(self.descriptor, view, offset) == len(view)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                self._tells_waiting = False
        self.read_into(offset, view)
        return True

    def write(self, offset: int, view: memoryview) -> None:
        """Write all of `view`. Never beyond `size`: a file would grow where a device fails."""
        if offset + len(view) > self.size:
            raise OSError(EIO, "%s ends before byte %d" % (self.path, offset + len(view)))
        done = 0
        if self._direct >= 0 and not (offset | len(view)) & (_DIRECT_BLOCK - 1):
            done = self._write_direct(offset, view)
        while done < len(view):
            done += system.pwrite(self.descriptor, view[done:], offset + done)

    def _write_direct(self, offset: int, view: memoryview) -> int:
        """How much of `view` went straight to the medium: none where its memory is not aligned."""
        try:
            return system.pwrite(self._direct, view, offset)
        except OSError as error:
            if error.errno != EINVAL:
                raise
            return 0

    def zero(self, offset: int, length: int) -> None:
        """The range reads as zeroes afterwards."""
        self._clear(_ZERO, offset, length)

    def trim(self, offset: int, length: int) -> None:
        """The range reads as zeroes afterwards, and its space may be free."""
        self._clear(_PUNCH if self.trims else _ZERO, offset, length)

    def sync(self) -> None:
        """When this returns, all that was written before is durable."""
        system.fdatasync(self.descriptor)

    def allocated(self, offset: int, length: int):
        """[(offset, length, is_data)] covering the range, or None where it is not known cheaply.

        A very fragmented range is told as data from some point on.
        """
        if self.is_device:
            return None
        end = offset + length
        extents = []
        while offset < end:
            data = self._seek_in(offset, linux.SEEK_DATA, end)
            if data > offset:
                extents.append((offset, data - offset, False))
            if data == end:
                break
            offset = end if len(extents) >= _MOST_EXTENTS else self._seek_in(data, linux.SEEK_HOLE, end)
            extents.append((data, offset - data, True))
        return extents

    @property
    def present(self) -> bool:
        """Whether the medium is still there; True where the system cannot tell."""
        return not self.is_device or self.descriptor < 0 or system.device_exists(self.descriptor)

    @property
    def in_place(self) -> bool:
        """Whether the path still names this file; somebody may have deleted or replaced it."""
        return self._identity is None or _identity(self.path) == self._identity

    def advise(self, offset: int, length: int) -> None:
        """The range will be read soon: start to bring it into memory."""
        system.will_need(self.descriptor, offset, length)

    def close(self) -> None:
        if self.descriptor >= 0:
            system.close(self.descriptor)
            self.descriptor = -1
        if self._direct >= 0:
            system.close(self._direct)
            self._direct = -1

    def _seek_in(self, offset: int, whence: int, end: int) -> int:
        try:
            return min(system.seek(self.descriptor, offset, whence), end)
        except OSError as error:
            if error.errno != ENXIO:  # nothing of that kind before the end of the file
                raise
            return end

    def _can_trim(self) -> bool:
        if self.is_device:  # a device without the command would have to write the zeroes
            return queue_limit(self.path, "write_zeroes_max_bytes") > 0
        try:
            system.fallocate(self.descriptor, _PUNCH, self.size, 4096)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            return False
        return True

    def _clear(self, mode: int, offset: int, length: int) -> None:
        if offset + length > self.size:
            raise OSError(EIO, "%s ends before byte %d" % (self.path, offset + length))
        # A device clears whole blocks of its own; the odd ends of the range are written.
        first = min(-(-offset // self._block) * self._block, offset + length)
        last = max((offset + length) // self._block * self._block, first)
        self._write_zeroes(offset, first)
        step = _DEVICE_PIECE if self.is_device and not self.trims else self.size
        while first < last:
            piece = min(step, last - first)
            if not self._clear_by_kernel(mode, first, piece):
                self._write_zeroes(first, first + piece)
            first += piece
        self._write_zeroes(last, offset + length)

    def _clear_by_kernel(self, mode: int, offset: int, length: int) -> bool:
        # Zeroing keeps the space of the range, and takes it where the file is sparse; punching frees it.
        # Either is missing on some file systems, and where there is no space the latter has to do.
        for way in (mode, _PUNCH):
            if self._zeroes_by_kernel:
                try:
                    system.fallocate(self.descriptor, way, offset, length)
                    return True
                except OSError as error:
                    if error.errno not in _CANNOT and (error.errno != ENOSPC or way == _PUNCH):
                        raise
        self._zeroes_by_kernel = False
        return False

    def _write_zeroes(self, offset: int, end: int) -> None:
        while offset < end:
            piece = min(len(ZEROES), end - offset)
            self.write(offset, ZEROES[:piece])
            offset += piece
