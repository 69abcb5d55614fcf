"""A rate by the clock: what each minute of the week gets, and every way to write it wrong."""

import unittest

from firmware.errors import Refused
from firmware.schedule import DAY, WEEK, always, parse

MON, TUE, FRI, SAT, SUN = 0, DAY, 4 * DAY, 5 * DAY, 6 * DAY


def at(hours, minutes=0):
    return hours * 60 + minutes


class Rates(unittest.TestCase):
    def check(self, text, *expected):
        schedule = parse(text)
        for minute, rate in expected:
            self.assertEqual(schedule.rate_at(minute), rate, "%s at minute %d" % (text, minute))
        self.assertEqual(schedule.text, text)

    def test_one_for_all_times(self):
        self.check("2M", (0, 2000000), (WEEK - 1, 2000000))
        self.assertTrue(parse("2M").constant and parse("0").constant)
        self.assertEqual([always(5000).rate_at(77), always(5000).strictest, always(0).strictest], [5000, 5000, 0])

    def test_hours(self):
        day = (at(7, 59), 0), (at(8), 2000000), (at(18, 59), 2000000), (at(19), 0)
        self.check("2M 08:00-19:00, 0", *day, *[(SUN + minute, rate) for minute, rate in day])

    def test_over_midnight(self):
        self.check("64K 22:00-06:00, 1M", (0, 64000), (at(5, 59), 64000), (at(6), 10**6), (SUN + at(23), 64000))

    def test_days(self):
        text = "2M mon-fri 08:00-19:00, 500K sat, 0"
        self.check(text, (at(8), 2000000), (FRI + at(18), 2000000), (SAT, 500000), (SAT + at(23, 59), 500000), (SUN, 0))

    def test_a_night_belongs_to_the_day_on_which_it_begins(self):
        self.check(
            "1M fri 22:00-06:00, 0", (FRI + at(5), 0), (FRI + at(22), 10**6), (SAT + at(5, 59), 10**6), (SAT + at(6), 0)
        )
        self.check("1M sun 22:00-06:00, 0", (at(5, 59), 10**6), (at(6), 0), (SUN + at(22), 10**6))

    def test_days_over_the_end_of_the_week(self):
        self.check("1M sat-mon, 2M", (0, 10**6), (TUE, 2000000), (SAT, 10**6), (SUN + at(23, 59), 10**6))

    def test_a_whole_week_in_days(self):
        self.check("1M tue-mon", (0, 10**6), (TUE, 10**6))

    def test_until_the_end_of_the_day(self):
        self.check("1M 18:00-24:00, 0", (at(23, 59), 10**6), (TUE, 0), (TUE + at(17, 59), 0))

    def test_the_first_that_fits_counts(self):
        self.check(
            "1M 10:00-11:00, 2M 08:00-19:00, 0", (at(9), 2000000), (at(10), 10**6), (at(11), 2000000), (at(19), 0)
        )

    def test_letters_and_blanks(self):
        self.check("  2M  MON-Fri\t08:00-19:00 ,0 ", (at(8), 2000000), (at(7), 0))

    def test_the_strictest_is_the_lowest_cap(self):
        self.assertEqual(parse("2M 08:00-19:00, 500K 19:00-20:00, 0").strictest, 500000)


class Refusals(unittest.TestCase):
    def refused(self, text, clause):
        try:
            parse(text)
        except Refused as sentence:
            self.assertIn(clause, str(sentence))
            self.assertTrue(len(str(sentence)) < 200, str(sentence))
            return
        raise AssertionError("%s was taken" % text)

    def test_times_that_nobody_named(self):
        self.refused("2M 08:00-19:00", "no entry names mon 00:00")
        self.refused("2M mon-sat, 1M sun 00:00-12:00", "no entry names sun 12:00")

    def test_entries_that_never_count(self):
        self.refused("0, 2M 08:00-19:00", "2M 08:00-19:00 never counts")
        self.refused("2M 08:00-19:00, 1M 09:00-10:00, 0", "1M 09:00-10:00 never counts")
        self.refused("1M, 2M", "2M never counts")

    def test_empty_entries(self):
        for text in ("", ",", "2M,", "2M 08:00-19:00,,0"):
            self.refused(text, "empty entry")

    def test_days_that_are_none(self):
        for word in ("monday", "mon-", "-fri", "mo-fr", "mon-fri-sat", "tomorrow", "x" * 5000):
            self.refused("2M %s, 0" % word, "is no day")

    def test_hours_that_are_none(self):
        for word in (
            "8:00-19:00",
            "08:00",
            "08:00-",
            "08-19",
            "08:60-19:00",
            "25:00-26:00",
            "24:00-08:00",
            "08:00-19:00-20:00",
            "08:0x-19:00",
        ):
            self.refused("2M %s, 0" % word, "are no hours")
        self.refused("2M 08:00-08:00, 0", "begins when it ends")
        self.refused("2M mon tue, 0", "are no hours")

    def test_too_much(self):
        self.refused("2M mon 08:00-09:00 more, 0", "more is too much")
        self.refused(", ".join(["1M 00:00-00:%02d" % minute for minute in range(1, 25)]), "at most 20 entries")

    def test_rates(self):
        self.refused("fast 08:00-19:00, 0", "this is not a rate")
        self.refused("08:00-19:00 2M, 0", "this is not a rate")
        self.refused("2 08:00-19:00, 0", "the unit is missing")


if __name__ == "__main__":
    unittest.main()
