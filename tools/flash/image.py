"""An image file as the source of a card: its partitions, and its bytes with another boot partition laid over them."""

import os
import struct

from firmware.errors import Refused
from tools.flash.machine import SECTOR
from tools.flash.target import CHUNK

FAT_TYPES = (0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E)
SIGNATURE_AT = 440  # in the first sector
ZEROES = bytes(CHUNK)
HEAD = 16 << 20  # so much of what the image leaves empty is blanked: nothing of an earlier life is found there
TAIL = 4 << 20  # the end of the card: the second copy of a GPT, RAID's superblocks


class Part:
    """One primary partition: `number` from 1, its `kind` as in the table, `start` and `size` in bytes."""

    def __init__(self, number: int, kind: int, start: int, size: int):
        self.number, self.kind, self.start, self.size = number, kind, start, size
        self.end = start + size


class Image:
    """An image file, open for reading. `boot` is its FAT partition, `size` is in bytes and a multiple of a sector."""

    def __init__(self, path: str, keeps_signature: bool = False):
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Refused("%s cannot be read (%s); name an image of Sosie" % (path, error.strerror)) from None
        self._over = None
        # Two cards of one image in one machine must not be taken for each other: the kernel finds its root by this.
        self._signature = None if keeps_signature else os.urandom(4)
        self._over_start = self._over_end = 0
        try:
            self._length = os.lseek(self._file, 0, os.SEEK_END)
            self.size = -(-self._length // SECTOR) * SECTOR
            self.parts = _parts(path, os.pread(self._file, SECTOR, 0))
            self.boot = self._boot()
        except BaseException:
            self.close()
            raise

    def _boot(self) -> Part:
        first = self.parts[0] if self.parts else None
        if first is None or first.kind not in FAT_TYPES or first.start < SECTOR:
            raise Refused("%s has no FAT partition in front; it is no image of a board" % self.path)
        if first.end > self._length:
            raise Refused("%s ends within its boot partition: it is not complete; fetch or build it again" % self.path)
        return first

    def lay_over(self, path: str) -> None:
        """From now on the boot partition is what the file at `path` holds."""
        self._over = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._over_start, self._over_end = self.boot.start, self.boot.end

    def save_boot(self, path: str) -> None:
        """Copies the boot partition into a new file, for its owner's eyes."""
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for offset in range(self.boot.start, self.boot.end, CHUNK):
                piece = os.pread(self._file, min(CHUNK, self.boot.end - offset), offset)
                if piece != ZEROES[:len(piece)]:
                    file.seek(offset - self.boot.start)
                    file.write(piece)
            file.truncate(self.boot.size)

    def read(self, offset: int, view: memoryview) -> bool:
        """Fills `view` with what stands at `offset`; False when that is nothing but zeroes."""
        end = offset + len(view)
        if not self._over_touches(offset, end) and not self._has_data(offset, end):
            view[:] = ZEROES[:len(view)]
            return False
        got = _pread(self._file, view, offset)
        view[got:] = ZEROES[:len(view) - got]  # the last sector of a file of odd length
        if self._over_touches(offset, end):
            first, last = max(offset, self._over_start), min(end, self._over_end)
            _pread(self._over, view[first - offset:last - offset], first - self._over_start)
        if offset == 0 and self._signature:
            view[SIGNATURE_AT:SIGNATURE_AT + 4] = self._signature
        return view.tobytes() != ZEROES[:len(view)]

    def blanks(self, size: int) -> "list[tuple[int, int]]":
        """(offset, length) of what the image does not say and must not be left over, on a target of `size` bytes."""
        found = []
        for part in self.parts:
            if part.end > self.size:
                start = max(part.start, self.size)
                found.append((start, part.end if start > part.start else min(part.end, start + HEAD)))
        end = self.end
        found += [(end, end + HEAD), (max(end, size - TAIL), size)]
        return [(start, min(stop, size) - start) for start, stop in found if min(stop, size) > start]

    @property
    def end(self) -> int:
        """What lies behind belongs to no partition of the image."""
        return max([part.end for part in self.parts] + [self.size])

    def close(self) -> None:
        """The files are closed; may be called twice."""
        for file in (self._file, self._over):
            if file is not None:
                os.close(file)
        self._file = self._over = None

    def _over_touches(self, start: int, end: int) -> bool:
        return self._over is not None and start < self._over_end and end > self._over_start

    def _has_data(self, start: int, end: int) -> bool:
        try:
            return os.lseek(self._file, start, os.SEEK_DATA) < end
        except OSError:  # nothing but a hole up to the end
            return False


def _pread(file: int, view: memoryview, offset: int) -> int:
    done = 0
    while done < len(view):
        count = os.preadv(file, [view[done:]], offset + done)
        if not count:
            break
        done += count
    return done


def _parts(path: str, sector: bytes) -> "list[Part]":
    if sector[510:512] != b"\x55\xaa":
        raise Refused("%s has no table of partitions; it is no image of a card (is it packed? Unpack it first)" % path)
    found = []
    for number in range(1, 5):
        kind, start, count = struct.unpack_from("<4xB3xII", sector, 446 + 16 * (number - 1))
        if kind == 0xEE:
            raise Refused("%s has a GPT, which not every board starts from; name an image with an MBR" % path)
        if kind and count:
            found.append(Part(number, kind, start * SECTOR, count * SECTOR))
    return found
