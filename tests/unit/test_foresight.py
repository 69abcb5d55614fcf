"""The forecast of a board: from its own hour, from the chronicle's yesterday, from schedule and quota."""

import unittest

from firmware.foresight import EVERY_MS, LOOK_MS, Foresight
from firmware.pace import Pace
from firmware.schedule import DAY, parse
from firmware.status.chronicle.layout import MINUTES, Sample
from firmware.status.chronicle.series import Series
from firmware.status.facts import circumstances
from firmware.status.forecast import Forecast
from firmware.status.outlook import END_S, STEPS

HOUR = 3600
MIDNIGHT = 20006 * DAY  # a Thursday, in minutes


class Part:
    def __init__(self, **facts):
        for name in facts:
            setattr(self, name, facts[name])


class Clock:
    def __init__(self):
        self.ms = 0

    def now_ms(self):
        return self.ms

    def wall_ms(self):
        return MIDNIGHT * 60000 + self.ms

    def local_minute(self, wall_ms):
        return wall_ms // 60000


class Board:
    def __init__(self, rate="0", quota=0, role="primary"):
        self.clock = Clock()
        self.identity = Part(role=role)
        self.volume = Part(write_bytes=0)
        self.pace = Pace(parse(rate), quota, self.clock)
        self.pace.poll(0)
        link = Part(bytes_per_s=0, scarce=False)
        self.peer = Part(link=link, part=Part())
        self.identity.fenced = False
        self.copier = Part(under_way=False)
        self.chronicle = None
        self.forecast = Forecast()
        self.alarms = {}
        self.known = {
            "backlog_bytes": 0,
            "oldest_ms": None,
            "written": 0,
            "acked": 0,
            "lacked_s": 0,
            "journal_size": 1 << 40,
            "journal_used": 0,
            "sent_bytes": 50 << 20,
            "raw_bytes": 100 << 20,
        }

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

    def facts(self):
        known = dict(self.known)
        known["now_ms"] = self.clock.wall_ms()
        return known


class Story:
    def __init__(self, **settings):
        self.board = Board(**settings)
        self.timers = []
        self.foresight = Foresight(self.board, self.call_after)
        self.foresight.start()

    def call_after(self, ms, call):
        self.timers.append((self.board.clock.ms + ms, call))

    def run(self, milliseconds, bytes_per_s=0):
        end = self.board.clock.ms + milliseconds
        while self.timers and min(at for at, _ in self.timers) <= end:
            timer = min(self.timers, key=lambda each: each[0])
            self.timers.remove(timer)
            self.board.volume.write_bytes += bytes_per_s * (timer[0] - self.board.clock.ms) // 1000
            self.board.clock.ms = timer[0]
            timer[1]()
        self.board.volume.write_bytes += bytes_per_s * (end - self.board.clock.ms) // 1000
        self.board.clock.ms = end
        return self.seen()

    def seen(self):
        """(worst lag, caught up, full) as it is shown now."""
        return self.board.forecast.now(circumstances(self.board), self.board.clock.ms)[:3]


class Forecasts(unittest.TestCase):
    def near(self, found, wanted, most=120):
        self.assertTrue(found is not None and abs(found - wanted) <= most, (found, wanted))

    def test_nothing_is_known_at_first(self):
        self.assertEqual(Story().run(EVERY_MS), (None, None, None))
        self.assertEqual(Story().run(3 * EVERY_MS), (0, 0, None))

    def test_nobody_knows_without_a_link_on_a_twin_or_in_a_copy(self):
        for change in ("identity", "part", "copier"):
            story = Story(role="twin" if change == "identity" else "primary")
            if change == "part":
                story.board.peer.part = None
            story.board.copier.under_way = change == "copier"
            self.assertEqual(story.run(10 * EVERY_MS), (None, None, None))

    def test_office_hours_at_the_pace_of_the_last_hour(self):
        """Packed to a half: 20 kB a second come, 16 go; eleven hours of it."""
        lag_s, caught_up_s, full_s = Story(rate="64K 08:00-19:00, 0").run(HOUR * 1000, 20000)
        self.near(lag_s, 11 * HOUR / 5)
        self.assertEqual(caught_up_s, 0)

    def test_a_quota_until_midnight(self):
        story = Story(quota=360 << 20)
        story.board.pace.count((360 << 20) - 10000 * HOUR)  # two hours at this pace, packed, are left
        lag_s, caught_up_s, full_s = story.run(HOUR * 1000, 10000)
        self.near(lag_s, 21 * HOUR, 900)

    def test_the_journal_fills_by_day(self):
        story = Story(rate="64K 08:00-19:00, 0")
        story.board.known["journal_size"] = 4000 * 5 * HOUR
        self.near(story.run(HOUR * 1000, 20000)[2], 7 * HOUR + 5 * HOUR)

    def test_a_backlog_under_a_cap(self):
        story = Story(rate="80K")
        story.board.known["backlog_bytes"] = 72_000_000
        lag_s, caught_up_s, full_s = story.run(3 * EVERY_MS)
        self.near(caught_up_s, HOUR)

    def test_the_line_that_was_seen_counts(self):
        story = Story()
        story.board.peer.link.bytes_per_s, story.board.peer.link.scarce = 10000, True
        story.board.known["backlog_bytes"] = 72_000_000
        self.near(story.run(3 * EVERY_MS)[1], HOUR)

    def test_yesterday_is_what_today_will_be(self):
        """Hosts write from ten to eleven only, more than the cap takes; the last hour knows nothing of it."""
        story = Story(rate="64K")
        series = Series(MINUTES, 10080)
        for minute in range(-DAY, 0):
            rate = 32000 if 600 <= minute + DAY < 660 else 0
            series.add(Sample((MIDNIGHT + minute) * 60, 0, 0, rate, 0, 60))
        story.board.chronicle = Part(minutes=series)
        lag_s, caught_up_s, full_s = story.run(5 * EVERY_MS)
        self.near(lag_s, HOUR, 400)

    def test_a_bug_leaves_nothing_known_until_the_next_look(self):
        story = Story()
        story.run(5 * EVERY_MS)
        good, story.board.facts = story.board.facts, None
        with self.assertRaises(TypeError):
            story.run(EVERY_MS)
        self.assertEqual(story.seen(), (None, None, None))
        story.board.facts = good
        self.assertEqual(story.run(EVERY_MS), (0, 0, None))

    def test_what_was_foreseen_under_another_quota_rate_role_or_link_is_void(self):
        changes = (
            lambda board: board.pace.set_quota(0), lambda board: board.pace.set_rate(parse("2M")),
            lambda board: setattr(board.identity, "role", "twin"), lambda board: setattr(board.peer, "part", None),
            lambda board: setattr(board.copier, "under_way", True),
            lambda board: setattr(board.identity, "fenced", True),
        )  # fmt: skip
        for change in changes:
            story = Story(quota=1 << 20)
            story.board.known["journal_size"] = 10000 * HOUR
            story.board.pace.count(1 << 20)
            self.near(story.run(10 * EVERY_MS, 10000)[2], HOUR)
            change(story.board)
            self.assertEqual(story.seen(), (None, None, None))

    def test_it_is_worked_out_anew_at_once(self):
        story = Story(quota=1 << 20)
        story.board.known["journal_size"] = 10000 * HOUR
        story.board.pace.count(1 << 20)
        story.run(10 * EVERY_MS, 10000)
        story.board.pace.set_quota(0)
        self.assertEqual(story.run(2 * LOOK_MS, 10000), (0, 0, None))

    def test_what_goes_beyond_the_quota_does_not_fill_the_journal(self):
        story = Story(quota=1 << 20)
        story.board.known["journal_size"] = 10000 * HOUR
        story.board.pace.count(1 << 20)
        self.assertFalse(story.board.pace.takes(1, False))
        self.near(story.run(10 * EVERY_MS, 10000)[2], HOUR)
        self.assertTrue(story.board.pace.takes(1, False, True))
        self.assertEqual(story.run(2 * LOOK_MS, 10000)[2], None)

    def test_what_the_next_group_does_not_fit_into_goes_nowhere_today(self):
        story = Story(quota=1 << 20)
        story.board.known["backlog_bytes"] = 1 << 19
        story.board.pace.count(1 << 19)
        story.run(10 * EVERY_MS, 0)
        self.near(story.board.forecast.now(circumstances(story.board), story.board.clock.ms)[1], 0, 10)
        self.assertFalse(story.board.pace.takes(1 << 20, False))
        story.run(2 * LOOK_MS, 0)
        self.assertTrue(story.board.forecast.now(circumstances(story.board), story.board.clock.ms)[1] > 3600)

    def test_time_passes_until_it_is_worked_out_anew(self):
        story = Story(rate="80K")
        story.board.known["backlog_bytes"] = 72_000_000
        before = story.run(3 * EVERY_MS + 1000)[1]
        self.near(story.run(40000)[1], before - 40, 0.1)

    def test_the_rate_under_which_the_journal_gets_full(self):
        story = Story(rate="64K 08:00-19:00, 0")
        story.board.known["journal_size"] = 4000 * 5 * HOUR
        story.run(HOUR * 1000, 20000)
        self.assertEqual(story.board.forecast.now(circumstances(story.board), story.board.clock.ms)[3], 64000)

    def test_the_quota_under_which_the_journal_gets_full(self):
        story = Story(quota=1 << 20, rate="64K")
        story.board.known["journal_size"] = 10000 * HOUR
        story.board.pace.count(1 << 20)
        story.run(10 * EVERY_MS, 10000)
        now = story.board.forecast.now(circumstances(story.board), story.board.clock.ms)
        self.assertEqual(now[3:], (64000, True))
        self.assertFalse(story.board.pace.takes(1, False))
        self.assertTrue(story.board.pace.takes(1, False, True))
        story.run(2 * LOOK_MS, 10000)
        now = story.board.forecast.now(circumstances(story.board), story.board.clock.ms)
        self.assertEqual(now[2:], (None, None, None))

    def test_it_stops(self):
        story = Story()
        story.foresight.stop()
        story.run(10 * EVERY_MS)
        self.assertEqual(story.timers, [])

    def test_its_pieces_are_small(self):
        story = Story(rate="64K 08:00-19:00, 0", quota=5 << 30)
        calls = []
        story.board.clock.local_minute = lambda wall_ms: calls.append(1) or wall_ms // 60000
        story.run(2 * EVERY_MS)
        before = len(calls)
        most = 0
        for _ in range(20):
            timer = min(story.timers, key=lambda each: each[0])
            story.timers.remove(timer)
            story.board.clock.ms = timer[0]
            timer[1]()
            most, before = max(most, len(calls) - before), len(calls)
        self.assertTrue(0 < most <= 60, most)
        self.assertTrue(STEPS * 300 == END_S)


if __name__ == "__main__":
    unittest.main()
