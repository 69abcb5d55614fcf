"""The next 24 hours, where they can be worked out on paper. Second by second: tests/fuzz/test_fuzz_outlook.py."""

import unittest

from firmware.status.outlook import END_S, STEPS, outlook

HOUR = 3600
PLENTY = 1 << 50


def look(writes=0, ratio=1.0, line=0, caps=((0, 0),), quota=None, backlog=0, oldest_s=0, room=PLENTY):
    writes = [writes] * STEPS if isinstance(writes, int) else writes
    return outlook(writes, ratio, line, list(caps), quota, backlog, oldest_s, room)


class OnPaper(unittest.TestCase):
    def assertNear(self, found, wanted, places=7):
        self.assertTrue(abs(found - wanted) < 10**-places, (found, wanted))

    def test_nothing_to_do(self):
        seen = look()
        self.assertEqual((seen.lag_s, seen.caught_up_s, seen.full_s), (0, 0, None))

    def test_a_backlog_goes_at_the_cap(self):
        seen = look(caps=((0, 8000),), backlog=1000 * 600, oldest_s=100)
        self.assertNear(seen.caught_up_s, 600)
        self.assertNear(seen.lag_s, 600)

    def test_and_in_no_time_without_one(self):
        seen = look(backlog=1 << 40, oldest_s=100)
        self.assertNear(seen.caught_up_s, 0, 2)
        self.assertNear(seen.lag_s, 100, 2)

    def test_office_hours(self):
        """20 kB/s for eleven hours, of which 16 go: the last of it waits for 2 h 12 min."""
        caps = (0, 0), (8 * HOUR, 128000), (19 * HOUR, 0)
        seen = look(20000, caps=caps)
        self.assertNear(seen.lag_s, 11 * HOUR / 5, 3)
        self.assertNear(seen.lag_at_s, 19 * HOUR, 3)
        self.assertEqual(seen.caught_up_s, 0)

    def test_what_compresses_goes_twice_as_fast(self):
        self.assertNear(look(ratio=0.5, caps=((0, 8000),), backlog=600000).caught_up_s, 300)

    def test_the_line_may_be_what_is_thin(self):
        self.assertNear(look(line=1000, caps=((0, 80000),), backlog=600000).caught_up_s, 600)

    def test_a_quota_holds_back_until_midnight(self):
        seen = look(1000, quota=(1000 * HOUR, 1 << 40, [5 * HOUR]))
        self.assertNear(seen.lag_s, 4 * HOUR, 3)
        self.assertNear(seen.lag_at_s, 5 * HOUR, 3)

    def test_a_quota_too_small_for_every_day(self):
        seen = look(1000, quota=(0, 0, [5 * HOUR]), backlog=5)
        self.assertNear(seen.lag_s, END_S)
        self.assertIsNone(seen.caught_up_s)

    def test_a_journal_that_fills(self):
        seen = look(2000, caps=((0, 8000),), room=3600 * 1000)
        self.assertNear(seen.full_s, 3600)
        self.assertNear(seen.lag_s, 3600, 3)  # hosts wait from then on

    def test_what_binds_when_the_journal_is_full(self):
        """The quota, where it is used up before at either rate; the rate, where it lasts."""
        for rate, left, full_s, by_quota in ((2e6, 300e6, 5000, True), (2e7, 300e6, 5000, True), (0, 3e8, 5000, True),
                                             (2e6, 9e9, 24000, False)):  # fmt: skip
            seen = look(300000, caps=((0, rate),), quota=(left, 1 << 40, [20 * HOUR]), backlog=1.8e9, room=3e9)
            self.assertEqual(seen.full_quota, by_quota, (rate, left))
            self.assertNear(seen.full_s, full_s, 0)
        self.assertIsNone(look().full_quota)

    def test_a_pause_of_the_host(self):
        writes = [2000] * 12 + [0] * 24 + [10] * (STEPS - 36)
        seen = look(writes, caps=((0, 8000),))
        self.assertNear(seen.lag_s, 3600)
        self.assertNear(seen.lag_at_s, 7200)


if __name__ == "__main__":
    unittest.main()
