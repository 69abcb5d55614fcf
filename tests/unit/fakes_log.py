"""A journal on memory storage, as the unit tests of log and disk use it."""

from firmware.log import superblock
from firmware.log.arena import Arena
from firmware.log.journal import Journal
from firmware.log.layout import Point
from firmware.log.ring import Ring
from firmware.log.scribe import Scribe
from tests.unit.fakes_storage import ManualLane, MemoryStorage

DISK_SIZE = 1 << 40
JOURNAL_SIZE = 16 << 20
ARENA_SIZE = 10 << 20


class Bench:
    """A journal with its storage, lane and what it reported."""

    def __init__(self, size: int = JOURNAL_SIZE, retain: bool = False):
        self.storage = MemoryStorage(size)
        block = superblock.Superblock(42, superblock.ring_size(size), b"label")
        block.retain = retain
        self.storage.write(block.slot(), memoryview(block.pack()))
        self.storage.sync()
        self.ring = Ring(self.storage, block)
        self.lane = ManualLane(Scribe(self.ring, DISK_SIZE))
        self.arena = Arena(bytearray(ARENA_SIZE))
        self.wall_ms = 1700000000000
        self.durable = []
        self.errors = []
        self.journal = self._journal(block, Point(0, 0, 0))

    def _journal(self, block, head):
        journal = Journal(self.ring, self.lane, self.arena, block, head, lambda: self.wall_ms)
        journal.on_durable = self._on_durable
        journal.on_failed = self.errors.append
        return journal

    def _on_durable(self, groups):
        self.durable += [group.number for group in groups]
        for group in groups:
            group.wanted = False

    def write(self, start: int, payload: bytes) -> None:
        """One host write into the open group."""
        group = self.journal.open_group(len(payload), 0)
        group.add(1, start, len(payload), payload)

    def group(self, payload: bytes, start: int = 0) -> None:
        """A group of one write, made durable."""
        self.write(start, payload)
        self.journal.seal()
        self.lane.run()

    def played(self) -> None:
        """As if all were on the disk: the superblock says so and the ring is free."""
        self.journal.played = self.journal.head
        self.journal.save()
        self.lane.run()
