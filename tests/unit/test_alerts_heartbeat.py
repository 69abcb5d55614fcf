"""When the pings stop."""

import unittest

from firmware.alerts.heartbeat import STILL_MS, Heartbeat
from firmware.log.layout import MAX_BODY
from tests.unit.fakes_alerts import make_status


class Beats(unittest.TestCase):
    def setUp(self):
        self.heartbeat = Heartbeat()
        self.status = make_status()
        self.now = 0

    def after(self, ms, wire=0, **groups):
        """What it says after so long in this state; `groups` move with every look, `wire` bytes a second go out."""
        for _ in range(ms // 10000):
            self.now += 10000
            for name, step in groups.items():
                self.status["group"][name] += step
            self.status["link"]["sent_bytes"] += 10 * wire
            said = self.heartbeat.look(self.status, self.now)
        return said

    def test_idle(self):
        self.assertEqual(self.after(10 * STILL_MS), "")

    def test_busy(self):
        self.assertEqual(self.after(10 * STILL_MS, written=1, durable=1, acked=1, played=1), "")

    def test_behind_but_moving(self):
        self.status["group"]["acked"] = 1
        self.assertEqual(self.after(10 * STILL_MS, written=9, durable=9, acked=1, played=9), "")

    def test_a_twin_has_nobody_who_takes_its_groups(self):
        self.status["role"] = "twin"
        self.assertEqual(self.after(10 * STILL_MS, written=1, durable=1, played=1), "")

    def test_what_stands_still(self):
        for name, words in (("durable", "journal"), ("acked", "twin"), ("played", "disk")):
            self.setUp()
            self.after(STILL_MS)
            moving = {each: 1 for each in ("written", "durable", "acked", "played") if each != name}
            if name == "durable":
                moving = {"written": 1}
            self.assertEqual(self.after(STILL_MS - 10000, **moving), "", name)
            self.assertIn(words, self.after(60000, **moving))

    def test_a_quota_holds_it_back(self):
        self.status["link"]["quota"]["holds"] = True
        self.assertEqual(self.after(10 * STILL_MS, written=1, durable=1, played=1), "")
        self.status["link"]["quota"]["holds"] = False
        self.assertIn("twin", self.after(2 * STILL_MS, written=1, durable=1, played=1))

    def test_what_was_sent_before_the_quota_was_used_up_is_to_be_taken(self):
        self.status["link"]["quota"]["holds"] = True
        self.status["group"].update(written=100, durable=100, sent=100, acked=9, played=100)
        self.assertEqual(self.after(STILL_MS), "")
        self.assertIn("twin", self.after(20000))
        self.status["group"]["acked"] = 100
        self.assertEqual(self.after(10 * STILL_MS, written=1, durable=1, played=1), "")

    def test_under_a_rate_the_twin_goes_on(self):
        self.status["link"].update(held_bytes=1 << 30, cap=2000000)
        self.assertEqual(self.after(STILL_MS, written=1, durable=1, played=1), "")
        self.assertIn("twin", self.after(60000, written=1, durable=1, played=1))
        self.assertEqual(self.after(10000, acked=1), "")

    def test_a_slow_rate_may_take_long_for_one_group(self):
        self.status["link"].update(held_bytes=1 << 30, cap=56000)
        self.assertEqual(self.after(STILL_MS + 590000, written=1, durable=1, played=1), "")
        self.assertIn("twin", self.after(60000, written=1, durable=1, played=1))

    def test_a_slow_line_may_take_long_for_one_group(self):
        self.after(10 * 3600000, wire=600)  # reports, while there is nothing to take
        self.status["group"].update(written=9, durable=9, sent=5, played=9)
        for bits in (128000, 28800):
            took_ms = MAX_BODY * 8000 // bits
            for _ in range(3):
                self.assertEqual(self.after(took_ms, wire=bits // 8), "", bits)
                self.status["group"]["acked"] += 1
            self.status["group"]["acked"] = 5

    def test_a_twin_that_takes_nothing_while_heartbeats_and_reports_go_out(self):
        self.status["group"].update(written=9, durable=9, sent=9, played=9)
        self.status["link"]["sent_bytes"] = 40 << 20  # what the systems took of them at once
        self.assertEqual(self.after(STILL_MS - 10000), "")
        self.assertIn("twin", self.after(2 * STILL_MS, wire=2100))
        self.assertIn("twin", self.after(10 * STILL_MS, wire=2100))

    def test_however_much_goes_out_a_twin_that_never_has_a_group_takes_nothing(self):
        self.status["group"].update(written=9, durable=9, sent=5, played=9)
        self.assertEqual(self.after(10000), "")
        self.assertIn("twin", self.after(3 * STILL_MS, wire=1000000))
        self.status["group"]["acked"] += 1
        self.assertEqual(self.after(STILL_MS, wire=1000000), "")
        self.assertIn("twin", self.after(20 * STILL_MS, wire=16000))

    def test_states(self):
        for state in ("failed", "fenced"):
            self.status["state"] = state
            self.assertEqual(self.after(10000), "this board takes no more writes")
        self.status["state"] = "promoted"
        self.assertEqual(self.after(10 * STILL_MS, written=1, durable=1, played=1), "")

    def test_a_link_that_comes_back_by_itself(self):
        self.after(20000)
        self.status["state"] = "no link"
        self.assertEqual(self.after(STILL_MS - 10000), "")
        self.status["state"] = "mirroring"
        self.assertEqual(self.after(10000), "")
        self.status["state"] = "no link"
        self.assertEqual(self.after(STILL_MS - 10000), "")
        self.assertEqual(self.after(20000), "the other board is not reached")

    def test_a_copy(self):
        self.status["state"] = "copying"
        self.assertEqual(self.after(STILL_MS - 20000), "")
        self.assertIn("copy", self.after(60000))
        self.status["copy"]["bytes"] = 1
        self.assertEqual(self.after(10000), "")

    def copy(self, **groups):
        """One under way, whose groups up to 100 are in the journal and on the disk."""
        self.status.update(state="copying", copy={"whole": False, "bytes": 16 << 20})
        self.status["group"].update(written=100, durable=100, sent=100, acked=20, played=100)
        self.status["group"].update(groups)

    def test_a_copy_that_the_quota_holds_back(self):
        self.copy(sent=20)
        self.status["link"]["quota"]["holds"] = True
        self.assertEqual(self.after(10 * STILL_MS), "")
        self.status["link"]["quota"]["holds"] = False
        self.assertIn("twin", self.after(2 * STILL_MS))

    def test_a_copy_under_a_slow_rate(self):
        self.copy()
        self.status["link"].update(held_bytes=16 << 20, cap=56000)
        for _ in range(5):  # a group takes minutes, and the copy waits for it
            self.assertEqual(self.after(4 * STILL_MS), "")
            self.status["group"]["acked"] += 1

    def test_the_twin_takes_the_last_of_a_copy(self):
        self.copy()
        self.assertEqual(self.after(600000, acked=1), "")
        self.status["group"]["acked"] = 99
        self.assertIn("twin", self.after(2 * STILL_MS))

    def test_a_copy_that_stands_still_when_the_twin_has_taken_all(self):
        self.copy()
        self.assertEqual(self.after(4 * STILL_MS, acked=1), "")
        self.status["group"]["acked"] = 100
        self.assertEqual(self.after(STILL_MS - 10000), "")
        self.assertIn("copy", self.after(20000))

    def test_a_disk_that_the_copy_cannot_read_while_hosts_write(self):
        self.copy()
        busy = {"written": 1, "durable": 1, "sent": 1, "acked": 1, "played": 1}
        self.assertEqual(self.after(2 * STILL_MS, **busy), "")
        self.status["conditions"] = [{"name": "damage"}]
        self.assertEqual(self.after(STILL_MS - 10000, **busy), "")
        self.assertIn("copy", self.after(20000, **busy))

    def test_a_copy_is_judged_where_it_is_made(self):
        self.copy(written=20, durable=20, played=20)
        self.status["role"] = "twin"
        self.assertEqual(self.after(10 * STILL_MS), "")
