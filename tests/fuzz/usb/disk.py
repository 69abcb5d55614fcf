"""A volume of any size whose waits end when the fuzzer says so, and the sparse content that it and the model hold."""

from firmware.errors import VolumeError

PAGE = 4096
SECTOR = 512
MIB = 1 << 20
_BLANK = bytes(PAGE)


class Sparse:
    """Bytes by page; what is not there is zero."""

    def __init__(self):
        self.pages = {}

    def read(self, offset: int, length: int) -> bytes:
        first, last = offset // PAGE, (offset + length + PAGE - 1) // PAGE
        data = b"".join([self.pages.get(page, _BLANK) for page in range(first, last)])
        return data[offset - first * PAGE:][:length]

    def write(self, offset: int, data) -> None:
        at, end = 0, len(data)
        while at < end:
            page, start = divmod(offset + at, PAGE)
            size = min(PAGE - start, end - at)
            old = self.pages.get(page, _BLANK)
            new = old[:start] + bytes(data[at:at + size]) + old[start + size:]
            self._set(page, new)
            at += size

    def _set(self, page: int, data: bytes) -> None:
        if data == _BLANK:
            self.pages.pop(page, None)
        else:
            self.pages[page] = data

    def zero(self, offset: int, length: int) -> None:
        end = offset + length
        for page in self._within(offset, end):
            start, stop = max(offset - page * PAGE, 0), min(end - page * PAGE, PAGE)
            old = self.pages[page]
            self._set(page, old[:start] + bytes(stop - start) + old[stop:])

    def _within(self, start: int, end: int) -> list:
        return [page for page in self.pages if start < (page + 1) * PAGE and page * PAGE < end]

    def equals(self, other: "Sparse", offset: int, length: int) -> bool:
        """Whether both hold the same in a range."""
        end = offset + length
        for page in {*self._within(offset, end), *other._within(offset, end)}:
            start, stop = max(offset, page * PAGE), min(end, (page + 1) * PAGE)
            if self.read(start, stop - start) != other.read(start, stop - start):
                return False
        return True


class Wait:
    """Something that the volume was asked for: ends with `end(error)`, once."""

    def __init__(self, kind: str, end):
        self.kind = kind
        self.end = end


class Disk:
    """The volume. `waits`: what has not ended, oldest first. `named(offset, length)`: asserts that a command under
    way speaks of this range. `written` counts changes; a flush covers all up to `durable` when it has ended.

    `slow`: reads and flushes wait. `room`: how many writes are taken before one waits, None: all.
    """

    MAX_WRITE = MIB

    def __init__(self, size: int, trims: bool):
        self.size, self.trims = size, trims
        self.refusal = ""
        self.failed = False
        self.slow = True
        self.room = None
        self.unmappable = False  # the file system does not tell what is allocated
        self.content = Sparse()
        self.waits = []
        self.named = None
        self.written = self.durable = 0

    @property
    def ready(self) -> bool:
        return not self.refusal

    def _check(self, offset: int, length: int) -> None:
        if (offset | length) % SECTOR:
            raise VolumeError(VolumeError.UNALIGNED)
        if offset < 0 or length < 0 or offset + length > self.size:
            raise VolumeError(VolumeError.BEYOND_END)
        if self.failed:
            raise VolumeError(VolumeError.FAILED)

    def _has_room(self) -> bool:
        if self.room is None:
            return True
        self.room -= 1
        if self.room < 0:
            self.room = 0
            return False
        return True

    def write(self, offset: int, view) -> bool:
        assert len(view) <= self.MAX_WRITE
        return self._change(offset, len(view), lambda: self.content.write(offset, view))

    def zero(self, offset: int, length: int, trim: bool) -> bool:
        if trim and not self.trims:
            return True
        return self._change(offset, length, lambda: self.content.zero(offset, length))

    def _change(self, offset: int, length: int, change) -> bool:
        self._check(offset, length)
        if self.refusal:
            raise VolumeError(VolumeError.READ_ONLY)
        if not length:
            return True
        self.named(offset, length)
        if not self._has_room():
            return False
        change()
        self.written += 1
        return True

    def wait_for_room(self, callback) -> None:
        self.waits.append(Wait("room", callback))

    def read(self, offset: int, view, done) -> bool:
        self._check(offset, len(view))

        def end(error):
            view[:] = self.content.read(offset, len(view))
            done(error)

        if self.slow:
            self.waits.append(Wait("read", end))
            return False
        view[:] = self.content.read(offset, len(view))
        return True

    def flush(self, done) -> None:
        if self.failed:
            done(VolumeError(VolumeError.FAILED))
            return
        covered = self.written

        def end(error):
            if error is None:
                self.durable = max(self.durable, covered)
            done(error)

        if self.slow:
            self.waits.append(Wait("flush", end))
        else:
            end(None)

    def block_status(self, offset: int, length: int):
        self._check(offset, length)
        if self.unmappable:
            raise OSError(5, "no map")
        first = min(length, PAGE)
        return [(first, False), (length - first, True)] if length > first else [(first, False)]

    # The fuzzer's side

    def settle(self, number: int, reason=None) -> None:
        """Ends a wait, well or with an error."""
        wait = self.waits.pop(number % len(self.waits))
        if reason is None and wait.kind == "room" and self.room is not None:
            self.room += 2
        wait.end(None if reason is None else VolumeError(reason))

    def fail(self) -> None:
        """Storage failed: whatever waits fails."""
        self.failed = True
        while self.waits:
            self.settle(0, VolumeError.FAILED)
