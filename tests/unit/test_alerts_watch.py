"""Hysteresis: what stands, what is over, what flaps; by examples, and by random weather."""

import unittest

from firmware.alerts.policy import policy, urgent
from firmware.alerts.watch import CRITICAL, FORGET_MS, FREE_MS, LONGEST_GONE_MS, LOST_MS, WARNING, Watch
from tests.unit.dice import Dice

START_MS = 1700000000000
MIN, HOUR = 60000, 3600000


class Sky:
    """A Watch under a clock that the test moves; `there`: the conditions of now."""

    def __init__(self):
        self.watch = Watch()
        self.now = 5000
        self.offset = START_MS
        self.there = {}
        self.held = False
        self.unknown = self.urgent = ()
        self.over = []
        self.began = []

    def put(self, name, level=WARNING, sentence="it is so", since_ms=None):
        self.there[name] = {"name": name, "level": level, "sentence": sentence, "since_ms": since_ms}

    def wait(self, ms, step=1000):
        for _ in range(ms // step):
            self.now += step
            before = sorted(self.watch.standing)
            over = self.watch.look(
                list(self.there.values()), self.now, self.offset + self.now, self.held, self.unknown, self.urgent
            )
            self.over += over
            self.began += [each for each in sorted(self.watch.standing) if each not in before]
        return self

    @property
    def standing(self):
        return sorted(self.watch.standing)


class Single(unittest.TestCase):
    def setUp(self):
        self.sky = Sky().wait(5000)

    def test_what_nobody_can_know_is_not_over(self):
        self.sky.put("damage", CRITICAL)
        self.sky.wait(2000)
        self.sky.there, self.sky.unknown = {}, ("damage",)
        self.assertEqual(self.sky.wait(HOUR).over, [])
        self.sky.unknown = ()
        self.assertEqual(self.sky.wait(MIN - 1000).over, [])  # only what was seen counts
        self.assertEqual([each.name for each in self.sky.wait(2000).over], ["damage"])

    def test_what_will_be_worse_in_minutes_stands_at_once(self):
        self.sky.put("journal_filling", CRITICAL)
        self.assertEqual(self.sky.wait(10000).standing, [])
        self.sky.urgent = ("journal_filling",)
        self.assertEqual(self.sky.wait(1000).standing, ["journal_filling"])
        self.assertEqual(self.sky.watch.standing["journal_filling"].level, CRITICAL)
        self.sky.urgent = ()
        self.assertEqual(self.sky.wait(5 * MIN).over, [])

    def test_which_are_urgent(self):
        for left_s, level, names in ((None, CRITICAL, []), (599, CRITICAL, ["journal_filling"]), (601, CRITICAL, []),
                                     (60, WARNING, [])):  # fmt: skip
            filling = {"name": "journal_filling", "level": level}
            self.assertEqual(urgent({"journal": {"full_in_s": left_s}, "conditions": [filling]}), names)
            self.assertEqual(urgent({"journal": {"full_in_s": left_s}, "conditions": []}), [])

    def test_a_full_journal_stands_at_once_and_since_it_is_full(self):
        self.sky.put("journal_filling", CRITICAL)
        self.sky.wait(4 * MIN)
        self.sky.there, full_ms = {}, self.sky.offset + self.sky.now
        self.sky.put("journal_full", CRITICAL)
        self.assertEqual(self.sky.wait(1000).standing, ["journal_filling", "journal_full"])
        self.assertTrue(abs(self.sky.watch.standing["journal_full"].since_ms - full_ms) <= 1000)

    def test_a_journal_that_is_full_is_not_over_with_filling(self):
        self.sky.put("journal_filling", CRITICAL)
        self.sky.wait(4 * MIN)
        self.sky.there = {}
        self.sky.put("journal_full", CRITICAL)
        self.assertEqual(self.sky.wait(2 * LOST_MS, 5000).over, [])
        self.sky.there = {}
        self.assertEqual([each.name for each in self.sky.wait(2 * MIN).over], ["journal_full"])
        self.assertEqual([each.name for each in self.sky.wait(4 * MIN).over], ["journal_full", "journal_filling"])

    def test_what_nobody_could_know_for_a_day_is_lost(self):
        self.sky.put("disk", CRITICAL)
        self.sky.wait(2 * MIN)
        came_ms = self.sky.watch.standing["disk"].since_ms
        self.sky.there, self.sky.unknown = {}, ("disk", "card")
        self.assertEqual(self.sky.wait(LOST_MS - MIN, 5000).over, [])
        over = self.sky.wait(2 * MIN).over
        self.assertEqual([(each.name, each.lost, each.since_ms) for each in over], [("disk", True, came_ms)])
        self.assertTrue(abs(over[0].until_ms - came_ms - 2 * MIN) <= 5000, over[0].until_ms - came_ms)
        self.assertEqual(self.sky.standing, [])
        self.assertEqual(len(self.sky.wait(LOST_MS, 5000).over), 1)
        self.sky.put("disk")
        self.assertEqual(self.sky.wait(2 * MIN).standing, ["disk"])

    def test_a_look_that_knows_begins_the_day_anew(self):
        self.sky.put("disk", CRITICAL)
        self.sky.wait(2 * MIN)
        for _ in range(3):
            self.sky.there, self.sky.unknown = {}, ("disk",)
            self.sky.wait(LOST_MS // 2, 5000)
            self.sky.put("disk", CRITICAL)
            self.sky.wait(5000)
        self.assertEqual((self.sky.over, self.sky.watch.standing["disk"].lost), ([], False))

    def test_what_is_there_is_known(self):
        self.sky.unknown = ("disk",)
        self.sky.put("disk")
        self.assertEqual(self.sky.wait(MIN + 2000).standing, ["disk"])

    def test_what_stood_before_a_restart_is_not_over_while_nobody_can_know(self):
        self.sky.put("behind")
        self.sky.wait(2 * MIN)
        again = Sky()
        again.watch.restore(list(self.sky.watch.standing.values()))
        again.unknown = ("behind",)
        self.assertEqual((again.wait(HOUR).over, again.standing), ([], ["behind"]))
        again.put("behind")
        again.wait(MIN)
        self.assertEqual(again.watch.standing["behind"].came, 1)

    def test_it_has_to_hold(self):
        self.sky.put("disk")
        self.assertEqual(self.sky.wait(MIN).standing, [])
        self.assertEqual(self.sky.wait(2000).standing, ["disk"])

    def test_what_is_grave_stands_at_once(self):
        self.sky.put("storage", CRITICAL)
        self.assertEqual(self.sky.wait(1000).standing, ["storage"])
        self.assertEqual(self.sky.watch.standing["storage"].level, CRITICAL)

    def test_a_short_one_is_nothing(self):
        for _ in range(20):
            self.sky.put("no_link")
            self.sky.wait(25000)
            self.sky.there = {}
            self.sky.wait(30000)
        self.assertEqual((self.sky.began, self.sky.over), ([], []))

    def test_one_that_breaks_off_for_a_moment_is_something(self):
        for _ in range(10):
            self.sky.put("no_link")
            self.sky.wait(19000)
            self.sky.there = {}
            self.sky.wait(1000)
        self.assertEqual(self.sky.standing, ["no_link"])

    def test_it_has_to_be_gone(self):
        self.sky.put("no_link")
        self.sky.wait(2 * MIN)
        self.sky.there = {}
        self.sky.wait(28000)
        self.assertEqual(self.sky.over, [])
        self.sky.wait(3000)
        self.assertEqual([each.name for each in self.sky.over], ["no_link"])
        self.assertEqual(self.sky.standing, [])

    def test_since_and_until(self):
        began = START_MS + self.sky.now + 1000
        self.sky.put("no_link")
        self.sky.wait(10 * MIN)
        self.sky.there = {}
        self.sky.wait(5 * MIN)
        episode = self.sky.over[0]
        self.assertEqual(episode.since_ms, began)
        self.assertEqual(episode.until_ms - began, 10 * MIN - 1000)

    def test_one_that_comes_back_at_once_is_a_new_one(self):
        self.sky.put("clock")
        self.sky.wait(20 * MIN)
        self.sky.there = {}
        while not self.sky.over:
            self.sky.wait(1000)
        began = START_MS + self.sky.now + 1000
        self.sky.put("clock")
        self.sky.wait(11 * MIN)
        self.assertEqual(self.sky.watch.standing["clock"].since_ms, began)

    def test_who_knows_better_since_when(self):
        self.sky.put("no_link", since_ms=START_MS - HOUR)
        self.sky.wait(2 * MIN)
        self.assertEqual(self.sky.watch.standing["no_link"].since_ms, START_MS - HOUR)

    def test_the_clock_is_set(self):
        self.sky.offset = 0
        self.sky.wait(1000)
        began = self.sky.now + 1000
        self.sky.put("no_link")
        self.sky.wait(2 * MIN)
        self.assertEqual(self.sky.watch.standing["no_link"].since_ms, began)
        self.sky.offset = START_MS
        self.sky.wait(1000)
        self.assertEqual(self.sky.watch.standing["no_link"].since_ms, START_MS + began)

    def test_it_becomes_worse_and_better(self):
        self.sky.put("behind")
        self.sky.wait(2 * MIN)
        self.sky.put("behind", CRITICAL)
        self.sky.wait(30000)
        self.assertEqual(self.sky.watch.standing["behind"].level, WARNING)
        self.sky.wait(MIN)
        self.assertEqual(self.sky.watch.standing["behind"].level, CRITICAL)
        self.sky.put("behind")
        self.sky.wait(MIN)
        self.assertEqual(self.sky.watch.standing["behind"].level, CRITICAL)
        self.sky.wait(2 * MIN)
        self.assertEqual(self.sky.watch.standing["behind"].level, WARNING)
        self.assertEqual(self.sky.over, [])

    def test_not_over_while_something_is_held_back(self):
        self.sky.put("behind")
        self.sky.put("disk")
        self.sky.wait(2 * MIN)
        self.sky.there, self.sky.held = {}, True
        self.sky.wait(2 * HOUR)
        self.assertEqual(self.sky.standing, ["behind"])
        self.sky.held = False
        self.sky.wait(FREE_MS - 1000)
        self.assertEqual(self.sky.standing, ["behind"])
        self.sky.wait(1000)
        self.assertEqual(self.sky.standing, [])

    def test_a_moment_in_which_nothing_is_held_back_ends_nothing(self):
        self.sky.put("behind")
        self.sky.wait(2 * MIN)
        self.sky.there = {}
        for _ in range(30):
            self.sky.held = True
            self.sky.wait(20000)
            self.sky.held = False
            self.sky.wait(20000)
        self.assertEqual(self.sky.over, [])

    def test_flapping_is_told_once_and_summed_up(self):
        self.sky.put("no_link")
        self.sky.wait(2 * MIN)
        for _ in range(30):
            self.sky.there = {}
            self.sky.wait(20000)
            self.sky.put("no_link")
            self.sky.wait(20000)
        self.assertEqual((self.sky.began, self.sky.over), (["no_link"], []))
        self.sky.there = {}
        self.sky.wait(2 * MIN)
        self.assertEqual(self.sky.over[0].came, 31)

    def test_slow_flapping_becomes_rare(self):
        for _ in range(48):
            self.sky.put("no_link")
            self.sky.wait(15 * MIN)
            self.sky.there = {}
            self.sky.wait(15 * MIN, 5000)
        self.assertTrue(len(self.sky.began) <= 5, self.sky.began)

    def test_who_was_calm_for_a_day_is_believed_again(self):
        for _ in range(4):
            self.sky.put("no_link")
            self.sky.wait(2 * MIN)
            self.sky.there = {}
            self.sky.wait(3 * HOUR, 5000)
        self.sky.wait(FORGET_MS, 5000)
        self.sky.put("no_link")
        self.sky.wait(2 * MIN)
        self.sky.there = {}
        self.sky.wait(2 * MIN)
        self.assertEqual(len(self.sky.over), 5)

    def test_a_pause_of_the_board_is_no_evidence(self):
        self.sky.put("no_link")
        self.sky.wait(10000)
        self.sky.wait(HOUR, HOUR)
        self.assertEqual(self.sky.standing, [])

    def test_a_restart_in_the_middle(self):
        self.sky.put("behind", CRITICAL)
        self.sky.wait(2 * MIN)
        again = Sky()
        again.watch.restore(list(self.sky.watch.standing.values()))
        again.put("behind", CRITICAL)
        again.wait(10 * MIN)
        self.assertEqual((again.began, again.over), ([], []))
        self.assertEqual(again.watch.standing["behind"].came, 1)
        again.there = {}
        again.wait(3 * MIN)
        self.assertEqual([each.name for each in again.over], ["behind"])


class Weather(unittest.TestCase):
    """Random on and off at all paces: whatever it is, these hold."""

    def test_storms(self):
        for seed in range(4):
            self.storm(Dice(seed * 977 + 1))

    def storm(self, rng):
        sky, day = Sky(), 24 * HOUR
        name = rng.choice(("no_link", "behind", "voltage"))
        pace = rng.choice((3, 30, 300, 2000))  # seconds
        end = sky.now + day
        while sky.now < end:
            if rng.below(2):
                sky.put(name, rng.choice((WARNING, CRITICAL)))
            else:
                sky.there.pop(name, None)
            sky.wait(1000 * (1 + rng.below(2 * pace)), 2000 if pace > 100 else 1000)
            self.assertTrue(len(sky.began) - len(sky.over) in (0, 1))
        # After the first few, an episode and its end take at least the longest pause.
        self.assertTrue(len(sky.over) <= 5 + day // LONGEST_GONE_MS, "%d in a day" % len(sky.over))
        # In the end the truth comes out, whichever it is.
        sky.put(name)
        sky.wait(policy(name)[0] + 5000)
        self.assertEqual(sky.standing, [name])
        sky.there = {}
        sky.wait(LONGEST_GONE_MS + 5000)
        self.assertEqual(sky.standing, [])
        for episode in sky.over:
            self.assertTrue(episode.since_ms <= episode.until_ms)
