import unittest

from firmware.errors import Damaged
from firmware.log import recovery, superblock
from firmware.log.layout import COPIED, MAX_GROUP, Point
from firmware.log.recovery import NEXT, TORN_BODY, TORN_HEADER, find_end
from tests.unit.fakes_log import Bench
from tests.unit.fakes_storage import drive


class TestDecisionTable(unittest.TestCase):
    """Every row of the table in recovery.py. Five groups; 1 to 3 alone, 4 and 5 in one batch."""

    def setUp(self):
        self.bench = Bench()
        self.points = [Point(0, 0, 0)]
        for i in range(3):
            self.bench.group(bytes([i + 1]) * 5000)
        self.bench.lane.submit(lambda result, error: None, "append", [], 0)  # holds the lane
        self.bench.lane.jobs = []
        self.block = self.bench.journal.superblock
        self.batch_of_two()
        point = self.points[0]
        for i in range(5):
            point = self.bench.journal.after(point, self.bench.journal.peek(point))
            self.points.append(point)

    def batch_of_two(self):
        journal = self.bench.journal
        journal.failed = True  # so that the two wait in the queue together
        for i in (4, 5):
            self.bench.write(0, bytes([i]) * 5000)
            journal.seal()
        journal.failed = False
        journal.pump()
        self.bench.lane.run()

    def spoil(self, number, into):
        offset = self.bench.ring.offset(self.points[number - 1].position)
        self.bench.storage.bytes[offset + into] ^= 0xFF

    def find(self):
        *found, self.copied = drive(find_end(self.bench.ring, self.block, memoryview(bytearray(MAX_GROUP))))
        return tuple(found)

    def test_whole_log(self):
        self.assertEqual(self.find(), (self.points[5], TORN_HEADER))
        self.assertEqual(self.copied, 0)

    def test_flag_behind_the_hint(self):
        for _ in range(2):
            self.bench.write(0, b"x" * 512)
            self.bench.journal.open.flags |= COPIED
            self.bench.journal.on_copied = lambda number: None
            self.bench.journal.seal()
            self.bench.lane.run()
        self.find()
        self.assertEqual(self.copied, 6)

    def test_row_next(self):
        found = recovery._examine(self.bench.ring, self.points[2], memoryview(bytearray(MAX_GROUP)))
        self.assertEqual(found, (NEXT, self.points[3], 0))

    def test_row_torn_body(self):
        self.spoil(5, 1000)
        self.assertEqual(self.find(), (self.points[4], TORN_BODY))

    def test_row_torn_header(self):
        self.spoil(5, 50)
        self.assertEqual(self.find(), (self.points[4], TORN_HEADER))

    def test_first_of_a_batch_torn_though_its_second_is_whole(self):
        for into, row in ((1000, TORN_BODY), (50, TORN_HEADER)):
            self.spoil(4, into)
            self.assertEqual(self.find(), (self.points[3], row))
            self.spoil(4, into)

    def test_row_damaged_body(self):
        for number in (1, 2, 3):
            self.spoil(number, 1000)
            with self.assertRaises(Damaged):
                self.find()
            self.spoil(number, 1000)

    def test_row_damaged_header(self):
        for number in (1, 2, 3):
            self.spoil(number, 50)
            with self.assertRaises(Damaged):
                self.find()
            self.spoil(number, 50)

    def test_the_alarm_says_where(self):
        self.spoil(2, 1000)
        try:
            self.find()
        except Damaged as e:
            self.assertIn("group 2", str(e))
            self.assertIn(str(self.bench.ring.offset(self.points[1].position)), str(e))

    def test_row_unreadable(self):
        self.bench.storage.fail = "read"
        with self.assertRaises(OSError):
            self.find()

    def test_an_older_lap_is_a_normal_end(self):
        for i in range(30):
            self.bench.group(b"z" * (1 << 20))
            self.bench.played()
        self.assertEqual(self.find()[0], self.bench.journal.head)

    def test_a_torn_future_is_no_witness(self):
        """Group 4 of a torn batch is written anew; what is left of group 5 must not count."""
        self.spoil(4, 1000)
        head, _ = self.find()
        self.bench.journal = self.bench._journal(self.block, head)
        self.bench.group(b"n" * 5000)
        self.assertEqual(self.find(), (self.bench.journal.head, TORN_HEADER))
        self.spoil(4, 1000)
        self.assertEqual(self.find(), (self.points[3], TORN_BODY))

    def test_reads_what_was_in_flight_and_not_the_ring(self):
        for i in range(9):
            self.bench.group(b"z" * (1 << 20))
        self.assertTrue(self.block.durable.number > 5)
        self.bench.storage.calls = []
        self.find()
        first = self.bench.storage.calls[0][1]
        self.assertEqual(first, self.bench.ring.offset(self.block.durable.position))


class TestSmallRing(unittest.TestCase):
    """Where one group and its successor take most of the ring, proof lies far behind what is damaged."""

    def setUp(self):
        self.bench = Bench(9 << 20)

    def find(self):
        block = superblock.read(self.bench.storage)
        return drive(find_end(self.bench.ring, block, memoryview(bytearray(MAX_GROUP))))

    def test_damage_in_a_group_of_nearly_half_the_ring(self):
        for size in (1 << 20, 1 << 20, 1 << 20, 2039 * 512):
            self.bench.write(0, b"a" * size)
        self.bench.journal.seal()
        self.bench.lane.run()
        self.bench.group(b"b" * 512)
        self.assertEqual(self.find()[0].number, 2)
        self.bench.storage.bytes[self.bench.ring.offset(0) + 1000] ^= 1
        with self.assertRaises(Damaged):
            self.find()
