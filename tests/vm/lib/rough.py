"""A host that writes without a rest, and what may happen to it: numbered writes past the page cache, one at a time."""

import mmap
import os
import random
import threading
import time

from tests.process.oracle import SECTOR, History

BLOCK = 8 * SECTOR  # the page, as O_DIRECT wants it on any kernel


def plan(size: int, dice: random.Random, flush_every: int = 7):
    """Without an end: (offset, length, whether a flush follows) of the writes of a Writer with the same dice."""
    while True:
        length = BLOCK * dice.choice((1, 1, 1, 2, 8, 30))
        offset = dice.randrange((size - length) // BLOCK + 1) * BLOCK
        yield offset, length, dice.randrange(flush_every) == 0


class Writer:
    """Writes into the block device until it is told to stop or the disk is gone.

    `answered`: the newest write that the disk said it has, `flushed`: that a completed flush covers. `longest_s`: the
    longest that a single command took. `on_flush(number)` is called after each flush.
    """

    def __init__(self, path: str, history: History, dice: random.Random, on_flush=lambda number: None):
        self.history = history
        self.answered = self.flushed = 0
        self.longest_s = 0.0
        self.error: OSError | None = None
        self._file = os.open(path, os.O_RDWR | os.O_DIRECT)
        self._plan = plan(history.size, dice)
        self._on_flush = on_flush
        self._memory = mmap.mmap(-1, 1 << 20)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends politely; what was written is flushed."""
        self._stop.set()
        self.join()
        assert self.error is None, "the disk failed its host after write %d: %r" % (self.answered, self.error)

    def join(self, limit_s: float = 120.0) -> None:
        self._thread.join(limit_s)
        assert not self._thread.is_alive(), "the writer hangs behind write %d" % self.answered

    def wait_for(self, more: int, limit_s: float = 60.0) -> None:
        """Until so many further writes are answered."""
        goal, until = self.answered + more, time.monotonic() + limit_s
        while self.answered < goal and time.monotonic() < until and self.error is None:
            time.sleep(0.01)
        assert self.answered >= goal, "no write was answered for %g s: %r" % (limit_s, self.error)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                offset, length, flushes = next(self._plan)
                self._timed(self._write, offset, length)
                if flushes:
                    self._timed(self._flush)
            self._timed(self._flush)
        except OSError as error:
            self.error = error
        finally:
            os.close(self._file)

    def _timed(self, act, *args) -> None:
        begin = time.monotonic()
        act(*args)
        self.longest_s = max(self.longest_s, time.monotonic() - begin)

    def _write(self, offset: int, length: int) -> None:
        number = self.history.add(offset, length)
        self._memory[:length] = self.history.data(number, offset, length)
        count = os.pwritev(self._file, [memoryview(self._memory)[:length]], offset)
        assert count == length, "a short write"
        self.answered = number

    def _flush(self) -> None:
        covered = self.answered
        os.fsync(self._file)
        self.flushed = covered
        self._on_flush(covered)


def content(path: str, size: int) -> bytes:
    """What the disk holds, read past the page cache."""
    file = os.open(path, os.O_RDONLY | os.O_DIRECT)
    memory, image = mmap.mmap(-1, 120 << 10), bytearray()
    try:
        while len(image) < size:
            view = memoryview(memory)[: min(len(memory), size - len(image))]
            count = os.preadv(file, [view], len(image))
            assert count > 0, "the disk ends at byte %d" % len(image)
            image += view[:count]
    finally:
        os.close(file)
    return bytes(image)
