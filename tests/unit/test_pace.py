"""What a board allows its links: the rate of the hour, the quota of the day, clocks that are wrong, restarts."""

import unittest

from firmware.pace import Pace
from firmware.schedule import DAY, always, parse

MIB = 1 << 20
THURSDAY = 20006  # days since 1970
START = THURSDAY * DAY  # minutes


class Clock:
    """Local time is `minute` when `ms` is 0."""

    def __init__(self, minute=START):
        self.ms = 0
        self.minute = minute

    def now_ms(self):
        return self.ms

    def wall_ms(self):
        return self.minute * 60000 + self.ms

    def local_minute(self, wall_ms):
        return wall_ms // 60000

    def pass_minutes(self, pace, minutes, step=1):
        for _ in range(0, minutes, step):
            self.ms += step * 60000
            pace.poll(self.ms)


class Kept:
    """Where records survive; at once, or when down() is called."""

    def __init__(self, pace, at_once=True):
        self.records = []
        self._pace, self._at_once = pace, at_once
        pace.keep = self._keep

    def _keep(self, record):
        self.records.append(record)
        if self._at_once:
            self.down()

    def down(self):
        self._pace.kept(self.records[-1])


def made(rate="0", quota=0, minute=START):
    clock = Clock(minute)
    pace = Pace(parse(rate), quota, clock)
    pace.changes = []
    pace.changed = lambda: pace.changes.append(pace.cap)
    pace.poll(0)
    pace.changes.clear()
    return clock, pace


class Rates(unittest.TestCase):
    def test_it_follows_the_clock_and_says_so(self):
        clock, pace = made("2M thu 08:00-19:00, 500K fri, 0")
        self.assertEqual(pace.cap, 0)
        clock.pass_minutes(pace, 24 * 60 + 1)
        self.assertEqual(pace.changes, [2000000, 0, 500000])

    def test_one_rate_needs_no_clock(self):
        pace = Pace(always(5000), 0, None)
        pace.poll(0)
        self.assertEqual([pace.cap, pace.due(), pace.trouble], [5000, None, ""])

    def test_it_is_looked_at_every_second(self):
        clock, pace = made("2M 00:01-19:00, 0")
        clock.ms = 59999
        pace.poll(59999)
        self.assertTrue(pace.due() <= 60999)
        clock.ms = pace.due()
        pace.poll(pace.due())
        self.assertEqual(pace.cap, 2000000)

    def test_a_new_one_counts_at_once(self):
        clock, pace = made("2M")
        pace.set_rate(parse("1M 00:00-12:00, 0"))
        self.assertEqual([pace.cap, pace.changes], [1000000, [1000000]])
        pace.set_rate(always(0))
        self.assertEqual([pace.cap, pace.due()], [0, None])

    def test_without_a_clock_the_strictest_counts(self):
        clock, pace = made("2M 08:00-19:00, 500K 19:00-20:00, 0")
        pace.clock_set = False
        clock.pass_minutes(pace, 1)
        self.assertEqual(pace.cap, 500000)
        self.assertIn("the strictest rate counts", pace.trouble)
        pace.clock_set = True
        clock.pass_minutes(pace, 1)
        self.assertEqual([pace.cap, pace.trouble], [0, ""])

    def test_it_begins_with_the_strictest(self):
        self.assertEqual(Pace(parse("2M 08:00-19:00, 0"), 0, Clock()).cap, 2000000)


class Quotas(unittest.TestCase):
    def test_it_is_never_exceeded_by_a_group(self):
        clock, pace = made(quota=16 * MIB)
        for _ in range(15):
            self.assertTrue(pace.takes(MIB, False))
            pace.count(MIB)
        self.assertFalse(pace.takes(MIB + 1, False))
        self.assertTrue(pace.holds)
        self.assertTrue(pace.takes(MIB, False))

    def test_what_a_host_waits_for_goes(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(20 * MIB)
        self.assertTrue(pace.takes(MIB, True))
        self.assertFalse(pace.takes(MIB, False))

    def test_midnight_lets_everything_go(self):
        clock, pace = made(quota=16 * MIB, minute=START + 1430)
        pace.count(16 * MIB)
        pace.takes(1, False)
        clock.pass_minutes(pace, 9)
        self.assertEqual([pace.holds, pace.used, pace.changes], [True, 16 * MIB, []])
        clock.pass_minutes(pace, 1)
        self.assertEqual([pace.holds, pace.used, pace.changes], [False, 0, [0]])

    def test_another_quota_lets_go_at_once(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(16 * MIB)
        pace.takes(1, False)
        pace.set_quota(32 * MIB)
        self.assertEqual([pace.holds, pace.used, pace.changes], [False, 16 * MIB, [0]])
        self.assertTrue(pace.takes(MIB, False))
        self.assertFalse(pace.takes(17 * MIB, False))

    def test_a_quota_that_is_new_counts_from_then_on(self):
        clock, pace = made()
        pace.count(1 << 40)  # in weeks
        pace.set_quota(16 * MIB)
        self.assertTrue(pace.takes(16 * MIB, False))

    def test_to_lift_a_quota_for_a_while_gives_nothing_back(self):
        clock, pace = made(quota=64 * MIB)
        pace.count(60 * MIB)
        pace.set_quota(0)
        clock.pass_minutes(pace, 5)
        pace.set_quota(64 * MIB)
        self.assertFalse(pace.takes(5 * MIB, False))
        pace.set_quota(0)
        clock.ms += DAY * 60000
        pace.set_quota(64 * MIB)
        self.assertTrue(pace.takes(60 * MIB, False))

    def test_what_goes_while_there_is_none_is_not_counted(self):
        for rate in ("0", "2M 08:00-19:00, 0"):
            clock, pace = made(rate, quota=64 * MIB)
            pace.count(MIB)
            pace.set_quota(0)
            pace.count(1 << 40)
            pace.set_quota(64 * MIB)
            self.assertEqual(pace.used, MIB)

    def test_a_larger_one_for_a_while_costs_nothing_of_the_day(self):
        for middle in ((1 << 50, 0), (500 << 30, 0), (1 << 50,), (0,)):
            clock, pace = made(quota=64 * MIB)
            kept = Kept(pace)
            pace.count(MIB)
            for quota in middle + (64 * MIB,):
                pace.set_quota(quota)
                pace.count(1)
            self.assertTrue(pace.used <= MIB + 4)
            self.assertEqual(kept.records[-1][1:], (kept.records[-1][2] + pace.used - 1, MIB, 0))
            self.assertTrue(pace.takes(62 * MIB, False))

    def test_a_quota_of_the_settings_file_goes_on_where_it_was(self):
        clock, pace = made()
        pace.restore((THURSDAY, 16 * MIB, 0, 0))
        pace.set_quota(16 * MIB)
        self.assertFalse(pace.takes(1, False))

    def test_a_clock_that_is_set_back_gives_nothing_back(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(16 * MIB)
        clock.minute -= 3 * DAY
        clock.pass_minutes(pace, 2)
        self.assertFalse(pace.takes(1, False))
        clock.pass_minutes(pace, DAY)
        self.assertTrue(pace.takes(1, False))

    def test_nor_does_one_that_is_set_right_again(self):
        for back in (1, DAY, 3 * DAY):
            clock, pace = made(quota=16 * MIB)
            pace.count(16 * MIB)
            for _ in range(2):
                for step in (-back, back):
                    clock.minute += step
                    clock.pass_minutes(pace, 2)
                    self.assertFalse(pace.takes(1, False))
            clock.pass_minutes(pace, DAY)
            self.assertTrue(pace.takes(16 * MIB, False))

    def test_days_pass_on_a_clock_that_was_set_back_until_it_comes_to_the_day_that_it_had_shown(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(16 * MIB)
        clock.minute -= 3 * DAY
        clock.pass_minutes(pace, 1)
        taken = []
        for _ in range(5):
            clock.pass_minutes(pace, DAY, 60)
            taken.append(pace.takes(16 * MIB, False))
            pace.count(16 * MIB)
        self.assertEqual(taken, [True, True, False, True, True])

    def test_a_clock_before_1970_tells_no_day(self):
        clock, pace = made(quota=16 * MIB)
        kept = Kept(pace)
        pace.count(15 * MIB)
        clock.minute = -5 * DAY
        clock.pass_minutes(pace, 2 * DAY, 60)
        pace.count(MIB)
        self.assertFalse(pace.takes(1, False))
        self.assertEqual({record[0] for record in kept.records}, {THURSDAY})

    def test_a_day_does_not_end_while_nobody_knows_the_time(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(16 * MIB)
        pace.clock_set = False
        clock.pass_minutes(pace, 2 * DAY, 60)
        self.assertFalse(pace.takes(1, False))
        self.assertIn("the quota's day does not end", pace.trouble)
        pace.count(MIB)
        pace.clock_set = True
        clock.pass_minutes(pace, 1)
        self.assertEqual(pace.used, MIB)  # it went before anybody knew that a new day had begun

    def test_what_went_while_nobody_knew_the_time_may_be_of_the_next_day_after_a_restart_too(self):
        for day, used in ((THURSDAY, 9 * MIB), (THURSDAY + 1, 3 * MIB)):
            clock, pace = made(quota=16 * MIB)
            pace.clock_set = False
            kept = Kept(pace)
            pace.restore((THURSDAY, 6 * MIB, 0, 0))
            pace.count(3 * MIB)
            pace.close()
            self.assertEqual(kept.records[-1], (THURSDAY, 9 * MIB, 0, 3 * MIB))
            clock = Clock(day * DAY)
            again = Pace(always(0), 16 * MIB, clock)
            kept = Kept(again)
            again.clock_set = False
            again.restore((THURSDAY, 9 * MIB, 0, 3 * MIB))
            again.clock_set = True
            clock.pass_minutes(again, 1)
            self.assertEqual(again.used, used)
            self.assertEqual(kept.records[-1], (day, used + MIB // 4, MIB // 4, 0))

    def test_an_excess_is_told_until_midnight(self):
        clock, pace = made(quota=16 * MIB)
        self.assertTrue(pace.takes(16 * MIB, False, True))
        pace.count(16 * MIB)
        self.assertTrue(pace.takes(1, True))
        self.assertFalse(pace.takes(1, False))
        self.assertEqual(pace.excess, "")
        self.assertTrue(pace.takes(1, False, True))
        self.assertIn("goes beyond the quota", pace.excess)
        clock.pass_minutes(pace, DAY)
        self.assertEqual(pace.excess, "")

    def test_another_quota_ends_an_excess(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(16 * MIB)
        pace.takes(1, False, True)
        pace.set_quota(32 * MIB)
        self.assertEqual(pace.excess, "")

    def test_it_is_told_once(self):
        clock, pace = made(quota=16 * MIB)
        told = []
        pace.note = told.append
        pace.count(16 * MIB)
        for _ in range(5):
            pace.takes(1, False)
        self.assertEqual(len(told), 1)
        self.assertIn("until midnight", told[0])


class Restarts(unittest.TestCase):
    def spent(self, quota, pieces, size):
        clock, pace = made(quota=quota)
        kept = Kept(pace)
        for _ in range(pieces):
            pace.count(size)
        return clock, pace, kept.records

    def test_what_is_written_down_is_never_too_little(self):
        for pieces in range(1, 200):
            clock, pace, records = self.spent(1024 * MIB, pieces, 3 * MIB)
            self.assertTrue(pace.used <= records[-1][1] <= pace.used + 16 * MIB)

    def test_a_group_goes_once_it_is_written_down(self):
        clock, pace = made(quota=64 * MIB)
        kept = Kept(pace, at_once=False)
        self.assertFalse(pace.takes(4 * MIB, False))
        self.assertFalse(pace.takes(4 * MIB, False))
        self.assertTrue(pace.takes(4 * MIB, True))
        self.assertEqual((kept.records, pace.changes, pace.holds), ([(THURSDAY, 5 * MIB, MIB, 0)], [], False))
        kept.down()
        self.assertEqual(pace.changes, [0])
        self.assertTrue(pace.takes(4 * MIB, False))
        pace.count(4 * MIB)
        self.assertEqual(len(kept.records), 1)
        self.assertTrue(pace.takes(MIB, False))
        self.assertFalse(pace.takes(2 * MIB, False))

    def test_a_medium_that_hangs_holds_it_up_for_two_seconds(self):
        clock, pace = made(quota=64 * MIB)
        kept = Kept(pace, at_once=False)
        self.assertFalse(pace.takes(4 * MIB, False))
        clock.ms += 1999
        self.assertFalse(pace.takes(4 * MIB, False))
        clock.ms += 1
        pace.poll(clock.ms)
        self.assertEqual(pace.changes, [0])
        for _ in range(3):
            self.assertTrue(pace.takes(4 * MIB, False))
            pace.count(4 * MIB)
        kept.down()
        self.assertTrue(pace.takes(MIB, False))
        self.assertFalse(pace.takes(4 * MIB, False))

    def test_each_group_has_the_patience_anew(self):
        clock, pace = made(quota=64 * MIB)
        kept = Kept(pace, at_once=False)
        self.assertFalse(pace.takes(4 * MIB, False))
        self.assertTrue(pace.takes(4 * MIB, True))
        kept.down()
        clock.ms += 60000
        self.assertFalse(pace.takes(8 * MIB, False))
        clock.pass_minutes(pace, DAY)
        self.assertFalse(pace.takes(4 * MIB, False))

    def test_a_record_of_another_quota_or_day_is_not_what_it_waits_for(self):
        clock, pace = made(quota=500 << 30)
        kept = Kept(pace)
        pace.count(MIB)
        kept = Kept(pace, at_once=False)
        pace.set_quota(64 * MIB)
        self.assertFalse(pace.takes(MIB, False))
        kept.down()
        self.assertTrue(pace.takes(MIB, False))
        yesterday = kept.records[-1]
        clock.pass_minutes(pace, DAY)
        pace.kept(yesterday)
        self.assertFalse(pace.takes(1, False))

    def test_it_is_written_down_seldom(self):
        clock, pace, records = self.spent(1024 * MIB, 4096, MIB // 4)
        self.assertTrue(len(records) <= 2 * 64 + 1, len(records))

    def test_a_restart_goes_on_where_it_was(self):
        clock, pace, records = self.spent(1024 * MIB, 1000, MIB)
        clock, again = made(quota=1024 * MIB)
        again.restore(records[-1])
        self.assertTrue(1000 * MIB <= again.used <= 1016 * MIB)
        self.assertFalse(again.takes(25 * MIB, False))

    def test_a_restart_with_a_smaller_quota_costs_no_more_than_its_step(self):
        clock, pace, records = self.spent(500 << 30, 1, MIB)
        for first in (64 * MIB, 0):
            clock, again = made(quota=first)
            again.restore(records[-1])
            if not first:
                again.set_quota(64 * MIB)
            self.assertTrue(MIB <= again.used <= 2 * MIB, again.used)
            again.count(1)
            self.assertTrue(again.takes(61 * MIB, False))

    def test_nor_does_a_smaller_quota_after_a_restart(self):
        clock, pace, records = self.spent(500 << 30, 1, MIB)
        clock, again = made(quota=500 << 30)
        again.restore(records[-1])
        kept = Kept(again)
        again.set_quota(0)
        clock, third = made(quota=64 * MIB)
        third.restore(kept.records[-1])
        again.set_quota(64 * MIB)
        for pace in (again, third):
            self.assertTrue(MIB <= pace.used <= 2 * MIB, pace.used)

    def test_a_step_is_bounded(self):
        clock, pace, records = self.spent(1 << 50, 9, MIB)
        self.assertTrue(records[-1][1] <= 9 * MIB + (64 << 20))

    def test_what_an_earlier_day_wrote_ahead_takes_nothing_off_this_one(self):
        clock, pace = made()
        pace.restore((THURSDAY - 1, 70 * MIB, 64 * MIB, 0))
        pace.set_quota(64 * MIB)
        self.assertEqual(pace.used, 0)

    def test_a_lifted_quota_leaves_what_was_really_used(self):
        clock, pace, records = self.spent(16 * MIB, 5, MIB)
        pace.set_quota(0)
        self.assertEqual(records[-1], (THURSDAY, 5 * MIB, 0, 0))

    def test_what_went_before_the_file_was_read_counts(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(MIB)
        pace.restore((THURSDAY, 5 * MIB, 0, 0))
        self.assertEqual(pace.used, 6 * MIB)

    def test_yesterday_is_over(self):
        clock, pace = made(quota=16 * MIB)
        pace.count(MIB)
        pace.restore((THURSDAY - 1, 5 * MIB, 0, 0))
        self.assertEqual(pace.used, MIB)

    def test_of_yesterday_counts_what_may_be_of_today(self):
        clock, pace = made(quota=16 * MIB)
        kept = Kept(pace)
        pace.restore((THURSDAY - 1, 5 * MIB, 0, 3 * MIB))
        self.assertEqual((pace.used, kept.records[-1][3]), (3 * MIB, 0))

    def test_a_day_that_nobody_ever_knew_is_kept_as_well(self):
        pace = Pace(always(0), 16 * MIB, Clock())
        kept = Kept(pace)
        pace.clock_set = False
        pace.count(5 * MIB)
        pace.close()
        self.assertEqual(kept.records[-1], (0, 5 * MIB, 0, 5 * MIB))
        for is_set in (False, True):
            again = Pace(always(0), 16 * MIB, Clock())
            again.clock_set = is_set
            again.restore(kept.records[-1])
            self.assertEqual(again.used, 5 * MIB)

    def test_a_file_of_tomorrow_gives_nothing_back(self):
        clock, pace = made(quota=16 * MIB)
        pace.restore((THURSDAY + 5, 16 * MIB, 0, 0))
        self.assertFalse(pace.takes(1, False))

    def test_a_clean_end_writes_down_what_was_used(self):
        clock, pace, records = self.spent(16 * MIB, 5, MIB)
        pace.close()
        self.assertEqual(records[-1], (THURSDAY, 5 * MIB, 0, 0))

    def test_without_a_quota_nothing_is_written(self):
        clock, pace = made("2M 08:00-19:00, 0")
        kept = Kept(pace)
        pace.count(1 << 40)
        pace.close()
        self.assertEqual(kept.records, [])


if __name__ == "__main__":
    unittest.main()
