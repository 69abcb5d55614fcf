import unittest

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.log import superblock
from firmware.log.layout import Descriptor, Point
from firmware.log.scribe import Scribe
from firmware.log.superblock import RING_OFFSET
from tests.unit.fakes_log import Bench
from tests.unit.fakes_storage import drive


class TestAppend(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.journal = self.bench.journal

    def test_a_group_is_durable_after_one_write_and_one_sync(self):
        self.bench.storage.calls = []
        self.bench.group(b"a" * 512)
        self.assertEqual([call[0] for call in self.bench.storage.calls], ["write", "sync"])
        self.assertEqual(self.bench.durable, [1])
        self.assertEqual(self.journal.head.number, 1)

    def test_a_clock_that_shows_no_possible_time_fails_nothing(self):
        for wall_ms, time_ms in ((-5000, 0), (1 << 70, (1 << 64) - 1), (1700000000000, 1700000000000)):
            self.bench.wall_ms, before = wall_ms, self.journal.head
            self.bench.group(b"a" * 512)
            self.assertEqual(self.journal.peek(before).time_ms, time_ms)
            self.assertEqual(self.bench.ring.peek(before).descriptor.time_ms, time_ms)
        self.assertEqual(self.bench.errors, [])

    def test_nothing_is_durable_before_the_sync(self):
        self.bench.write(0, b"a" * 512)
        self.journal.seal()
        self.assertEqual(self.journal.head.number, 0)
        self.assertTrue(self.journal.busy)

    def test_what_queues_meanwhile_goes_in_one_batch(self):
        for i in range(4):
            self.bench.write(0, b"a" * 512)
            self.journal.seal()
        self.bench.storage.calls = []
        self.bench.lane.run()
        self.assertEqual([call[0] for call in self.bench.storage.calls], ["write", "sync"] * 2)
        self.assertEqual(self.bench.durable, [1, 2, 3, 4])
        self.assertEqual(self.bench.ring.peek(Point(2, self.position(2), self.chain(2))).first, 2)

    def position(self, number):
        return number * 4096

    def chain(self, number):
        point = Point(0, 0, 0)
        while point.number < number:
            point = self.journal.after(point, self.journal.peek(point))
        return point.chain

    def test_comes_back_as_it_was_written(self):
        self.bench.group(b"a" * 512, 1024)
        descriptor, body = self.bench.ring.load(Point(0, 0, 0), memoryview(bytearray(4 << 20)))
        self.assertEqual(descriptor.number, 1)
        self.assertEqual(bytes(body[16:]), b"a" * 512)

    def test_wraps_and_reads_back_over_many_laps(self):
        for i in range(40):
            payload = bytes([i]) * (1 << 20)
            before = self.journal.head
            self.bench.group(payload)
            descriptor, body = self.bench.ring.load(before, memoryview(bytearray(4 << 20)))
            self.assertEqual(bytes(body[16:]), payload)
            self.bench.played()
        self.assertTrue(self.journal.head.position > 2 * self.bench.ring.size)

    def test_no_room_until_a_checkpoint_is_durable(self):
        written = 0
        while self.journal.open_group(1 << 20, 0) is not None:
            self.bench.group(b"a" * (1 << 20))
            written += 1
        self.assertTrue(8 <= written <= 14)
        self.assertTrue(self.journal.starved)
        self.journal.played = self.journal.head
        self.journal.save()
        self.assertIsNone(self.journal.open_group(1 << 20, 0))
        self.bench.lane.run()
        self.assertTrue(self.journal.open_group(1 << 20, 0) is not None)

    def test_keeps_what_the_twin_has_not_acknowledged(self):
        bench = Bench(retain=True)
        while bench.journal.open_group(1 << 20, 0) is not None:
            bench.group(b"a" * (1 << 20))
        bench.played()
        self.assertIsNone(bench.journal.open_group(1 << 20, 0))
        bench.journal.acknowledged(bench.journal.find(3, self.chain_of(bench, 3)))
        bench.played()
        self.assertTrue(bench.journal.open_group(1 << 20, 0) is not None)

    def chain_of(self, bench, number):
        point = Point(0, 0, 0)
        while point.number < number:
            point = bench.journal.after(point, bench.journal.peek(point))
        return point.chain

    def test_a_failed_sync_is_final(self):
        self.bench.storage.fail = "sync"
        self.bench.group(b"a" * 512)
        self.bench.storage.fail = ""
        self.assertEqual(len(self.bench.errors), 1)
        self.bench.group(b"b" * 512)
        self.assertEqual(self.bench.durable, [])
        self.assertEqual(self.journal.head.number, 0)


class TestReceive(unittest.TestCase):
    """A twin's journal takes groups as another board sealed them."""

    def setUp(self):
        self.source, self.bench = Bench(), Bench()
        self.points = [Point(0, 0, 0)]
        for i in range(3):
            self.source.group(bytes([65 + i]) * 512)
            self.points.append(self.source.journal.head)

    def send(self, number, spoil=False):
        descriptor, body = self.source.ring.load(self.points[number - 1], memoryview(bytearray(4 << 20)))
        view = self.bench.journal.reserve(descriptor)
        view[:] = body
        if spoil:
            view[20] ^= 1
        self.bench.journal.append_received(descriptor)

    def test_the_log_is_the_same(self):
        for number in (1, 2, 3):
            self.send(number)
        self.bench.lane.run()
        self.assertEqual(self.bench.journal.head, self.source.journal.head)

    def test_a_spoiled_group_is_not_written(self):
        self.send(1)
        self.bench.lane.run()
        before = bytes(self.bench.storage.bytes)
        self.send(2, spoil=True)
        self.bench.lane.run()
        self.assertTrue(isinstance(self.bench.errors[0], Damaged))
        self.assertEqual(bytes(self.bench.storage.bytes), before)
        self.assertEqual(self.bench.journal.received_number, 1)
        self.send(2)
        self.bench.lane.run()
        self.assertEqual(self.bench.journal.head.number, 2)

    def test_a_group_that_cannot_be_played_is_not_written(self):
        body = b"no records at all"
        self.bench.journal.reserve(Descriptor(1, 1, 0, len(body), 1, crc32(body), 0))[:] = body
        self.bench.journal.append_received(Descriptor(1, 1, 0, len(body), 1, crc32(body), 0))
        before = bytes(self.bench.storage.bytes)
        self.bench.lane.run()
        self.assertTrue(isinstance(self.bench.errors[0], Damaged))
        self.assertEqual(bytes(self.bench.storage.bytes), before)

    def test_a_half_received_group_is_forgotten(self):
        descriptor, _ = self.source.ring.load(self.points[0], memoryview(bytearray(4 << 20)))
        self.bench.journal.reserve(descriptor)
        self.bench.journal.forget_received()
        for number in (1, 2, 3):
            self.send(number)
        self.bench.lane.run()
        self.assertEqual(self.bench.journal.head.number, 3)

    def test_no_room_in_a_full_ring(self):
        big = Descriptor(1, 1, 0, 4 << 20, 1, 0, 0)
        self.assertTrue(self.bench.journal.reserve(big) is not None)
        bench = Bench(size=8 << 20)
        for i in range(3):
            bench.group(b"a" * (1 << 20))
        self.assertIsNone(bench.journal.reserve(big))
        self.assertTrue(bench.journal.starved)

    def test_what_a_full_ring_must_give_up_for_the_largest_write(self):
        bench = Bench(size=8 << 20, retain=True)
        journal, size = bench.journal, 1 << 20
        self.assertEqual(journal.must_go, 0)
        while journal.open_group(size, 0) is not None:
            bench.group(b"a" * size)
        ends = [Point(0, 0, 0)]
        while ends[-1].number < journal.head.number:
            ends.append(journal.after(ends[-1], journal.peek(ends[-1])))
        must_go = journal.must_go
        self.assertTrue(0 < must_go <= ends[2].position, must_go)
        for end in ends[1:4]:  # as the twin takes them, one by one
            self.assertEqual(journal.must_go > 0, journal.open_group(size, 0) is None)
            if not journal.must_go:
                break
            self.assertEqual(journal.must_go, must_go)
            journal.acknowledged(end)
            bench.played()
        self.assertTrue(journal.acked.number <= 2)

    def test_an_empty_ring_takes_the_largest_group_wherever_the_last_one_ended(self):
        bench = Bench(size=8 << 20)
        for i in range(3):
            bench.write(i << 20, b"a" * (1 << 20))
        bench.journal.seal()
        bench.lane.run()
        bench.played()
        self.assertEqual(bench.journal.used, 0)
        self.assertTrue(bench.journal.reserve(Descriptor(2, 1, 0, 4 << 20, 1, 0, 0)) is not None)


class TestFind(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(retain=True)
        self.points = [Point(0, 0, 0)]
        for i in range(5):
            self.bench.group(bytes([i]) * 512)
            self.points.append(self.bench.journal.head)

    def test_every_group_still_held(self):
        for point in self.points:
            self.assertEqual(self.bench.journal.find(point.number, point.chain), point)

    def test_not_another_history(self):
        self.assertIsNone(self.bench.journal.find(3, self.points[2].chain))

    def test_not_what_is_acknowledged_and_gone(self):
        self.bench.journal.acknowledged(self.points[3])
        self.assertIsNone(self.bench.journal.find(2, self.points[2].chain))
        self.assertEqual(self.bench.journal.find(3, self.points[3].chain), self.points[3])


class TestSuperblock(unittest.TestCase):
    def test_survives_a_torn_slot(self):
        bench = Bench()
        bench.group(b"a" * 512)
        bench.played()
        newest = superblock.read(bench.storage)
        self.assertEqual(newest.played, bench.journal.head)
        slot = newest.slot()
        bench.storage.bytes[slot : slot + 512] = b"\xff" * 512
        self.assertEqual(superblock.read(bench.storage).sequence, newest.sequence - 1)

    def test_keeps_every_field(self):
        block = superblock.Superblock(7, 1 << 30, b"some label")
        block.sequence, block.retain = 9, False
        block.played, block.acked, block.durable = Point(1, 2, 3), Point(4, 5, 6), Point(7, 8, 9)
        found = superblock.unpack(block.pack())
        self.assertEqual((found.log_id, found.ring_size, found.label), (7, 1 << 30, b"some label"))
        self.assertEqual((found.sequence, found.retain, found.group_limit), (9, False, block.group_limit))
        self.assertEqual((found.played, found.acked, found.durable), (block.played, block.acked, block.durable))

    def test_every_flipped_bit_is_found(self):
        packed = superblock.Superblock(7, 1 << 30, b"label").pack()
        for bit in range(8 * 512):
            packed[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(Damaged):
                superblock.unpack(packed)
            packed[bit // 8] ^= 1 << bit % 8

    def test_impossible_sizes(self):
        for name, value in (("ring_size", 0), ("ring_size", 1 << 20), ("ring_size", (1 << 30) + 512),
                            ("group_limit", 0), ("group_limit", (4 << 20) + 4097), ("label", bytes(257))):  # fmt: skip
            block = superblock.Superblock(7, 1 << 30, b"label")
            setattr(block, name, value)
            with self.assertRaises(Damaged):
                superblock.unpack(block.pack())

    def test_the_ring_begins_behind_both_slots(self):
        self.assertTrue(max(superblock.SLOTS) + 4096 <= RING_OFFSET)


class TestSave(unittest.TestCase):
    def test_done_only_when_durable(self):
        bench, told = Bench(), []
        bench.group(b"a" * 512)
        bench.journal.save(told.append)
        self.assertEqual(told, [])
        bench.lane.run()
        self.assertEqual(told, [None])

    def test_never_writes_both_slots_before_a_sync(self):
        bench, block = Bench(), bytes(4096)
        scribe, storage = Scribe(bench.ring, 1 << 20), bench.storage
        storage.calls = []
        for job in (scribe.hint(0, block), scribe.superblock(65536, block), scribe.superblock(0, block)):
            drive(job)
        self.assertEqual([call[0] for call in storage.calls], ["write", "sync", "write", "sync", "write", "sync"])

    def test_drive_returns_results(self):
        def job():
            yield
            return 5

        self.assertEqual(drive(job()), 5)
