"""Since when the twin lacks what it lacks: by which clock, in whose life, and without reading the card for it."""

import unittest

from firmware.errors import Damaged
from firmware.pair.identity import PRIMARY
from firmware.schedule import always
from firmware.status.lag import is_behind, lag_s, least_lag_s
from firmware.status.oldest import Oldest
from tests.unit.fakes_board import Rig

HOUR = 3600000


class Sending:
    """As much of a Sender as matters here."""

    def __init__(self):
        self.oldest_ms = None
        self.waits_for_twin = False


class Case(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(PRIMARY)
        self.rig.run()
        self.reads = 0
        self.fails = None
        ring = self.rig.board.journal.ring
        peek = ring.peek

        def counted(point):
            self.reads += 1
            if self.fails is not None:
                raise self.fails
            return peek(point)

        ring.peek = counted

    def write(self, groups=1):
        for place in range(groups):
            self.rig.board.volume.write(place * 4096, memoryview(b"w" * 4096))
            self.rig.board.journal.seal()
            self.rig.run()

    def forget(self):
        """Nothing is in memory any more."""
        self.rig.board.journal._resident = []

    def take(self, number):
        """The twin acknowledges groups up to `number`."""
        journal = self.rig.board.journal
        while journal.acked.number < number:
            journal.acknowledged(journal.after(journal.acked, journal.resident(journal.acked.number + 1).descriptor))

    def earlier_life(self):
        journal = self.rig.board.journal
        self.rig.board.oldest = Oldest(journal, self.rig.clock, journal.head.number)

    def seconds(self):
        return lag_s(self.rig.board.facts())

    def least(self):
        return least_lag_s(self.rig.board.facts())

    def behind(self):
        return is_behind(self.rig.board.facts())


class Ages(Case):
    def test_nothing_is_missing(self):
        self.assertEqual((self.seconds(), self.behind()), (0, False))
        self.write()
        self.take(1)
        self.assertEqual((self.seconds(), self.behind()), (0, False))

    def test_a_group_that_is_gathered(self):
        self.rig.board.volume.write(0, memoryview(b"w" * 4096))
        self.rig.clock.ms += 700
        self.assertEqual(self.seconds(), 0.7)

    def test_a_group_that_is_on_its_way_to_the_card(self):
        self.rig.board.volume.write(0, memoryview(b"w" * 4096))
        self.rig.board.journal.seal()
        self.rig.clock.ms += 6000
        self.assertEqual((self.seconds(), self.behind()), (6, True))

    def test_a_group_that_is_durable_here(self):
        self.write(2)
        self.rig.clock.ms += 3000
        self.assertEqual((self.seconds(), self.behind()), (3, False))
        self.rig.clock.ms += 3000
        self.write()
        self.assertEqual((self.seconds(), self.behind()), (6, True))
        self.take(2)
        self.assertEqual((self.seconds(), self.behind()), (0, False))


class Clocks(Case):
    def test_a_clock_that_is_moved_tells_nothing_of_what_was_before(self):
        for by_ms in (HOUR, -HOUR):
            self.setUp()
            self.write()
            self.assertEqual(self.seconds(), 0)
            self.rig.clock.ms += 1000
            self.assertEqual(self.seconds(), 1)
            self.rig.clock.offset_ms += by_ms
            self.assertEqual((self.seconds(), self.least(), self.behind()), (None, 1, False))
            self.rig.clock.ms += 5000
            self.assertEqual((self.seconds(), self.least(), self.behind()), (None, 6, True))
            self.take(1)
            self.write()
            self.rig.clock.ms += 2000
            self.assertEqual((self.seconds(), self.behind()), (2, False))

    def test_what_was_before_is_as_old_as_the_move_though_the_twin_takes_one_after_the_other(self):
        self.write(9)
        self.rig.clock.offset_ms -= HOUR
        self.seconds()
        for number in range(1, 9):
            self.take(number)
            self.rig.clock.ms += 1000
            self.assertEqual((self.seconds(), self.least()), (None, number))
        self.assertTrue(self.behind())

    def test_what_is_closed_after_the_move_has_its_time(self):
        self.rig.board.volume.write(0, memoryview(b"w" * 4096))
        self.rig.clock.offset_ms += HOUR
        self.seconds()
        self.rig.board.journal.seal()
        self.rig.run()
        self.rig.clock.ms += 1000
        self.assertEqual(self.seconds(), 1)

    def test_a_clock_that_is_not_set_tells_nothing_of_an_earlier_life(self):
        for by_ms in (600000, -1, -600000):  # the power was cut, and no battery
            self.setUp()
            self.forgotten(by_ms)

    def forgotten(self, by_ms):
        self.write(9)
        self.rig.clock.offset_ms -= by_ms
        self.earlier_life()
        self.rig.board.clock_set = False
        self.rig.clock.ms += 1000
        self.assertEqual((self.seconds(), self.least(), self.rig.board.facts()["inherited"]), (None, 1, True))
        for number in range(1, 9):
            self.take(number)
            self.rig.clock.ms += 1000
            self.assertEqual((self.seconds(), self.least()), (None, number + 1))  # older than this life
        self.assertTrue(self.behind())
        self.take(9)
        self.write()
        self.rig.clock.ms += 2000
        self.assertEqual((self.seconds(), self.rig.board.facts()["inherited"]), (2, False))

    def test_when_it_is_set_the_earlier_life_has_its_age(self):
        self.write()
        self.rig.clock.offset_ms -= 600000
        self.earlier_life()
        self.rig.board.clock_set = False
        self.rig.clock.ms += 1000
        self.assertEqual(self.seconds(), None)
        self.rig.clock.offset_ms += 600000 + HOUR
        self.rig.board.clock_set = True
        self.assertEqual(self.seconds(), 3601)

    def test_a_time_that_is_still_to_come_is_none(self):
        self.write()
        self.rig.clock.offset_ms -= HOUR
        self.earlier_life()
        self.assertEqual((self.seconds(), self.least()), (None, 0))

    def test_a_clock_that_runs_slow_is_believed(self):
        self.write()
        self.rig.clock.offset_ms -= 1500
        self.assertEqual(self.seconds(), 0)


class Reading(Case):
    def test_the_card_is_asked_once_for_a_group(self):
        self.write(3)
        self.forget()
        for _ in range(10):
            self.rig.clock.ms += 100
            self.assertTrue(self.seconds() >= 0.1)
        self.assertEqual(self.reads, 1)

    def test_and_not_more_than_once_a_second(self):
        self.write(20)
        points = []
        for number in range(1, 20):
            self.take(number)
            points.append(self.rig.board.journal.acked)
        self.forget()
        for point in points:
            self.rig.board.journal.acked = point
            self.rig.clock.ms += 100
            self.assertTrue(self.seconds() > 0)
        self.assertEqual(self.reads, 2)

    def test_who_sends_it_knows(self):
        self.write()
        self.forget()
        self.rig.clock.ms += 4000
        sender = Sending()
        sender.oldest_ms = self.rig.clock.wall_ms() - 1500
        oldest = self.rig.board.oldest
        oldest.look(sender, None)
        self.assertEqual((oldest.closed_ms, self.reads), (sender.oldest_ms, 0))

    def test_a_group_that_cannot_be_read_is_asked_for_once(self):
        for error in (Damaged("planted"), OSError(5, "planted")):
            self.setUp()
            self.write()
            self.forget()
            self.fails = error
            for _ in range(10):
                self.rig.clock.ms += 1000
                self.assertEqual(self.seconds(), None)
            self.assertEqual((self.reads, self.behind()), (1, True))


class Held(Case):
    def test_a_rate_holds_nothing_back_while_the_twin_is_waited_for(self):
        self.write()
        board = self.rig.board
        board.pace.set_rate(always(5000))
        part = Sending()
        part.sent_point = board.journal.acked
        board.peer.link = Link(part)
        self.assertTrue(board.facts()["held_bytes"] > 0)
        part.waits_for_twin = True
        self.assertEqual(board.facts()["held_bytes"], 0)
        board.pace.holds = True
        self.assertTrue(board.facts()["held_bytes"] > 0)


class Link:
    rtt_ms = None

    def __init__(self, part):
        self.part = part
        part.sent_number = 0


if __name__ == "__main__":
    unittest.main()
