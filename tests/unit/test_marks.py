"""Marks: where they stand in the log, when they are answered for, who refuses them, and that they change no disk."""

import unittest

from firmware.disk.player import Player
from firmware.errors import Refused
from firmware.log.layout import HEADER_SIZE, MARK, MARK_SIZE, WRITE, pack_mark, pack_record, records
from firmware.log.scribe import Scribe
from firmware.pair.identity import TWIN
from tests.unit.fakes_board import MIB, Rig
from tests.unit.fakes_storage import MemoryStorage, drive


class Answers(list):
    """Takes what `done` is called with; error sentences as text."""

    def done(self, number, error):
        assert error is None or isinstance(error, Refused)
        self.append(number if error is None else str(error))


def log(rig):
    """[(group, [(kind, start, length)])] of the groups in memory."""
    found = []
    for number in range(1, rig.board.journal.received_number + 1):
        group = rig.board.journal.resident(number)
        if group is not None:
            found.append((number, [record[:3] for record in records(group.body(), MIB)]))
    return found


class Set(unittest.TestCase):
    def setUp(self):
        self.rig, self.answers = Rig("primary"), Answers()
        self.rig.run()

    def mark(self, name):
        self.rig.board.mark(name, self.answers.done)

    def test_it_ends_its_group_and_is_answered_when_that_is_durable(self):
        volume = self.rig.board.volume
        volume.write(4096, b"a" * 512)
        self.mark("one")
        volume.write(8192, b"b" * 512)
        self.assertEqual(self.answers, [])
        self.rig.run()
        self.assertEqual(self.answers, [1])
        self.assertEqual(log(self.rig)[0], (1, [(WRITE, 4096, 512), (MARK, 0, MARK_SIZE)]))
        self.assertEqual(self.rig.board.events.newest(1)[0][1], "mark one is set behind group 1")

    def test_several_and_alone(self):
        for name in ("one", "two", "one"):
            self.mark(name)
        self.rig.run()
        self.assertEqual(self.answers, [1, 2, 3])
        self.assertEqual(log(self.rig), [(number, [(MARK, 0, MARK_SIZE)]) for number in (1, 2, 3)])

    def test_it_changes_neither_reads_nor_the_disk(self):
        self.rig.board.volume.write(0, b"a" * 4096)
        self.mark("x" * 63)
        view = memoryview(bytearray(4096))
        self.rig.board.volume.read(0, view, None)
        self.assertEqual(bytes(view), b"a" * 4096)
        self.rig.run()
        self.assertEqual(bytes(self.rig.disk.bytes[:8192]), b"a" * 4096 + bytes(4096))

    def test_its_memory_is_given_back(self):
        for _ in range(2000):  # 8 MiB of groups in 10 MiB of memory, and twice round the ring
            self.mark("again")
            self.rig.run()
            self.rig.board.peer.acknowledged(0, self.rig.board.journal.head)
        self.rig.wait(6000)
        self.assertEqual(self.answers, list(range(1, 2001)))

    def test_one_that_finds_no_room_waits(self):
        while self.rig.board.volume.write(0, b"f" * MIB):
            self.rig.run(self.rig.lanes.journal)
        for count in range(1000):
            self.mark("late")
            self.rig.run(self.rig.lanes.journal)
            if len(self.answers) < count + 1:
                break
        waiting = len(self.answers)
        self.rig.wait(25000)
        self.assertEqual(len(self.answers), waiting + 1)

    def test_one_that_waits_in_vain_is_refused(self):
        rig = self.rig  # nothing is acknowledged: the ring stays full
        for _ in range(20000):
            before = len(self.answers)
            self.mark("late")
            rig.run()
            if len(self.answers) == before:
                break
        self.assertEqual(len(self.answers), before)
        rig.wait(25000)
        self.assertIn("the journal is full", self.answers[-1])
        self.assertEqual(len(self.answers), before + 1)

    def test_names(self):
        for name in ("", "x" * 64, "a\nb", "\x1b[2J"):
            self.mark(name)
            self.assertIn("1 to 63 bytes", self.answers.pop())
        self.assertEqual(log(self.rig), [])

    def test_refused_while_stopping_and_fenced_and_failed(self):
        self.rig.board.identity.fenced = True
        self.rig.board._set_refusal()
        self.mark("a")
        self.assertIn("fenced", self.answers.pop())
        self.rig.board.identity.fenced = False
        self.rig.board.fail(OSError(5, "planted"), "disk d")
        self.mark("a")
        self.assertIn("failed", self.answers.pop())

    def test_a_failure_is_told_once(self):
        self.mark("a")
        self.rig.journal.fail = "sync"
        self.rig.run()
        self.assertEqual(len(self.answers), 1)
        self.assertIn("failed", self.answers[0])

    def test_a_twin_refuses(self):
        rig = Rig("twin")
        self.assertEqual(rig.board.identity.role, TWIN)
        rig.board.mark("a", self.answers.done)
        self.assertIn("on the other board", self.answers[0])


class Played(unittest.TestCase):
    def test_nothing_is_written_for_a_mark(self):
        disk = MemoryStorage(MIB)
        body = bytearray(16)
        pack_record(body, 0, MARK, 0, MARK_SIZE)

        class Arena:
            def view(self, place, length):
                return memoryview(body)[place : place + length]

        body += pack_mark("here")
        for own in (False, True):
            drive(Player(disk, None, Arena()).play_resident([(0, len(body))], own))
        self.assertEqual([call for call in disk.calls if call[0] != "read"], [])
        self.assertTrue(HEADER_SIZE + len(body) < 4096)


class Received(unittest.TestCase):
    def test_a_spoilt_mark_is_refused_before_it_is_durable(self):
        rig = Rig("primary")
        rig.board.mark("good", lambda number, error: None)
        group = rig.board.journal.resident(1)
        group.memory[HEADER_SIZE + 16 + 100] = 1  # behind the name
        group.descriptor = None
        drive(Scribe(rig.board.journal.ring, MIB).append([group], 0))
        received = group.descriptor
        with self.assertRaises(Exception):  # noqa: B017
            Scribe(rig.board.journal.ring, MIB)._check(received, group.body(), received.body_crc)


if __name__ == "__main__":
    unittest.main()
