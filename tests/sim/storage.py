"""The Storage that a simulated board sees: a Medium behind a power supply that can fail, with faults on top.

One SimStorage belongs to one life of a board. When power goes, its Medium lives on and the next life
opens it anew; whatever still holds the old SimStorage gets PowerCut for every call.
"""

import errno

SECTOR = 512


class PowerCut(BaseException):
    """Power was lost inside this storage call; `power` says whose.

    Not an Exception: no handler of the board may survive it.
    """

    def __init__(self, power):
        super().__init__()
        self.power = power


class Power:
    """The supply of one board in one life: all its storages die together, at one storage call.

    `fuse` counts storage calls up to the one that never returns; None burns never. `aim`: a kind of call
    ("journal sync", "disk write", ...) of which the next one is cut instead.
    """

    def __init__(self, fuse=None, owner=None):
        self.fuse = fuse
        self.owner = owner
        self.aim = None
        self.only_kills = False  # the fuse ends the process, the caches stay
        self.on = True
        self.calls = 0

    def store(self) -> None:
        """A store to memory that others keep passes here, once it has its effect."""
        if not self.on or self.aim == "memory store":
            self.on = False
            raise PowerCut(self)

    def call(self, kind: str) -> None:
        """Every storage call passes here, once its effect is in the un-synced writes."""
        if not self.on:
            raise PowerCut(self)
        ends = self.ends_with(kind)
        self.calls += 1
        if ends:
            self.on = False
            raise PowerCut(self)

    def ends_with(self, kind: str) -> bool:
        """Whether the next call, of that kind, is the last one."""
        return kind == self.aim or (self.fuse is not None and self.calls + 1 >= self.fuse)


class Faults:
    """Which faults a storage has, as probabilities per call, and how many of them in all."""

    KINDS = ("read_error", "write_error", "sync_error", "read_flip", "short_write", "misdirected_write")

    def __init__(self, random, budget: int = 0, **odds):
        for kind in odds:
            assert kind in self.KINDS, kind
        self._random, self.budget, self._odds = random, budget, odds
        self.count = None  # set by the world: counts what really happened

    def strikes(self, kind: str) -> bool:
        odds = self._odds.get(kind, 0)
        if not odds or self.budget <= 0 or self._random.random() >= odds:
            return False
        self.budget -= 1
        if self.count:
            self.count(kind)
        return True


NO_FAULTS = Faults(None)


class SimStorage:
    """The Storage interface over a Medium, for one life of one board."""

    def __init__(self, medium, power, random, faults=NO_FAULTS, trims=True, maps=False, misses=0.0, name=""):
        self.medium, self.power = medium, power
        self._reading, self._writing, self._syncing = name + " read", name + " write", name + " sync"
        self.size, self.trims = medium.size, trims
        self._random, self._faults = random, faults
        self._maps, self._misses = maps, misses
        self.syncs = 0

    def read_into(self, offset: int, view) -> None:
        assert 0 <= offset and offset + len(view) <= self.size, "a read beyond the end of a storage"
        self.power.call(self._reading)
        if self._faults.strikes("read_error"):
            _scribble(view)
            raise OSError(errno.EIO, "simulated read error")
        self.medium.read_into(offset, view)
        if len(view) and self._faults.strikes("read_flip"):
            bit = self._random.randrange(len(view) * 8)
            view[bit >> 3] ^= 1 << (bit & 7)

    def try_read_into(self, offset: int, view) -> bool:
        if self._misses and self._random.random() < self._misses:
            _scribble(view)
            return False
        self.read_into(offset, view)
        return True

    def write(self, offset: int, view) -> None:
        self._write(offset, bytes(view))

    def zero(self, offset: int, length: int) -> None:
        self._write(offset, bytes(length))

    def trim(self, offset: int, length: int) -> None:
        self._write(offset, bytes(length))

    def sync(self) -> None:
        self.power.call(self._syncing)
        self.syncs += 1
        if self._faults.strikes("sync_error"):
            self.medium.fail_sync(self._random)
            raise OSError(errno.EIO, "simulated sync error")
        self.medium.sync()

    def allocated(self, offset: int, length: int):
        """Chunks that were ever written; None on media that do not know."""
        self.power.call(self._reading)
        if not self._maps:
            return None
        at, end, ranges = offset, offset + length, []
        for start, size in self.medium.touched():
            a, b = max(at, start), min(end, start + size)
            if a >= b:
                continue
            if a > at:
                ranges.append((at, a - at, False))
            ranges.append((a, b - a, True))
            at = b
        if at < end:
            ranges.append((at, end - at, False))
        return ranges

    def close(self) -> None:
        pass

    def _write(self, offset: int, data: bytes) -> None:
        if not self.power.on:
            raise PowerCut(self.power)
        if not data:
            return
        if self._faults.strikes("write_error"):
            self._write_some(offset, data)
            raise OSError(self._random.choice((errno.EIO, errno.ENOSPC)), "simulated write error")
        if len(data) > SECTOR and self._faults.strikes("short_write"):
            self._write_some(offset, data)
        elif self._faults.strikes("misdirected_write"):
            at = self._random.randrange(0, self.size - len(data) + 1, SECTOR)
            self.medium.write(at, data)
        elif self.power.only_kills and self.power.ends_with(self._writing) and self._random.random() < 0.5:
            self._write_some(offset, data)  # a process may die in the middle of a write
        else:
            self.medium.write(offset, data)
        self.power.call(self._writing)

    def _write_some(self, offset: int, data: bytes) -> None:
        length = self._random.randrange(0, len(data), SECTOR) if len(data) > SECTOR else 0
        if length:
            self.medium.write(offset, data[:length])


def _scribble(view) -> None:
    """Nothing is promised about a view whose read failed, so leave rubbish in it."""
    view[:] = b"\xa5" * len(view)
