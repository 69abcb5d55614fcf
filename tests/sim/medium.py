"""What a board's disk or card physically holds, and what a power cut makes of it.

`_now` is what reads see. Un-synced writes are kept as (offset, before, after), so that a power cut
can go back to what was durable and then let any of their sectors survive.
"""

import mmap

SECTOR = 512
CHUNK = 1 << 16  # granularity of what a copy of the medium must copy

LOSE, KEEP, WRITES, SECTORS, PREFIX, ALL_BUT_ONE = range(6)


class Medium:
    """Bytes with a volatile cache in front of them. Sparse: only what was written takes memory."""

    def __init__(self, size: int):
        self.size = size
        self._now = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._view = memoryview(self._now)
        self._unsynced = []
        self._dropped = {}  # sector -> durable bytes, where the cache shows what a failed sync lost
        self._touched = set()

    @property
    def dirty(self) -> int:
        """How many writes are not durable yet."""
        return len(self._unsynced)

    def read(self, offset: int, length: int) -> bytes:
        return self._now[offset : offset + length]

    def read_into(self, offset: int, view) -> None:
        end = offset + len(view)
        if self._touched.isdisjoint(range(offset // CHUNK, (end + CHUNK - 1) // CHUNK)):
            view[:] = bytes(len(view))  # and no memory is spent on the hole
        else:
            view[:] = self._view[offset:end]

    def write(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        assert 0 <= offset and end <= self.size, "a write beyond the end of the medium"
        self._unsynced.append((offset, self._now[offset:end], data))
        self._put(offset, data)

    def sync(self) -> None:
        if self._dropped:
            for offset, before, _ in self._unsynced:
                for sector in range(offset // SECTOR, (offset + len(before) - 1) // SECTOR + 1):
                    self._dropped.pop(sector, None)
        self._unsynced = []

    def fail_sync(self, random) -> None:
        """As Linux does: some writes reached the medium, the rest is lost though the cache still shows it."""
        sectors = self._unsynced_sectors()
        cached = {sector: self._sector(sector) for sector in sectors}
        cached.update((sector, self._sector(sector)) for sector in self._dropped)
        self.cut(random)
        if random.random() < 0.3:
            return  # the cache was evicted at once: reads see the old data
        for sector, data in cached.items():
            durable = self._sector(sector)
            if durable != data:
                self._dropped[sector] = durable
                self._put(sector * SECTOR, data)

    def cut(self, random, mode: int = -1) -> int:
        """Power is lost: every un-synced write is lost, kept or torn. Returns how many writes were torn."""
        if mode < 0:
            mode = random.choice((LOSE, KEEP, WRITES, SECTORS, SECTORS, SECTORS, PREFIX, ALL_BUT_ONE))
        writes, self._unsynced = self._unsynced, []
        for offset, before, _ in reversed(writes):
            self._put(offset, before)
        for sector, data in self._dropped.items():
            self._put(sector * SECTOR, data)
        self._dropped = {}
        torn, special, odds = 0, random.randrange(len(writes) + 1), random.choice((0.1, 0.5, 0.9))
        for index, (offset, _, data) in enumerate(writes):
            fate = _fate(mode, index, special, random, odds)
            if fate == KEEP:
                self._put(offset, data)
            elif fate != LOSE:
                torn += 1
                self._tear(offset, data, fate, random, odds)
        return torn

    def flip(self, bit: int) -> None:
        """One bit at rest goes wrong."""
        self._now[bit >> 3] ^= 1 << (bit & 7)

    def clone(self) -> "Medium":
        """A copy that lives its own life, un-synced writes included."""
        other = Medium(self.size)
        for chunk in self._touched:
            at = chunk * CHUNK
            other._now[at : at + CHUNK] = self._now[at : at + CHUNK]
        other._touched = set(self._touched)
        other._unsynced = list(self._unsynced)
        other._dropped = dict(self._dropped)
        return other

    def touched(self) -> list:
        """(offset, length) of chunks that were ever written, in order."""
        return [(c * CHUNK, min(CHUNK, self.size - c * CHUNK)) for c in sorted(self._touched)]

    def _put(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        self._now[offset:end] = data
        self._touched.update(range(offset // CHUNK, (end + CHUNK - 1) // CHUNK))

    def _sector(self, sector: int) -> bytes:
        return self._now[sector * SECTOR : (sector + 1) * SECTOR]

    def _unsynced_sectors(self) -> set:
        sectors = set()
        for offset, before, _ in self._unsynced:
            sectors.update(range(offset // SECTOR, (offset + len(before) - 1) // SECTOR + 1))
        return sectors

    def _tear(self, offset: int, data: bytes, fate: int, random, odds: float) -> None:
        end = offset + len(data)
        first, last = offset // SECTOR, (end - 1) // SECTOR
        stop = random.randint(first, last)
        for sector in range(first, last + 1):
            if sector >= stop if fate == PREFIX else random.random() >= odds:
                continue
            a, b = max(offset, sector * SECTOR), min(end, (sector + 1) * SECTOR)
            self._put(a, data[a - offset : b - offset])


def _fate(mode: int, index: int, special: int, random, odds: float) -> int:
    """What becomes of one un-synced write: LOSE, KEEP, or torn as a PREFIX or by SECTORS."""
    if mode == WRITES:
        return KEEP if random.random() < odds else LOSE
    if mode == PREFIX:
        return KEEP if index < special else PREFIX if index == special else LOSE
    if mode == ALL_BUT_ONE:
        return random.choice((LOSE, PREFIX, SECTORS)) if index == special else KEEP
    return mode
