"""The ledger of the arena, and what a later life makes of it."""

import unittest
from array import array

from firmware.config import Settings
from firmware.log import survivors
from firmware.log.arena import Arena
from firmware.log.journal import Journal
from firmware.log.layout import COPY, HOLE, TRIM, WRITE, ZERO, Point, records
from firmware.log.ledger import Ledger, ledger_size, private_words
from firmware.log.scribe import Scribe
from firmware.log.survivors import ADOPTED, LOST, NEW, NONE
from firmware.startup import open_journal
from tests.unit.fakes_log import ARENA_SIZE, DISK_SIZE, Bench
from tests.unit.fakes_storage import ManualLane, MemoryStorage, drive

LOG_ID, GENERATION, LIFE = 42, 3, 9


class Life:
    """One life of a primary's journal on a Bench; `words` and `memory` outlive it."""

    def __init__(self, bench=None, words=None, memory=None, slots_of=ARENA_SIZE):
        self.bench = bench or Bench()
        self.words = private_words(slots_of) if words is None else words
        self.memory = bytearray(slots_of) if memory is None else memory
        self.ledger = Ledger(self.words, slots_of)
        self.ledger.begin(LOG_ID, LIFE)
        self.bench.journal.superblock.life = LIFE
        self.arena = Arena(self.memory)
        self.lane = ManualLane(Scribe(self.bench.ring, DISK_SIZE))
        self.journal = self.make(Point(0, 0, 0))

    def make(self, head):
        bench = self.bench
        journal = Journal(bench.ring, self.lane, self.arena, bench.journal.superblock, head, lambda: 0, self.ledger)
        journal.generation = GENERATION
        journal.on_durable = lambda groups: None
        journal.on_failed = bench.errors.append
        return journal

    def write(self, start, payload, kind=WRITE):
        group = self.journal.open_group(len(payload), 0)
        group.add(kind, start, len(payload), payload)
        return group

    def found(self, generation=GENERATION):
        """What the next life finds."""
        head = self.journal.head
        block = self.bench.journal.superblock
        verdict = survivors.judge(self.ledger, block)
        if verdict:
            return verdict, []
        return survivors.find(self.ledger, self.bench.ring, block, head, self.arena, DISK_SIZE, generation)

    def die(self):
        """The next life, which has adopted; and the verdict."""
        self.arena = Arena(self.memory)
        verdict, groups = self.found()
        self.lane.jobs = []
        self.journal = self.make(self.journal.head)
        self.ledger.settle(self.journal.head.number, LIFE)
        self.journal.adopt(groups)
        return verdict


def bodies(bench, last):
    """The records of every group of the ring: [(number, [(kind, start, length, payload)])]"""
    point, found = Point(0, 0, 0), []
    while point.number < last:
        descriptor, body = bench.ring.load(point, memoryview(bytearray(4 << 20)))
        changes = []
        for kind, start, length, at in records(body, DISK_SIZE):
            changes.append((kind, start, length, bytes(body[at : at + length]) if kind in (WRITE, COPY) else b""))
        found.append((descriptor.number, changes))
        point = bench.ring.after(point, descriptor)
    return found


class TestVerdicts(unittest.TestCase):
    """Every row of the table in survivors.py."""

    def setUp(self):
        self.life = Life()

    def test_blank(self):
        self.life.words = private_words(ARENA_SIZE)
        self.life.ledger = Ledger(self.life.words, ARENA_SIZE)
        self.assertEqual(self.life.found(), (NEW, []))

    def test_idle(self):
        self.assertEqual(self.life.found(), (NONE, []))

    def test_another_log_version_or_arena(self):
        for at in (0, 1, 2, 3, 4):
            self.life.words[at] ^= 0x100
            self.assertEqual(self.life.found(), (LOST, []))
            self.life.words[at] ^= 0x100

    def test_a_failed_journal(self):
        self.life.write(0, b"a" * 512)
        self.life.journal.seal()
        self.life.bench.storage.fail = "sync"
        self.life.lane.run()
        self.assertEqual(len(self.life.bench.errors), 1)
        self.assertEqual(self.life.found(), (LOST, []))

    def test_durable_and_not_said_so(self):
        self.life.write(0, b"a" * 512)
        self.life.journal.seal()
        done, op, args = self.life.lane.jobs[0]
        self.life.lane.jobs[0] = (lambda result, error: None, op, args)
        self.life.lane.run()
        group = args[0][0]
        self.life.journal.head = Point(1, group.end, group.descriptor.chain)
        self.assertEqual(self.life.found(), (NONE, []))

    def test_kept_by_another_process_than_the_last_one(self):
        self.pending()
        block = self.life.bench.journal.superblock
        block.life = LIFE + 1
        self.assertEqual(self.life.found(), (LOST, []))
        self.life.ledger.expect(LIFE, LIFE + 1)  # that one comes up, and dies before or after its superblock is written
        self.assertEqual(self.life.found()[0], ADOPTED)
        block.life = LIFE
        self.assertEqual(self.life.found()[0], ADOPTED)

    def test_several_that_die_while_they_come_up(self):
        self.pending()
        block = self.life.bench.journal.superblock
        for life in range(100, 110):
            self.life.ledger.expect(block.life, life)
            self.assertEqual(self.life.found()[0], ADOPTED)
            if life % 3:  # else it dies before its superblock is written
                block.life = life
                self.assertEqual(self.life.found()[0], ADOPTED)

    def pending(self, count=3):
        for i in range(count):
            self.life.write(i * 512, bytes([65 + i]) * 512)
            self.life.journal.seal()
        self.assertEqual(self.life.found()[0], ADOPTED)

    def test_a_gap(self):
        for missing in (1, 2):
            self.pending()
            self.life.ledger.close(missing)
            self.assertEqual(self.life.found(), (LOST, []))
            self.setUp()

    def test_the_ring_ends_too_early(self):
        """The ring lost groups that were durable: what is pending does not follow its end."""
        for i in range(3):
            self.life.write(0, b"a" * 512)
            self.life.journal.seal()
        self.life.lane.run()
        self.life.write(0, b"b" * 512)
        self.assertEqual(self.life.found()[0], ADOPTED)
        self.life.journal.head = Point(2, 8192, 0)
        self.assertEqual(self.life.found(), (LOST, []))

    def test_another_generation(self):
        self.pending()
        for generation in (None, GENERATION - 1, GENERATION + 1):
            self.assertEqual(self.life.found(generation), (LOST, []))

    def test_impossible_entries(self):
        for word, value in ((1, 2), (1, ARENA_SIZE // 4096 - 1), (1, 1 << 31), (2, 15), (2, 5 << 20), (3, 0)):
            self.pending()
            self.life.words[8 + 2 * 4 + word] = value
            self.assertEqual(self.life.found(), (LOST, []), "%d %d" % (word, value))
            self.setUp()

    def test_memory_that_holds_no_records(self):
        self.pending()
        self.life.memory[4096 + 128] = 99
        self.assertEqual(self.life.found(), (LOST, []))

    def test_more_than_the_ring_has_room_for(self):
        self.pending()
        self.life.bench.journal.superblock.retain = True
        block = self.life.bench.journal.superblock
        self.life.journal.head = Point(0, self.life.bench.ring.size - 8192, 0)
        block.played = block.acked = block.durable = Point(0, self.life.bench.ring.size - 8192, 0)
        self.assertEqual(self.life.found()[0], ADOPTED)
        block.acked = Point(0, 4096, 0)
        self.assertEqual(self.life.found(), (LOST, []))


class TestAdoption(unittest.TestCase):
    def test_every_record_comes_into_the_ring_in_order(self):
        life, wanted = Life(), []
        for i in range(6):
            changes = []
            for j in range(3):
                payload = bytes([i * 16 + j]) * (512 * (j + 1))
                life.write(j * 512, payload, COPY if j == 1 else WRITE)
                changes.append((COPY if j == 1 else WRITE, j * 512, len(payload), payload))
            for kind in (ZERO, TRIM, HOLE):
                life.journal.open_group(0, 0).add(kind, 4096, 8192)
                changes.append((kind, 4096, 8192, b""))
            wanted.append((i + 1, changes))
            if i < 5:  # the last one is still open
                life.journal.seal()
            if i == 1:  # and two are durable
                life.lane.run()
        self.assertEqual(life.die(), ADOPTED)
        self.assertEqual(life.journal.received_number, 6)
        life.lane.run()
        self.assertEqual(life.journal.head.number, 6)
        self.assertEqual(bodies(life.bench, 6), wanted)
        self.assertEqual(life.found(), (NONE, []))

    def test_again_and_again(self):
        life = Life()
        for i in range(5):
            life.write(0, bytes([i]) * 512)
            life.journal.seal()
            self.assertEqual(life.die(), ADOPTED)
        life.lane.run()
        payloads = [changes[0][3][0] for number, changes in bodies(life.bench, 5)]
        self.assertEqual(payloads, [0, 1, 2, 3, 4])

    def test_a_record_that_was_not_counted_is_not_there(self):
        life = Life()
        group = life.write(0, b"a" * 512)
        group.tally = [0]  # dies just before the store
        group.tally_at = 0
        life.write(512, b"b" * 512)
        self.assertEqual(life.die(), ADOPTED)
        life.lane.run()
        self.assertEqual(bodies(life.bench, 1), [(1, [(WRITE, 0, 512, b"a" * 512)])])

    def test_an_opened_group_without_records_is_nothing(self):
        life = Life()
        life.journal.open_group(512, 0)
        self.assertEqual(life.found(), (NONE, []))

    def test_a_hole_that_is_made_longer_counts_before_or_after(self):
        life = Life()
        life.write(0, b"a" * 512)
        group = life.journal.open_group(0, 0)
        group.add(HOLE, 512, 512)
        counted = []

        class Spy:
            def __setitem__(self, at, value):
                counted.append(value)

        group.tally = Spy()
        group.lengthen(HOLE, 512, 4096)
        self.assertEqual(counted, [16 + 512, 16 + 512 + 16])

    def test_memory_comes_back_and_the_arena_goes_round(self):
        life = Life()
        for lap in range(30):
            for i in range(3):
                life.write(0, bytes([lap]) * (1 << 20))
                life.journal.seal()
                self.forget(life)
            if lap % 3 == 0:
                self.assertEqual(life.die(), ADOPTED)
            life.lane.run()
            self.forget(life)
            life.journal.played = life.journal.head
            life.journal.save()
            life.lane.run()
        self.assertEqual(life.journal.head.number, 90)

    def forget(self, life):
        for group in life.journal._resident:
            group.wanted = False

    def test_numbers_beyond_32_bits(self):
        life = Life()
        start = Point((5 << 32) - 2, 0, 7)
        life.bench.journal.superblock.durable = start
        life.journal = life.make(start)
        for i in range(4):
            life.write(0, bytes([i]) * 512)
            life.journal.seal()
        self.assertEqual(life.die(), ADOPTED)
        life.lane.run()
        self.assertEqual(life.journal.head.number, start.number + 4)

    def test_a_small_arena_has_a_slot_for_every_group(self):
        size = 9 * 4096
        life = Life(slots_of=size)
        count = 0
        while life.journal._allocate(4096) is not None:  # as full as it can be
            count += 1
        self.assertEqual(count, 9)
        self.assertTrue(len(life.words) >= 8 + 9 * 4)


class TestWords(unittest.TestCase):
    def test_a_ledger_is_small_and_whole_pages(self):
        self.assertEqual(ledger_size(16 << 20), (64 << 10) + 4096)
        self.assertEqual(len(private_words(16 << 20)) * 4, ledger_size(16 << 20))
        self.assertTrue(isinstance(private_words(4096), array))

    def test_begun_half_it_is_blank(self):
        """Death at any store of begin() leaves a ledger that says nothing."""
        count = 0
        while True:
            life = Life()
            life.write(0, b"a" * 512)
            words = Mortal(life.words, count)
            try:
                Ledger(words, ARENA_SIZE).begin(LOG_ID + 1, LIFE)
            except Death:
                if count:
                    self.assertTrue(Ledger(life.words, ARENA_SIZE).is_blank)
                count += 1
                continue
            break
        self.assertTrue(count > 5)


class TestStart(unittest.TestCase):
    """A whole start: whoever holds a host's session has to end it before the ledger forgets what is lost."""

    def setUp(self):
        self.storage, self.memory = MemoryStorage(8 << 20), bytearray(ARENA_SIZE)
        self.words, self.lives = private_words(ARENA_SIZE), 0

    def start(self):
        settings, ledger = Settings(), Ledger(self.words, ARENA_SIZE)
        settings.name = settings.role = "primary"
        self.lives += 1
        life, told = self.lives, []
        steps = open_journal(
            self.storage, settings, 1 << 20, lambda count: bytes([life]) * count, self.memory, ledger,
            lambda: told.append(list(self.words[:8])),
        )  # fmt: skip
        return drive(steps).survivors, told

    def test_memory_without_a_past(self):
        self.assertEqual(self.start(), (NEW, [[0] * 8]))
        self.assertEqual(self.start(), (NONE, []))

    def test_lost(self):
        self.start()
        Ledger(self.words, ARENA_SIZE).fail()
        failed = list(self.words[:8])
        self.assertEqual(self.start(), (LOST, [failed]))
        self.assertEqual(self.start(), (NONE, []))


class Death(Exception):
    pass


class Mortal:
    """Words whose owner dies before store number `left`."""

    def __init__(self, words, left):
        self.words, self.left = words, left

    def __getitem__(self, at):
        return self.words[at]

    def __setitem__(self, at, value):
        if not self.left:
            raise Death()
        self.left -= 1
        self.words[at] = value
