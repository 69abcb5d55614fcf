"""A board that restarts holds nothing that a power cut could still take: found with the simulator."""

import random
import unittest

from firmware.config import Settings
from firmware.log.journal import Journal
from firmware.log.layout import WRITE
from firmware.log.scribe import Scribe
from firmware.startup import open_journal
from tests.sim.lane import SimLane
from tests.sim.medium import LOSE, Medium
from tests.sim.storage import Faults, Power, SimStorage

CPYTHON_ONLY = True  # the simulator itself is no part of what runs on a board


class RestartTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(1)
        self.medium = Medium(8 << 20)
        self.memory = bytearray(10 << 20)

    def boot(self):
        storage = SimStorage(self.medium, Power(), self.random)
        settings = Settings()
        settings.name, settings.role = "left", "primary"
        steps = open_journal(storage, settings, 1 << 20, self.random.randbytes, self.memory)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    def write_group(self, remains, steps=None):
        """One group; `steps`: how far its append comes before the process is killed."""
        lane = SimLane(Scribe(remains.ring, 1 << 40))
        journal = Journal(remains.ring, lane, remains.arena, remains.superblock, remains.head, lambda: 0)
        journal.on_durable = journal.on_failed = lambda what: None
        journal.open_group(512, 0).add(WRITE, 0, 512, b"x" * 512)
        journal.seal()
        while lane.can_step and steps != 0:
            lane.step()
            steps = steps - 1 if steps else steps
        while lane.can_finish:
            lane.finish()
        return journal.head.number

    def test_a_group_found_after_a_kill_survives_a_power_cut(self):
        self.write_group(self.boot(), 1)
        self.assertTrue(self.medium.dirty > 0)
        found = self.boot().head
        self.assertEqual(found.number, 1)
        self.medium.cut(self.random, LOSE)
        self.assertEqual(self.boot().head, found)

    def test_a_group_found_after_a_failed_sync_survives_a_power_cut(self):
        for seed in range(20):
            self.random = random.Random(seed)
            self.medium = Medium(8 << 20)
            self.boot()
            self.assertEqual(self.write_group(self.boot()), 1)
            broken = self.boot()
            broken.ring.storage._faults = Faults(self.random, 1, sync_error=1)
            self.assertEqual(self.write_group(broken), 1)
            found = self.boot().head
            self.medium.cut(self.random, LOSE)
            self.assertEqual(self.boot().head, found)
