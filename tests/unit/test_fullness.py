"""A journal is full when a host waits for room for longer than it takes to give back what nobody needs."""

import unittest

from firmware.status.fullness import Fullness
from firmware.status.snapshot import snapshot
from tests.unit.fakes_board import Rig


class Journal:
    full = False


class Full(unittest.TestCase):
    def setUp(self):
        self.journal, self.events = Journal(), []
        self.fullness = Fullness(self.journal, self.events.append)

    def look(self, full, *times):
        self.journal.full = full
        for ms in times:
            self.fullness.look(ms)
        return self.fullness.lasts

    def goes_on(self, seconds, waits_ms, room_ms):
        """A host that waits for so long and then has room for so long, again and again; looks as a board does."""
        for ms in range(0, seconds * 1000, 20):
            self.look(ms % (waits_ms + room_ms) < waits_ms, 5000 + ms)
        return self.events

    def test_for_a_moment(self):
        self.assertFalse(self.look(True, 5000, 5999))
        self.assertEqual(self.fullness.due(), 6000)
        self.assertFalse(self.look(False, 6000))
        self.assertEqual(self.fullness.due(), None)
        self.assertFalse(self.look(True, 10000))
        self.assertEqual((self.events, self.fullness.due()), ([], 11000))

    def test_for_longer(self):
        self.assertTrue(self.look(True, 5000, 6000, 9000))
        self.assertEqual((self.events, self.fullness.due()), (["the journal is full"], None))
        self.assertTrue(self.look(False, 9000, 18999))
        self.assertEqual(self.fullness.due(), 19000)
        self.assertFalse(self.look(False, 19000))
        self.assertEqual(self.events[1:], ["the journal has room again"])
        self.assertEqual(self.fullness.due(), None)

    def test_what_every_acknowledgement_ends_for_an_instant_is_one_wait(self):
        for waits_ms, room_ms in ((300, 20), (2000, 1120), (30000, 2000), (200, 600)):
            self.setUp()
            self.assertEqual(self.goes_on(120, waits_ms, room_ms), ["the journal is full"], (waits_ms, room_ms))

    def test_short_waits_do_not_keep_up_what_is_over(self):
        self.look(True, 5000, 8000)
        self.goes_on(120, 100, 8900)
        self.assertEqual(self.events, ["the journal is full", "the journal has room again"])

    def test_short_waits_now_and_then_are_none(self):
        for waits_ms, room_ms in ((100, 900), (900, 8000)):
            self.setUp()
            self.assertEqual(self.goes_on(120, waits_ms, room_ms), [], (waits_ms, room_ms))


class OfABoard(unittest.TestCase):
    def setUp(self):
        self.rig = Rig("primary")
        self.rig.wait(100)

    def fill(self):
        """As much as the ring takes."""
        while self.rig.board.volume.write(0, bytes(65536)):
            self.rig.run(self.rig.lanes.journal, self.rig.lanes.player)

    def told(self):
        return [sentence for _, sentence in self.rig.board.events.newest() if "the journal" in sentence]

    def test_what_giving_back_ends_is_no_event(self):
        journal = self.rig.board.journal
        self.fill()
        self.assertTrue(journal.full)
        journal.acked = journal.head  # the twin has it all; it was not given back yet
        self.rig.wait(3000)
        self.assertFalse(journal.full)
        self.assertEqual(self.told(), [])

    def test_a_host_that_waits(self):
        self.fill()
        self.rig.wait(900)
        self.assertEqual((self.told(), self.rig.board.facts()["journal_full"]), ([], False))
        self.rig.wait(300)
        self.assertEqual((self.told(), self.rig.board.facts()["journal_full"]), (["the journal is full"], True))

    def test_after_a_restart_nobody_knows_before_a_host_writes(self):
        self.fill()
        self.rig.run()
        self.rig = Rig("primary", before=self.rig)
        self.rig.wait(5000)
        facts = self.rig.board.facts()
        self.assertEqual((facts["journal_full"], facts["journal_may_be_full"]), (False, True))
        self.assertIn("journal_full", snapshot(self.rig.board)["unknown"])
        self.fill()
        self.rig.wait(1100)
        facts = self.rig.board.facts()
        self.assertEqual((facts["journal_full"], facts["journal_may_be_full"]), (True, False))
        self.assertNotIn("journal_full", snapshot(self.rig.board)["unknown"])

    def test_room_that_nobody_has_looked_for_is_known(self):
        self.assertFalse(self.rig.board.facts()["journal_may_be_full"])

    def test_a_link_that_is_slower_than_the_host(self):
        """Whoever writes all the time waits, though the twin acknowledges something three times a second."""
        journal = self.rig.board.journal
        for look in range(1000):
            self.fill()
            self.rig.wait(20)
            if look % 15 == 0:
                self.rig.board.peer.acknowledged(0, journal.after(journal.acked, journal.peek(journal.acked)))
        self.assertEqual(self.told(), ["the journal is full"])
        self.rig.board.peer.acknowledged(0, journal.head)
        self.rig.wait(1000)
        self.rig.wait(8000)
        self.assertTrue(self.rig.board.facts()["journal_full"])
        self.rig.wait(2000)
        self.assertEqual(self.told(), ["the journal is full", "the journal has room again"])


if __name__ == "__main__":
    unittest.main()
