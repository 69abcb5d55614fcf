"""Replays logs of dm-log-writes onto files by the rules of the public tool `replay-log`, of which it shares no code.

Its rules: an entry is one sector and, unless it is a discard, its data; what it is told to stop at is replayed too.
A file cannot discard, so zeroes are written, unless there would be more than 128 MiB of them: then nothing happens.
An entry that says nothing, or that has bytes behind it where only a mark's name may be, is malformed.
"""

import os
import struct

FLUSH, FUA, DISCARD, MARK, METADATA = 1, 2, 4, 8, 16
_MOST_ZEROES = 128 << 20
_ENTRY = struct.Struct("<4Q")


class Malformed(Exception):
    """The tool would end with an error."""


class Entry:
    """`number` in the log; `start` and `length` in bytes; `name` of a mark; where the data lies in the file."""

    def __init__(self, number: int, raw: bytes, data_at: int):
        sector, sectors, self.flags, name_length = _ENTRY.unpack_from(raw)
        self.number = number
        self.start, self.length = sector * len(raw), sectors * len(raw)
        self.data_at = data_at
        self.name = raw[32:].split(b"\0")[0].decode() if self.flags & MARK else ""
        if not self.flags and not sectors or self.flags != MARK and raw[32]:
            raise Malformed("entry %d" % number)
        if name_length != len(self.name.encode()):
            raise Malformed("the name of mark %d" % number)

    @property
    def has_data(self) -> bool:
        return bool(self.length) and not self.flags & DISCARD


class ReplayLog:
    """A log. Each call goes on behind the entry that the last one stopped at, as with --start-entry."""

    def __init__(self, path):
        self._file = open(path, "rb")
        magic, version, self.count, self.sector_size = struct.unpack("<3QI", self._file.read(28))
        if magic != 0x6A736677736872 or version != 1:
            raise Malformed("the super block")
        self.rewind()

    def rewind(self) -> None:
        """To the first entry."""
        self.next, self._at = 0, self.sector_size

    def close(self) -> None:
        self._file.close()

    @property
    def end(self) -> int:
        """Bytes of the log that were read so far."""
        return self._at

    def read(self) -> "Entry | None":
        """The next entry, None at the end. Raises Malformed."""
        if self.next >= self.count:
            return None
        raw = os.pread(self._file.fileno(), self.sector_size, self._at)
        if len(raw) < self.sector_size:
            raise Malformed("the log is cut short at entry %d" % self.next)
        self._at += self.sector_size
        entry = Entry(self.next, raw, self._at)
        self.next += 1
        if entry.has_data:
            self._at += entry.length
        return entry

    def data(self, entry: Entry) -> bytes:
        """What it writes."""
        data = os.pread(self._file.fileno(), entry.length, entry.data_at)
        if len(data) < entry.length:
            raise Malformed("the data of entry %d is cut short" % entry.number)
        return data

    def find(self, flush: bool = False, mark: str = "", limit: int = 0) -> "Entry | None":
        """--find with --next-flush, --end-mark, --limit: the entry that it stops at; None when there is none."""
        return self._go(None, flush, mark, limit, True)

    def replay(self, target: int, flush: bool = False, mark: str = "", limit: int = 0, discard: bool = True):
        """The same with --replay onto a file descriptor; without anything to stop at, all of it."""
        return self._go(target, flush, mark, limit, discard)

    def _go(self, target, flush, mark, limit, discard):
        done = 0
        while (entry := self.read()) is not None:
            if target is not None:
                self._apply(target, entry, discard)
            done += 1
            if done == limit or flush and entry.flags & FLUSH or mark and entry.name == mark:
                return entry
        return None

    def _apply(self, target: int, entry: Entry, discard: bool) -> None:
        if entry.has_data:
            os.pwrite(target, self.data(entry), entry.start)
        elif entry.length and discard:
            # In pieces of 1 GiB at most, each of which is zeroed or not.
            for at in range(entry.start, entry.start + entry.length, 1 << 30):
                length = min(1 << 30, entry.start + entry.length - at)
                if length <= _MOST_ZEROES:
                    os.pwrite(target, bytes(length), at)
