"""A toy board of a page: journal, disk, twin, all synchronous. It proves that the oracle finds planted bugs
before the real board is asked anything. `bugs` names what it does wrong.
"""

import struct
import zlib

from tests.sim.content import SECTOR

_HEADER = "<IIQ"
_HEADER_SIZE = 16


class ToyBoard:
    """Volume and log of one board over two storages; `twin` receives what is durable."""

    def __init__(self, journal, disk, bugs=()):
        self._journal, self._disk, self._bugs = journal, disk, bugs
        self.trims = True
        self._twin = None
        self._open, self._end, self.group = [], 0, 0
        self._received = 0
        self._log = []
        self._recover()

    # The volume's interface

    def write(self, offset: int, view) -> bool:
        self._open.append((offset, bytes(view)))
        if "in place" in self._bugs:
            self._disk.write(offset, view)
        return True

    def zero(self, offset: int, length: int, trim: bool) -> bool:
        self._open.append((offset, bytes(length)))
        return True

    def read(self, offset: int, view, done) -> bool:
        self._disk.read_into(offset, view)
        changes = reversed(self._open) if "overlay backwards" in self._bugs else self._open
        for at, data in changes:
            low, high = max(at, offset), min(at + len(data), offset + len(view))
            if low < high:
                view[low - offset : high - offset] = data[low - at : high - at]
        return True

    def flush(self, done) -> None:
        if "acknowledge early" in self._bugs:
            done(None)
        self._commit()
        if "acknowledge early" not in self._bugs:
            done(None)

    # The log

    def connect(self, twin) -> None:
        """The twin gets what it does not have, then every group as it becomes durable."""
        self._twin = twin
        for body in self._log[twin.group :]:
            twin.receive(body)

    def _commit(self) -> None:
        if not self._open:
            return
        body = b"".join(struct.pack("<QQ", at, len(data)) + data for at, data in self._open)
        if "ship before durable" in self._bugs and self._twin:
            self._twin.receive(body)
        self._append(body)
        if "ship before durable" not in self._bugs and self._twin:
            self._twin.receive(body)
        self._open = []
        self._play(body)

    def receive(self, body: bytes) -> None:
        self._received += 1
        if "lose a group" in self._bugs and self._received % 7 == 3:
            return
        self._append(body)
        self._play(body)

    def _append(self, body: bytes) -> None:
        header = struct.pack(_HEADER, len(body), zlib.crc32(body), self.group + 1)
        self._journal.write(self._end, header)
        self._journal.write(self._end + _HEADER_SIZE, body)
        if "skip sync" not in self._bugs:
            self._journal.sync()
        self._end += (_HEADER_SIZE + len(body) + SECTOR - 1) // SECTOR * SECTOR
        self.group += 1
        self._log.append(body)

    def _play(self, body) -> None:
        changes, at = [], 0
        while at < len(body):
            offset, length = struct.unpack_from("<QQ", body, at)
            changes.append((offset, body[at + 16 : at + 16 + length]))
            at += 16 + length
        for offset, data in reversed(changes) if "play backwards" in self._bugs else changes:
            self._disk.write(offset, data)

    def _recover(self) -> None:
        header = bytearray(_HEADER_SIZE)
        while True:
            self._journal.read_into(self._end, memoryview(header))
            length, crc, number = struct.unpack(_HEADER, header)
            if number != self.group + 1 or self._end + _HEADER_SIZE + length > self._journal.size:
                return
            body = bytearray(length)
            self._journal.read_into(self._end + _HEADER_SIZE, memoryview(body))
            if zlib.crc32(body) != crc and "no checksum" not in self._bugs:
                return
            self._log.append(bytes(body))
            self._play(bytes(body))
            self._end += (_HEADER_SIZE + length + SECTOR - 1) // SECTOR * SECTOR
            self.group += 1

    def image(self) -> bytes:
        """All that a host would read."""
        data = bytearray(self._disk.size)
        self.read(0, memoryview(data), None)
        return bytes(data)
