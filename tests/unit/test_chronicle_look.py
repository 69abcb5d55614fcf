"""What the series are made of, at a whole board on memory storage; and the clock that sets times right."""

import unittest

from firmware.status.chronicle.budget import Allowance
from firmware.status.chronicle.look import Looker
from firmware.status.chronicle.timeline import Timeline
from firmware.status.oldest import Oldest
from tests.unit.fakes_board import Rig


class Looking(unittest.TestCase):
    def test_a_primary_without_its_twin(self):
        rig = Rig("primary")
        rig.run()
        looker = Looker(rig.board)
        self.assertEqual((looker.look().lag_ms, looker.look().backlog), (0, 0))
        rig.board.volume.write(0, b"w" * 4096)
        rig.wait(7000)
        look = looker.look()
        self.assertTrue(look.backlog >= 4096 and 6000 <= look.lag_ms <= 7000, look.lag_ms)
        self.assertEqual((look.written, look.sent), (4096, 0))
        self.assertTrue(look.journaled >= 4096)

    def test_after_a_step_of_the_clock_the_age_is_unknown(self):
        """What was closed before carries the time of a clock that was wrong."""
        rig = Rig("primary")
        rig.run()
        looker = Looker(rig.board)
        rig.board.volume.write(0, b"w" * 4096)
        rig.wait(3000)
        rig.clock.offset_ms += 200000000000
        self.assertEqual(looker.look().lag_ms, None)
        self.assertTrue(looker.look().backlog >= 4096)
        rig.board.peer.acknowledged(rig.board.journal.head.number, rig.board.journal.head)
        self.assertEqual(looker.look().lag_ms, 0)
        rig.board.volume.write(0, b"w" * 4096)
        rig.wait(2500)
        self.assertTrue(1000 <= looker.look().lag_ms <= 2500)

    def test_groups_of_an_earlier_life_while_the_clock_is_not_set(self):
        rig = Rig("primary")
        rig.run()
        rig.board.volume.write(0, b"w" * 4096)
        rig.wait(3000)
        rig.board.oldest = Oldest(rig.board.journal, rig.clock, rig.board.journal.head.number)
        looker = Looker(rig.board)
        for is_set, known in ((False, False), (None, True), (True, True)):
            rig.board.clock_set = is_set
            self.assertEqual(looker.look().lag_ms is not None, known)

    def test_a_twin_knows_what_its_primary_says(self):
        rig = Rig("twin")
        looker = Looker(rig.board)
        self.assertEqual((looker.look().backlog, looker.look().lag_ms), (None, None))
        facts = rig.board.facts
        for backlog, age_s, wanted in (
            ({"bytes": 4096, "groups": 2, "seconds": 1.5}, 70, (4096, 1500)),
            ({"bytes": 4096, "groups": 2, "seconds": None}, 2, (4096, None)),
            ({"bytes": None, "groups": None, "seconds": None}, 2, (None, None)),
            (None, 2, (None, None)),
            ({"bytes": 0, "groups": 0, "seconds": 0}, 71, (None, None)),
        ):
            other = {"name": "left", "backlog": backlog, "age_s": age_s, "fresh_s": 70}
            rig.board.facts = lambda other=other: dict(facts(), other=other)
            self.assertEqual((looker.look().backlog, looker.look().lag_ms), wanted)


class Time(unittest.TestCase):
    def setUp(self):
        self.moves = []

    def line(self, clock_set):
        return Timeline(1000, 50000, clock_set, lambda *move: self.moves.append(move))

    def test_small_corrections_are_none(self):
        line = self.line(True)
        for n in range(1, 100):
            self.assertFalse(line.look(1000 + n * 1000, 50000 + n * 1900, True))
        self.assertEqual((line.segment, self.moves, line.wall_ms(100000)), (0, [], 50000 + 99 * 1900))

    def test_a_step_of_a_believed_clock_begins_a_segment(self):
        line = self.line(True)
        self.assertTrue(line.look(2000, 90000, True))
        self.assertEqual((line.segment, self.moves), (1, []))

    def test_a_step_before_it_is_believed_moves_the_segment(self):
        line = self.line(False)
        self.assertTrue(line.look(2000, 90000, False))
        self.assertFalse(line.look(3000, 91000, True))
        self.assertEqual((line.segment, self.moves), (0, [(0, 39000, False), (0, 0, True)]))
        self.assertTrue(line.look(4000, 10000, True))
        self.assertEqual(line.segment, 1)

    def test_step_and_belief_at_once(self):
        line = self.line(False)
        line.look(2000, 90000, True)
        self.assertEqual((line.segment, self.moves), (0, [(0, 39000, True)]))

    def test_where_nobody_tells(self):
        line = self.line(None)
        line.look(2000, 90000, None)
        self.assertEqual((line.segment, self.moves), (0, [(0, 39000, True)]))
        line.look(700000, 1000, None)
        self.assertEqual(line.segment, 1)


class Allowances(unittest.TestCase):
    def test_some_at_once_and_then_one_after_the_other(self):
        allowance, taken = Allowance(4, 100, 0), []
        for now in range(0, 1000, 10):
            if allowance.has(now):
                allowance.take(now)
                taken.append(now)
        self.assertEqual(taken[:5], [0, 10, 20, 30, 100])
        self.assertEqual(len(taken), 4 + 9)

    def test_what_is_not_taken_does_not_add_up(self):
        allowance = Allowance(2, 100, 0)
        taken = 0
        for _ in range(10):
            if allowance.has(100000):
                allowance.take(100000)
                taken += 1
        self.assertEqual(taken, 2)


if __name__ == "__main__":
    unittest.main()
