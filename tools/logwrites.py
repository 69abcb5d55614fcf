"""A log of Linux' dm-log-writes target, as its `replay-log` reads it: one super block, then entries.

| super block            | entry                                                   |
|------------------------|---------------------------------------------------------|
| 8 magic                | 8 sector                                                |
| 8 version              | 8 sectors                                               |
| 8 entries              | 8 flags                                                 |
| 4 bytes in a sector    | 8 length of a mark's name, which follows in this sector |

Integers are little-endian. Each of them takes a sector; a write's data follows its entry
(Documentation/admin-guide/device-mapper/log-writes.rst and drivers/md/dm-log-writes.c of Linux).
"""

import contextlib
import os
import struct

SECTOR = 512
MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, DISCARD, MARK = 1, 4, 8
_SUPER, _ENTRY = "<QQQI", "<QQQQ"
# replay-log holds all data of an entry in memory.
MAX_ZEROES = 16 << 20
# Where it cannot discard, it writes zeroes instead, and skips an entry that is longer than this.
MAX_DISCARD = 128 << 20


class CannotWrite(Exception):
    """The log cannot be written; one sentence."""


class LogWrites:
    """Writes a new log at `path`; offsets and lengths are bytes, whole sectors. Raises CannotWrite.

    A context: whatever ends it early leaves no file behind. `entries` and `data_bytes` count.
    """

    def __init__(self, path: str):
        self.entries = self.data_bytes = 0
        self._path = path
        try:
            self._file = open(path, "xb", buffering=1 << 20)
        except FileExistsError:
            raise CannotWrite("%s exists; name a new file." % path) from None
        except OSError as error:
            raise CannotWrite("%s cannot be made: %s." % (path, error.strerror)) from None
        self._sector(struct.pack(_SUPER, MAGIC, VERSION, 0, SECTOR))

    def write(self, start: int, data) -> None:
        """The range has this content."""
        self._entry(start, len(data), 0)
        self._do(self._file.write, data)
        self.data_bytes += len(data)

    def zero(self, start: int, length: int) -> None:
        """The range reads as zeroes, on whatever it is replayed: data, of which nothing is stored here but a hole."""
        for at in range(start, start + length, MAX_ZEROES):
            size = min(MAX_ZEROES, start + length - at)
            self._entry(at, size, 0)
            self._do(self._file.seek, size, os.SEEK_CUR)

    def discard(self, start: int, length: int) -> None:
        """The range is discarded; it reads as zeroes on a file and on a device that promises it."""
        for at in range(start, start + length, MAX_DISCARD):
            self._entry(at, min(MAX_DISCARD, start + length - at), DISCARD)

    def flush(self) -> None:
        """Everything before was durable before anything behind it."""
        self._entry(0, 0, FLUSH)

    def mark(self, name: bytes) -> None:
        """A named place."""
        self._entry(0, 0, MARK, name)

    def _entry(self, start: int, length: int, flags: int, name: bytes = b"") -> None:
        self._sector(struct.pack(_ENTRY, start // SECTOR, length // SECTOR, flags, len(name)) + name)
        self.entries += 1

    def _sector(self, data: bytes) -> None:
        self._do(self._file.write, data.ljust(SECTOR, b"\0"))

    def _do(self, action, *arguments) -> None:
        try:
            action(*arguments)
        except OSError as error:
            raise CannotWrite("%s cannot be written: %s." % (self._path, error.strerror)) from None

    def __enter__(self) -> "LogWrites":
        return self

    def __exit__(self, kind, *_) -> None:
        whole = False
        try:
            if kind is None:
                self._do(self._finish)
                whole = True
        finally:
            if not whole:
                os.unlink(self._path)
                with contextlib.suppress(OSError):  # what it still wants to write is gone with the file
                    self._file.close()

    def _finish(self) -> None:
        # The number of entries comes last: what was cut short is a log of nothing.
        self._file.truncate(self._file.tell())
        self._file.seek(0)
        self._file.write(struct.pack(_SUPER, MAGIC, VERSION, self.entries, SECTOR))
        self._file.close()
