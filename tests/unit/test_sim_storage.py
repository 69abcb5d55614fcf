"""The simulator's own storage: what survives a power cut, and which faults it has."""

import random
import unittest

from tests.sim.medium import ALL_BUT_ONE, KEEP, LOSE, PREFIX, SECTORS, Medium
from tests.sim.storage import Faults, Power, PowerCut, SimStorage

CPYTHON_ONLY = True  # the simulator itself is no part of what runs on a board

SECTOR = 512


def filled(byte: int, sectors: int = 1) -> bytes:
    return bytes([byte]) * (SECTOR * sectors)


class MediumTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(1)
        self.medium = Medium(1 << 20)

    def test_synced_writes_survive(self):
        self.medium.write(SECTOR, filled(1, 4))
        self.medium.sync()
        self.medium.write(SECTOR, filled(2, 4))
        self.medium.cut(self.random, LOSE)
        self.assertEqual(self.medium.read(SECTOR, 4 * SECTOR), filled(1, 4))

    def test_unsynced_writes_may_all_survive(self):
        self.medium.write(0, filled(1))
        self.medium.cut(self.random, KEEP)
        self.assertEqual(self.medium.read(0, SECTOR), filled(1))

    def test_what_a_cut_left_is_durable(self):
        self.medium.write(0, filled(1))
        self.medium.cut(self.random, KEEP)
        self.medium.cut(self.random, LOSE)
        self.assertEqual(self.medium.read(0, SECTOR), filled(1))

    def test_tears_leave_whole_sectors_of_any_version(self):
        seen = set()
        for _ in range(200):
            medium = Medium(1 << 16)
            medium.write(0, filled(1, 4))
            medium.write(0, filled(2, 4))
            medium.cut(self.random, SECTORS)
            data = medium.read(0, 4 * SECTOR)
            for at in range(0, len(data), SECTOR):
                sector = data[at : at + SECTOR]
                self.assertEqual(len(set(sector)), 1)
                seen.add(sector[0])
        self.assertEqual(seen, {0, 1, 2})

    def test_a_newer_write_may_survive_an_older_one(self):
        outcomes = set()
        for _ in range(100):
            medium = Medium(1 << 16)
            medium.write(0, filled(1))
            medium.write(SECTOR, filled(2))
            medium.cut(self.random, ALL_BUT_ONE)
            outcomes.add((medium.read(0, 1)[0], medium.read(SECTOR, 1)[0]))
        self.assertTrue((0, 2) in outcomes and (1, 0) in outcomes)

    def test_a_prefix_tear_keeps_the_front(self):
        for _ in range(50):
            medium = Medium(1 << 16)
            medium.write(0, filled(1, 8))
            medium.cut(self.random, PREFIX)
            data = medium.read(0, 8 * SECTOR)
            self.assertEqual(data, data.rstrip(b"\0") + bytes(len(data) - len(data.rstrip(b"\0"))))

    def test_a_failed_sync_loses_what_the_cache_still_shows(self):
        lost = False
        for _ in range(50):
            medium = Medium(1 << 16)
            medium.write(0, filled(1))
            medium.fail_sync(self.random)
            shown = medium.read(0, SECTOR)
            medium.sync()  # Linux: succeeds, and writes nothing
            medium.cut(self.random, KEEP)
            lost = lost or (shown == filled(1) and medium.read(0, SECTOR) == filled(0))
        self.assertTrue(lost)

    def test_writing_again_after_a_failed_sync_helps(self):
        for _ in range(50):
            medium = Medium(1 << 16)
            medium.write(0, filled(1))
            medium.fail_sync(self.random)
            medium.write(0, filled(1))
            medium.sync()
            medium.cut(self.random, LOSE)
            self.assertEqual(medium.read(0, SECTOR), filled(1))

    def test_a_clone_lives_its_own_life(self):
        self.medium.write(70000 // SECTOR * SECTOR, filled(1))
        clone = self.medium.clone()
        clone.write(0, filled(2))
        clone.cut(self.random, LOSE)
        self.assertEqual(clone.read(69632, SECTOR), filled(0))
        self.assertEqual(self.medium.read(69632, SECTOR), filled(1))
        self.assertEqual(self.medium.dirty, 1)


class StorageTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(1)
        self.medium = Medium(1 << 20)

    def storage(self, fuse=None, **odds):
        return SimStorage(self.medium, Power(fuse), self.random, Faults(self.random, 1, **odds))

    def test_power_fails_at_the_call_and_stays_off(self):
        storage = self.storage(fuse=2)
        storage.write(0, filled(1))
        with self.assertRaises(PowerCut):
            storage.write(SECTOR, filled(2))
        self.assertEqual(self.medium.dirty, 2)  # the second was under way
        with self.assertRaises(PowerCut):
            storage.write(0, filled(3))
        with self.assertRaises(PowerCut):
            storage.sync()
        self.assertEqual(self.medium.dirty, 2)

    def test_a_cut_sync_makes_nothing_durable_for_sure(self):
        storage = self.storage(fuse=2)
        storage.write(0, filled(1))
        with self.assertRaises(PowerCut):
            storage.sync()
        self.assertEqual(self.medium.dirty, 1)

    def test_errors_are_os_errors_and_end_with_the_budget(self):
        storage = self.storage(read_error=1)
        view = memoryview(bytearray(SECTOR))
        with self.assertRaises(OSError):
            storage.read_into(0, view)
        storage.read_into(0, view)
        self.assertEqual(bytes(view), filled(0))

    def test_a_lie_goes_unnoticed(self):
        storage = self.storage(short_write=1)
        storage.write(0, filled(1, 8))
        self.assertTrue(self.medium.read(0, 8 * SECTOR) != filled(1, 8))

    def test_a_flip_on_read_leaves_the_medium(self):
        storage = self.storage(read_flip=1)
        view = memoryview(bytearray(SECTOR))
        storage.read_into(0, view)
        self.assertTrue(any(view))
        storage.read_into(0, view)
        self.assertFalse(any(view))

    def test_allocated_covers_the_range(self):
        storage = SimStorage(self.medium, Power(), self.random, maps=True)
        storage.write(1 << 16, filled(1))
        ranges = storage.allocated(SECTOR, 3 << 16)
        self.assertEqual(ranges, [(512, 65024, False), (65536, 65536, True), (131072, 66048, False)])
