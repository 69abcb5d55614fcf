import unittest

from firmware.disk.player import Player
from firmware.disk.volume import Reader, Volume
from firmware.errors import Damaged, VolumeError
from firmware.log.layout import Point
from tests.unit.fakes_log import Bench
from tests.unit.fakes_storage import ManualLane, MemoryStorage, drive

DISK = 1 << 20


class Rig:
    """A volume on a journal bench; durable groups are played when the test says so."""

    def __init__(self):
        self.bench = Bench()
        self.bench.journal.on_durable = lambda groups: None
        self.disk = MemoryStorage(DISK)
        self.reads = ManualLane(Reader(self.disk))
        self.now = 0
        self.volume = Volume(self.disk, self.reads, self.bench.journal, lambda: self.now)
        self.volume.refusal = ""
        self.volume.confirmed = lambda: self.bench.journal.head.number
        self.volume.wanted = self.bench.journal.seal
        self.player = Player(self.disk, self.bench.ring, self.bench.arena)
        self.on_disk = Point(0, 0, 0)

    def play(self):
        at = self.on_disk
        last = self.bench.journal.head.number
        self.on_disk = Point(*drive(self.player.play(at.number, at.position, at.chain, last))[:3])
        self.volume.played(self.on_disk.number)

    def read(self, offset, length):
        view = memoryview(bytearray(length))
        self.errors = []
        if not self.volume.read(offset, view, self.errors.append):
            self.reads.run()
        return bytes(view)

    def commit(self):
        self.bench.journal.seal()
        self.bench.lane.run()


class TestReads(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.volume = self.rig.volume

    def test_see_what_was_written_in_every_state_of_a_group(self):
        self.volume.write(512, b"a" * 1024)
        for step in (lambda: None, self.rig.bench.journal.seal, self.rig.bench.lane.run, self.rig.play):
            step()
            self.assertEqual(self.rig.read(0, 2048), bytes(512) + b"a" * 1024 + bytes(512))

    def test_nothing_is_in_place_before_it_is_durable_and_played(self):
        self.volume.write(0, b"a" * 512)
        self.rig.commit()
        self.assertEqual(bytes(self.rig.disk.bytes[:512]), bytes(512))
        self.rig.play()
        self.assertEqual(bytes(self.rig.disk.bytes[:512]), b"a" * 512)

    def test_the_newest_write_wins_within_and_across_groups(self):
        self.volume.write(0, b"a" * 4096)
        self.rig.commit()
        self.volume.write(512, b"b" * 1024)
        self.volume.write(1024, b"c" * 512)
        self.assertEqual(self.rig.read(0, 2048), b"a" * 512 + b"b" * 512 + b"c" * 512 + b"a" * 512)

    def test_zero_and_trim_read_as_zeroes(self):
        self.rig.disk.bytes[:] = b"x" * DISK
        self.volume.zero(512, 512, False)
        self.volume.zero(2048, 512, True)
        expected = b"x" * 512 + bytes(512) + b"x" * 1024 + bytes(512)
        self.assertEqual(self.rig.read(0, 2560), expected)
        self.rig.commit()
        self.rig.play()
        self.assertEqual(bytes(self.rig.disk.bytes[:2560]), expected)
        self.assertIn(("trim", 2048, 512), self.rig.disk.calls)

    def test_a_trim_that_is_not_cheap_changes_nothing(self):
        self.rig.disk.bytes[:] = b"x" * DISK
        self.volume.trims = False
        self.volume.zero(0, 512, True)
        self.assertEqual(self.rig.read(0, 512), b"x" * 512)

    def test_wide_ranges(self):
        big = Rig()
        big.disk = MemoryStorage(8 << 20)
        self.volume.size = 8 << 20
        self.volume._disk = big.disk
        big.disk.bytes[:] = b"x" * (8 << 20)
        self.volume.zero(0, 8 << 20, False)
        self.volume.write(4096, b"y" * 512)
        self.assertEqual(self.rig.read(3584, 1536), bytes(512) + b"y" * 512 + bytes(512))

    def test_a_read_under_way_keeps_the_memory_it_needs(self):
        """The disk is read before a group is played, the answer comes after: the group must count."""
        self.volume.write(0, b"a" * 512)
        self.rig.commit()
        self.rig.disk.slow = True
        view, done = memoryview(bytearray(512)), []
        self.assertFalse(self.volume.read(0, view, done.append))
        stale = bytes(self.rig.disk.bytes[:512])
        self.rig.play()
        self.rig.disk.bytes[:512] = stale
        for i in range(60):  # would go into the same memory if it were free
            self.volume.write(4096, b"z" * 512)
            self.rig.commit()
            self.rig.play()
        self.rig.reads.run()
        self.assertEqual(done, [None])
        self.assertEqual(bytes(view), b"a" * 512)

    def test_a_disk_that_cannot_be_read(self):
        self.rig.disk.fail = "read"
        with self.assertRaises(VolumeError):
            self.rig.read(0, 512)
        self.rig.disk.slow = True
        self.rig.read(0, 512)
        self.assertEqual(self.rig.errors[0].reason, VolumeError.FAILED)


class TestFlush(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.volume = self.rig.volume
        self.done = []

    def test_at_once_when_nothing_is_pending(self):
        self.volume.flush(self.done.append)
        self.assertEqual(self.done, [None])

    def test_waits_for_the_sync(self):
        self.volume.write(0, b"a" * 512)
        self.volume.flush(self.done.append)
        self.assertEqual(self.done, [])
        self.rig.bench.lane.run()
        self.volume.settle()
        self.assertEqual(self.done, [None])

    def test_covers_groups_that_were_sealed_before(self):
        self.volume.write(0, b"a" * 512)
        self.rig.bench.journal.seal()
        self.volume.flush(self.done.append)
        self.assertEqual(self.done, [])

    def test_gives_up_before_the_host_does(self):
        self.volume.write(0, b"a" * 512)
        self.volume.flush(self.done.append)
        self.assertEqual(self.volume.due(), 20000)
        self.volume.poll(19999)
        self.assertEqual(self.done, [])
        self.volume.poll(20000)
        self.assertEqual(self.done[0].reason, VolumeError.UNCONFIRMED)

    def test_fails_when_storage_failed(self):
        self.volume.write(0, b"a" * 512)
        self.volume.flush(self.done.append)
        self.volume.fail()
        self.volume.flush(self.done.append)
        self.assertEqual([e.reason for e in self.done], [VolumeError.FAILED] * 2)
        with self.assertRaises(VolumeError):
            self.volume.write(0, b"a" * 512)


class TestRoom(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.volume = self.rig.volume
        while self.volume.write(0, b"a" * (512 << 10)):
            pass
        self.told = []

    def test_those_who_wait_try_again_in_order_when_memory_is_free(self):
        self.volume.wait_for_room(lambda error: self.told.append((1, error)))
        self.volume.wait_for_room(lambda error: self.told.append((2, error)))
        self.rig.commit()
        self.assertEqual(self.told, [])
        self.rig.play()
        self.assertEqual(self.told, [(1, None), (2, None)])
        self.assertTrue(self.volume.write(0, b"a" * (512 << 10)))

    def test_who_finds_no_room_keeps_its_place_and_time(self):
        def retry(error):
            self.told.append(error)
            if error is None:
                self.volume.wait_for_room(retry)

        self.volume.wait_for_room(retry)
        self.volume.wait_for_room(lambda error: self.told.append("second"))
        self.rig.now = 5000
        self.volume.room()
        self.assertEqual(self.told, [None])
        self.assertEqual(self.volume.due(), 20000)
        self.volume.poll(20000)
        self.assertEqual(self.told[1].reason, VolumeError.FULL)

    def test_who_wrote_something_waits_anew_behind_the_others(self):
        def write_more(error):
            self.told.append(error)
            while self.volume.write(0, b"a" * (512 << 10)):
                pass
            self.volume.wait_for_room(write_more)

        self.volume.wait_for_room(write_more)
        self.volume.wait_for_room(lambda error: self.told.append("second"))
        self.rig.now = 15000
        self.rig.commit()
        self.rig.play()
        self.assertEqual(self.told, [None])
        self.rig.now = 20000
        self.volume.poll(20000)
        self.assertEqual(self.told, [None, "second"])
        self.assertEqual(self.volume.due(), 35000)

    def test_who_queued_behind_one_that_waited_in_vain_does_not_wait_as_long_again(self):
        self.give_up()
        self.rig.now = 21000
        self.volume.wait_for_room(lambda error: self.told.append(error.reason))
        self.assertEqual(self.told, [VolumeError.FULL] * 2)
        self.rig.now = 23000  # long after that it is a new one
        self.volume.wait_for_room(self.told.append)
        self.assertEqual(self.volume.due(), 43000)

    def test_a_board_that_stood_still_looks_before_it_gives_up(self):
        self.volume.wait_for_room(self.told.append)
        self.volume.flush(self.told.append)
        self.volume.poll(60000)
        self.assertEqual((self.told, self.volume.due()), ([], 61000))
        self.rig.commit()
        self.volume.settle()
        self.rig.play()
        self.assertEqual(self.told, [None, None])

    def test_a_board_that_stood_still_gives_up_all_the_same(self):
        self.volume.wait_for_room(lambda error: self.told.append(error.reason))
        self.volume.poll(60000)
        self.volume.poll(61000)
        self.assertEqual(self.told, [VolumeError.FULL])

    def test_after_there_was_room_again_everybody_waits(self):
        self.give_up()
        self.rig.commit()
        self.rig.play()
        self.assertTrue(self.volume.write(0, b"a" * 512))
        self.volume.wait_for_room(lambda error: self.told.append(error.reason))
        self.assertEqual(self.told, [VolumeError.FULL] * 2)  # a last corner is no room
        self.rig.commit()
        self.rig.play()
        while self.volume.write(0, b"a" * (512 << 10)):
            pass
        self.volume.wait_for_room(self.told.append)
        self.assertEqual(self.volume.due(), 40000)

    def give_up(self):
        self.volume.wait_for_room(lambda error: self.told.append(error.reason))
        self.rig.now = 20000
        self.volume.poll(20000)
        self.assertEqual(self.told, [VolumeError.FULL])


class TestRefusals(unittest.TestCase):
    def setUp(self):
        self.volume = Rig().volume

    def reason(self, call, *args):
        try:
            call(*args)
        except VolumeError as e:
            return e.reason

    def test_ranges(self):
        volume, sector = self.volume, memoryview(bytearray(512))
        self.assertEqual(self.reason(volume.write, DISK, sector), VolumeError.BEYOND_END)
        self.assertEqual(self.reason(volume.write, DISK - 256, sector), VolumeError.UNALIGNED)
        self.assertEqual(self.reason(volume.write, 0, sector[:100]), VolumeError.UNALIGNED)
        self.assertEqual(self.reason(volume.write, -512, sector), VolumeError.BEYOND_END)
        self.assertEqual(self.reason(volume.read, DISK, sector, None), VolumeError.BEYOND_END)
        self.assertEqual(self.reason(volume.zero, 0, DISK + 512, True), VolumeError.BEYOND_END)

    def test_a_twin_takes_no_writes(self):
        self.volume.refusal = "this board is a twin"
        self.assertEqual(self.reason(self.volume.write, 0, bytes(512)), VolumeError.READ_ONLY)
        self.assertEqual(self.reason(self.volume.zero, 0, 512, False), VolumeError.READ_ONLY)


class TestPlayer(unittest.TestCase):
    def test_plays_nothing_of_a_damaged_group(self):
        rig = Rig()
        rig.volume.write(0, b"a" * 512)
        rig.commit()
        rig.bench.storage.bytes[rig.bench.ring.offset(0) + 128 + 20] ^= 1
        with self.assertRaises(Damaged):
            rig.play()
        self.assertEqual(bytes(rig.disk.bytes[:512]), bytes(512))

    def test_stops_where_it_is_told(self):
        rig = Rig()
        for i in range(3):
            rig.volume.write(0, bytes([i]) * 512)
            rig.commit()
        point = drive(rig.player.play(0, 0, 0, 2))
        self.assertEqual(point[0], 2)
        self.assertEqual(bytes(rig.disk.bytes[:1]), b"\x01")
