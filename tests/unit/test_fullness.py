"""A journal is full when a host waits for room for longer than it takes to give back what nobody needs."""

import unittest

from firmware.status.fullness import Fullness
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

    def test_for_a_moment(self):
        self.assertFalse(self.look(True, 5000, 5999))
        self.assertEqual(self.fullness.due(), 6000)
        self.assertFalse(self.look(False, 6000))
        self.assertFalse(self.look(True, 6001))
        self.assertEqual((self.events, self.fullness.due()), ([], 7001))

    def test_for_longer(self):
        self.assertTrue(self.look(True, 5000, 6000, 9000))
        self.assertEqual((self.events, self.fullness.due()), (["the journal is full"], None))
        self.assertFalse(self.look(False, 9001, 9002))
        self.assertEqual(self.events[1:], ["the journal has room again"])


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


if __name__ == "__main__":
    unittest.main()
