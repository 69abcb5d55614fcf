"""A board between its pace, its hosts and what it tells: what is held back, what is waited for, what is reported."""

import unittest

from firmware.pair.identity import PRIMARY, TWIN
from firmware.schedule import DAY, always, parse
from firmware.status.neighbour import unpack
from tests.unit.fakes_board import Rig

SECTOR = 512


def written(rig, count=3):
    for place in range(count):
        assert rig.board.volume.write(place * SECTOR, memoryview(bytes([place + 1]) * SECTOR))
        rig.board.journal.seal()
        rig.run()
    return rig


class Held(unittest.TestCase):
    def test_what_a_quota_holds_back(self):
        rig = written(Rig(PRIMARY))
        facts = rig.board.facts()
        self.assertEqual((facts["held_bytes"], facts["quota_holds"]), (0, False))
        rig.board.pace.holds = True
        facts = rig.board.facts()
        self.assertEqual(facts["held_bytes"], facts["backlog_bytes"])
        self.assertTrue(facts["held_bytes"] > 3 * SECTOR)

    def test_a_cap_holds_nothing_back_where_there_is_no_link(self):
        rig = written(Rig(PRIMARY))
        rig.board.pace.set_rate(always(5000))
        self.assertEqual((rig.board.facts()["cap"], rig.board.facts()["held_bytes"]), (5000, 0))

    def test_a_twin_holds_nothing_back(self):
        rig = Rig(TWIN)
        rig.board.pace.holds = True
        self.assertEqual(rig.board.facts()["held_bytes"], 0)


class Waited(unittest.TestCase):
    def test_the_group_of_a_flush_is_urgent_where_the_twin_is_waited_for(self):
        for ack, urgent in (("local", 0), ("received", 1), ("durable", 1)):
            rig = Rig(PRIMARY, ack=ack)
            rig.board.journal.superblock.retain = True
            rig.board.volume.write(0, memoryview(bytes(SECTOR)))
            rig.board.volume.flush(lambda error: None)
            self.assertEqual(rig.board.peer.urgent, urgent, ack)


class Full(unittest.TestCase):
    """The quota is used up and the journal is full."""

    class Link:
        def __init__(self, part):
            self.part, self.woken = part, 0

        def wake(self):
            self.woken += 1

    class Part:
        def durable(self, number):
            pass

        def room(self):
            pass

    def setUp(self):
        self.rig = rig = Rig(PRIMARY)
        rig.board.journal.superblock.retain = True
        rig.board.pace.quota, rig.board.pace.used = 5, 5
        rig.clock.local_minute = lambda wall_ms: wall_ms // 60000
        rig.board.pace.takes(1, False)
        rig.board.peer.link = self.link = self.Link(self.Part())
        self.place = 0

    def fill(self):
        data = memoryview(bytes(256 << 10))
        while self.rig.board.volume.write(self.place % 4 * len(data), data):
            self.place += 1
            self.rig.run()

    def test_groups_go_beyond_it_and_it_is_an_alarm(self):
        self.rig.wait(100)
        self.assertEqual((self.link.woken, self.rig.board.peer.must_go), (0, 0))
        self.fill()
        self.rig.wait(100)
        self.assertTrue(self.link.woken > 0)
        self.assertTrue(0 < self.rig.board.peer.must_go < self.rig.board.journal.head.position)
        self.assertFalse("quota" in self.rig.board.alarms)
        self.assertTrue(self.rig.board.pace.takes(1, False, True))
        self.rig.wait(100)
        self.assertIn("goes beyond the quota", self.rig.board.alarms["quota"])
        self.rig.board.pace.set_quota(0)
        self.rig.wait(100)
        self.assertFalse("quota" in self.rig.board.alarms)


class Told(unittest.TestCase):
    def test_a_clock_that_is_not_set_is_an_alarm_where_it_matters(self):
        rig = Rig(PRIMARY)
        rig.clock.local_minute = lambda wall_ms: wall_ms // 60000
        rig.board.clock_set = False
        rig.wait(1000)
        self.assertFalse("rate" in rig.board.alarms)
        rig.board.pace.set_rate(parse("2M 08:00-19:00, 500K"))
        rig.wait(1100)
        self.assertIn("the strictest rate counts", rig.board.alarms["rate"])
        self.assertEqual(rig.board.pace.cap, 500000)
        rig.board.clock_set = True
        rig.wait(1100)
        self.assertFalse("rate" in rig.board.alarms)

    def test_a_record_is_not_weighed_by_a_clock_that_is_not_set(self):
        rig = Rig(PRIMARY)
        rig.clock.local_minute = lambda wall_ms: 9 * DAY
        rig.board.clock_set = False
        rig.board.pace.set_quota(1000)
        rig.board.pace.restore((10, 900, 0, 300))
        self.assertEqual(rig.board.pace.used, 900)
        rig.clock.local_minute = lambda wall_ms: 11 * DAY
        rig.board.clock_set = True
        rig.wait(1100)
        self.assertEqual(rig.board.pace.used, 300)

    def test_the_other_board_is_told_in_english(self):
        rig = Rig(PRIMARY)
        rig.board.settings.language = "fr"
        rig.board.alarm("disk", "the journal is full and the server waits")
        said = unpack(rig.board.peer.report())
        self.assertEqual((said["name"], said["role"], said["serving"]), (PRIMARY, PRIMARY, True))
        self.assertIn("the server waits", said["alarms"][0])

    def test_a_bug_in_what_is_shown_is_an_alarm_and_no_more(self):
        rig = Rig(PRIMARY)
        facts, rig.board.facts = rig.board.facts, None
        self.assertEqual(rig.board.peer.report(), b"")
        self.assertIn("the other board is not told", rig.board.alarms["report"])
        rig.board.facts = facts
        rig.board.peer.report()
        self.assertFalse("report" in rig.board.alarms)

    def test_an_event_when_the_quota_is_used_up(self):
        rig = Rig(PRIMARY)
        rig.board.pace.quota = 5
        self.assertFalse(rig.board.pace.takes(6, False))
        self.assertIn("the quota of today is used up", str(rig.board.events.newest(1)))


if __name__ == "__main__":
    unittest.main()
