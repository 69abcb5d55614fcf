"""The first copy: what it puts into the log makes a twin of any content equal, whatever happens meanwhile."""

import unittest

from firmware.disk.player import Player
from firmware.disk.volume import Reader, Volume
from firmware.log.layout import COPIED, COPY, HOLE, MAX_BODY, Point, records
from firmware.pair.copier import PIECE, RETRY_MS, Copier
from firmware.pair.identity import PRIMARY, Identity
from tests.unit.fakes_log import Bench
from tests.unit.fakes_storage import ManualLane, MemoryStorage, drive

MIB = 1 << 20


class MappedStorage(MemoryStorage):
    """A sparse file: what is zero in whole pages is a hole."""

    page = 4096
    hole = bytes(4096)

    def allocated(self, offset, length):
        found, end = [], offset + length
        while offset < end:
            stop = min(end, (offset // self.page + 1) * self.page)
            is_data = self.bytes[offset:stop] != self.hole[: stop - offset]
            if found and found[-1][2] == is_data:
                found[-1] = (found[-1][0], found[-1][1] + stop - offset, is_data)
            else:
                found.append((offset, stop - offset, is_data))
            offset = stop
        return found


class Device(MemoryStorage):
    """A block device, which knows no holes."""

    def allocated(self, offset, length):
        return None


class Rig:
    """A primary: journal, volume, copier, and whether there is a link."""

    def __init__(self, disk, copied=0, journal_size=16 * MIB):
        self.disk = disk
        self.bench = Bench(journal_size, True)
        self.journal = self.bench.journal
        self.journal.on_copied = self.on_copied
        self.journal.on_durable = self.on_durable
        self.reads = ManualLane(Reader(disk))
        self.now = 1000
        self.volume = Volume(disk, self.reads, self.journal, lambda: self.now)
        self.volume.refusal = ""
        self.volume.confirmed = lambda: self.journal.head.number
        self.volume.wanted = self.journal.seal
        self.identity = Identity(bytes(16), bytes(16), "left", PRIMARY, disk.size, copied=copied)
        self.linked = True
        self.copier = Copier(self.identity, self.journal, self.volume, lambda: self.now, lambda: self.linked)
        self.copied_by = []

    def on_copied(self, number):
        self.identity.copy_ended(number)
        self.copied_by.append(number)

    def on_durable(self, groups):
        self.volume.settle()
        self.copier.advance()

    def twin_has_all(self):
        self.journal.acknowledged(self.journal.head)

    def play(self):
        """The primary's own player."""
        point = self.journal.superblock.played
        player = Player(self.disk, self.bench.ring, self.bench.arena)
        *at, _ = drive(player.play(point.number, point.position, point.chain, self.journal.head.number, True))
        self.journal.played = Point(*at)
        self.volume.played(at[0])
        self.journal.save()
        self.bench.lane.run()

    def run(self):
        """Everything goes on until the copy is at its end or stands still."""
        self.copier.advance()
        for _ in range(2000):
            if self.copier.ended:
                return
            before = self.identity.copied
            self.bench.lane.run()
            self.reads.run()
            self.play()
            self.twin_has_all()
            self.copier.advance()
            if self.identity.copied == before and not (self.bench.lane.jobs or self.reads.jobs):
                self.journal.seal()

    def log(self):
        """[(flags, [(kind, start, length)])] of every group in the ring."""
        point, found = Point(0, 0, 0), []
        buffer = memoryview(bytearray(MAX_BODY))
        while point.number < self.journal.head.number:
            descriptor, body = self.bench.ring.load(point, buffer)
            found.append((descriptor.flags, [item[:3] for item in records(body, self.disk.size)]))
            point = self.bench.ring.after(point, descriptor)
        return found

    def twin(self):
        """What a twin with other content would hold after it has played the log."""
        disk = MemoryStorage(self.disk.size)
        disk.bytes[:] = b"g" * disk.size
        drive(Player(disk, self.bench.ring, self.bench.arena).play(0, 0, 0, self.journal.head.number))
        return disk.bytes


def filled(disk, pieces):
    for offset, data in pieces:
        disk.bytes[offset : offset + len(data)] = data
    return disk


class Copies(unittest.TestCase):
    def test_an_empty_file_is_one_record(self):
        rig = Rig(MappedStorage(40 * MIB))
        rig.run()
        self.assertEqual(rig.log(), [(COPIED, [(HOLE, 0, 40 * MIB)])])
        self.assertEqual((rig.identity.copied, rig.identity.whole), (40 * MIB, 1))

    def test_holes_and_data(self):
        rig = Rig(filled(MappedStorage(9 * MIB), [(MIB, b"a" * 70000), (5 * MIB, b"b" * 3 * MIB)]))
        rig.run()
        self.assertEqual(rig.twin(), rig.disk.bytes)
        kinds = [record for _, group in rig.log() for record in group]
        self.assertEqual(kinds[0], (HOLE, 0, MIB))
        self.assertEqual(kinds[1], (COPY, MIB, 18 * 4096))
        self.assertEqual([flags for flags, _ in rig.log()][-1], COPIED)
        self.assertEqual(sum(flags for flags, _ in rig.log()), COPIED)

    def test_small_holes_are_data(self):
        rig = Rig(filled(MappedStorage(MIB), [(at, b"x" * 4096) for at in range(0, MIB, 8192)]))
        rig.run()
        self.assertEqual(rig.log(), [(COPIED, [(COPY, 0, MIB)])])

    def test_a_device_is_read_and_zeroes_become_runs(self):
        rig = Rig(filled(Device(12 * MIB), [(6 * MIB, b"a" * 512)]))
        rig.run()
        self.assertEqual(rig.twin(), rig.disk.bytes)
        kinds = [record for _, group in rig.log() for record in group]
        self.assertTrue(len(kinds) < 8)
        self.assertEqual([record for record in kinds if record[0] == COPY], [(COPY, 6 * MIB, PIECE)])

    def test_odd_sizes(self):
        for size in (512, 4096 + 512, MIB + 1536):
            for kind in (MappedStorage, Device):
                rig = Rig(filled(kind(size), [(size - 512, b"e" * 512), (0, b"s")]))
                rig.run()
                self.assertEqual(rig.twin(), rig.disk.bytes)
                self.assertTrue(rig.copier.ended)

    def test_the_primary_does_not_write_its_own_copy(self):
        rig = Rig(filled(Device(2 * MIB), [(0, b"a" * MIB)]))
        rig.run()
        self.assertEqual([call for call in rig.disk.calls if call[0] not in ("read", "sync")], [])


class HostsBetween(unittest.TestCase):
    def test_a_write_that_is_not_on_the_disk_yet(self):
        rig = Rig(MappedStorage(3 * MIB))
        rig.volume.write(MIB, b"w" * 512)
        rig.run()
        wanted = bytearray(3 * MIB)
        wanted[MIB : MIB + 512] = b"w" * 512
        self.assertEqual(rig.twin(), wanted)

    def test_a_write_while_a_piece_is_read(self):
        for offset, again in ((0, True), (MIB - 512, True), (MIB, False)):
            rig = Rig(filled(Device(2 * MIB), [(0, b"o" * 2 * MIB)]))
            rig.disk.slow = True
            rig.copier.advance()
            self.assertEqual(len(rig.reads.jobs), 1)
            rig.volume.write(offset, b"n" * 512)  # pending: what is read now is the disk before it
            rig.reads.run(1)
            self.assertEqual(rig.reads.jobs[0][2][0], 0 if again else MIB)
            rig.run()
            wanted = bytearray(b"o" * 2 * MIB)
            wanted[offset : offset + 512] = b"n" * 512
            self.assertEqual(rig.twin(), wanted)

    def test_a_zero_across_the_piece(self):
        rig = Rig(filled(Device(2 * MIB), [(0, b"o" * 2 * MIB)]))
        rig.disk.slow = True
        rig.copier.advance()
        rig.volume.zero(0, 2 * MIB, True)
        rig.reads.run(1)
        self.assertEqual(rig.journal.open.records, 1)

    def test_writes_before_and_behind(self):
        rig = Rig(filled(Device(4 * MIB), [(0, b"o" * 4 * MIB)]))
        rig.copier.advance()
        for offset in (0, 3 * MIB):
            rig.volume.write(offset, b"n" * 4096)
        rig.run()
        wanted = bytearray(b"o" * 4 * MIB)
        wanted[:4096] = wanted[3 * MIB : 3 * MIB + 4096] = b"n" * 4096
        self.assertEqual(rig.twin(), wanted)

    def test_a_write_ends_a_run_of_zeroes(self):
        rig = Rig(Device(8 * MIB))
        rig.copier.piece = 512 << 10
        rig.copier.advance()
        rig.volume.write(0, b"n" * 512)
        rig.run()
        wanted = bytearray(8 * MIB)
        wanted[:512] = b"n" * 512
        self.assertEqual(rig.twin(), wanted)


class Patience(unittest.TestCase):
    def test_without_a_link(self):
        rig = Rig(Device(2 * MIB))
        rig.linked = False
        rig.copier.advance()
        self.assertTrue(rig.journal.open is None and rig.journal.head.number == 0)
        rig.linked = True
        rig.run()
        self.assertTrue(rig.copier.ended)

    def test_a_link_lost_while_reading(self):
        rig = Rig(filled(Device(2 * MIB), [(0, b"o" * MIB)]))
        rig.disk.slow = True
        rig.copier.advance()
        rig.linked = False
        rig.reads.run()
        self.assertTrue(rig.journal.open is None)

    def test_a_twin_that_does_not_acknowledge(self):
        rig = Rig(filled(Device(32 * MIB), [(0, b"o" * 32 * MIB)]), journal_size=64 * MIB)
        for _ in range(100):
            rig.copier.advance()
            rig.bench.lane.run()
            rig.play()
        self.assertTrue(14 * MIB < rig.journal.ahead < 18 * MIB)

    def test_a_small_journal_is_for_outages(self):
        rig = Rig(filled(Device(32 * MIB), [(0, b"o" * 32 * MIB)]), journal_size=16 * MIB)
        for _ in range(100):
            rig.copier.advance()
            rig.bench.lane.run()
            rig.play()
        self.assertTrue(rig.journal.ahead < 6 * MIB)

    def test_one_piece_ahead_of_the_host(self):
        rig = Rig(filled(Device(8 * MIB), [(0, b"o" * 8 * MIB)]))
        rig.copier.advance()
        rig.copier.advance()
        self.assertEqual(len(rig.bench.lane.jobs), 1)
        self.assertTrue(rig.journal.open.used < PIECE + 4096)
        self.assertEqual(rig.journal.received_number, 1)

    def test_a_host_that_waits_goes_first(self):
        rig = Rig(filled(Device(2 * MIB), [(0, b"o" * MIB)]))
        rig.volume.wait_for_room(lambda error: None)
        rig.copier.advance()
        self.assertTrue(rig.journal.open is None)
        rig.volume.room()
        rig.copier.advance()
        self.assertEqual(rig.journal.received_number, 2)

    def test_a_board_that_does_not_serve(self):
        rig = Rig(Device(2 * MIB))
        rig.volume.refusal = "left is fenced"
        rig.copier.advance()
        self.assertTrue(rig.journal.open is None)

    def test_a_disk_that_cannot_be_read(self):
        for slow in (False, True):
            rig = Rig(filled(Device(2 * MIB), [(MIB, b"o" * MIB)]))
            rig.disk.slow, rig.disk.fail = slow, "read"
            rig.copier.advance()
            rig.reads.run()
            self.assertIn("near byte 0 ", rig.copier.trouble)
            self.assertEqual(rig.copier.due(), rig.now + RETRY_MS)
            rig.disk.fail = ""
            rig.copier.advance()
            self.assertTrue(rig.journal.open is None)
            rig.now += RETRY_MS
            rig.run()
            self.assertTrue(rig.copier.ended)
            self.assertEqual((rig.copier.trouble, rig.copier.due()), ("", None))


class Restarts(unittest.TestCase):
    def test_the_offset_follows_what_is_durable(self):
        rig = Rig(filled(Device(4 * MIB), [(0, b"o" * 4 * MIB)]))
        rig.copier.advance()
        self.assertEqual(rig.identity.copied, 0)
        rig.bench.lane.run(1)
        self.assertEqual(rig.identity.copied, MIB)
        self.assertEqual(rig.identity.whole, 0)

    def test_goes_on_in_the_middle(self):
        rig = Rig(filled(Device(4 * MIB), [(0, b"o" * 4 * MIB)]), copied=3 * MIB)
        rig.run()
        self.assertEqual(rig.log(), [(COPIED, [(COPY, 3 * MIB, MIB)])])

    def test_a_copy_that_has_ended(self):
        rig = Rig(Device(2 * MIB), copied=2 * MIB)
        rig.copier.advance()
        self.assertTrue(rig.copier.ended and rig.journal.open is None and not rig.disk.calls)

    def test_the_label_comes_with_the_superblock(self):
        rig = Rig(Device(2 * MIB))
        saved = []
        rig.journal.label = lambda: saved.append(rig.identity.whole) or b"label"
        rig.run()
        rig.journal.save()
        self.assertEqual(saved[-1], rig.copied_by[0])
        self.assertEqual(len(rig.copied_by), 1)


class UnderWay(unittest.TestCase):
    def test_until_the_twin_has_it(self):
        rig = Rig(MappedStorage(2 * MIB))
        self.assertTrue(rig.copier.under_way)
        rig.copier.advance()
        rig.bench.lane.run()
        self.assertTrue(rig.copier.ended and rig.copier.under_way)
        rig.twin_has_all()
        self.assertFalse(rig.copier.under_way)


if __name__ == "__main__":
    unittest.main()
