"""The chronicle of a board: what it remembers across restarts, what it tells of clocks, cards and floods."""

import unittest

from firmware.errors import Refused
from firmware.status.chronicle import chronicle as machine
from firmware.status.chronicle.diary import LOST
from firmware.status.chronicle.layout import FILE_SIZE, FIRST_SLOT, MINUTES, PAGE, SECONDS, seal
from firmware.status.repeats import ALLOWED
from tests.unit.fakes_chronicle import START_MS, Card, Clock, Life, times


class Remembering(unittest.TestCase):
    def test_a_clean_stop_keeps_all(self):
        first = Life(Card())
        first.looker.backlog, first.looker.lag_ms = 4096, 2500
        first.looker.write_rate, first.looker.sent_rate = 1000, 700
        first.events.note("left started")
        first.wait(200)
        first.events.note("left is stopping")
        first.end()
        self.assertEqual(first.card.closed, 1)
        again = first.restart(off_s=60)
        again.events.note("left started")
        again.wait(30)
        self.assertEqual(
            again.sentences, [(1, "left started"), (2, "left is stopping"), (3, "left started")]
        )  # fmt: skip
        self.assertEqual(times(again.chronicle.seconds), list(range(1, 200)) + list(range(261, 290)))
        sample = again.chronicle.seconds.sample(100)
        self.assertEqual((sample.backlog, sample.lag_ms), (4096, 2500))
        self.assertTrue(995 <= sample.write_rate <= 1005 and 695 <= sample.sent_rate <= 705)
        minute = again.chronicle.minutes.sample(1)
        self.assertEqual((minute.backlog, minute.lag_ms, minute.seconds), (4096, 2500, 60))

    def test_a_power_cut_takes_two_minutes_of_seconds_and_no_event(self):
        first = Life(Card())
        first.wait(400)
        first.events.note("it burns")
        first.wait(8)
        again = first.restart()
        again.wait(30)
        self.assertEqual(again.sentences, [(1, "it burns")])
        lost = [each for each in range(1, 408) if each not in times(again.chronicle.seconds)]
        self.assertTrue(lost and lost[0] > 408 - 125, lost)
        # Minutes come to the card every ten, but the seconds tell them.
        self.assertTrue({START_MS // 60000 * 60 - START_MS // 1000 + 60 * each for each in range(1, 5)}
                        <= set(times(again.chronicle.minutes)))

    def test_the_worst_of_a_minute_and_its_mean_rates(self):
        life = Life(None)

        def each(life):
            second = life.clock.ms // 1000
            life.looker.lag_ms = 90000 if second == 30 else 1000
            life.looker.write_rate = 600 if second % 2 else 0

        life.wait(200, each)
        worst = [life.chronicle.minutes.sample(number).lag_ms for number in range(life.chronicle.minutes.end)]
        self.assertEqual(sorted(worst), [1000] * (len(worst) - 1) + [90000])
        self.assertTrue(280 <= life.chronicle.minutes.sample(1).write_rate <= 320)

    def test_bounded(self):
        life = Life(Card())
        for number in range(2):
            life.wait(2100, lambda life: life.events.note("event %d" % life.clock.ms))
            self.assertEqual(len(life.chronicle.seconds.ring), 3725 * 32)
            self.assertEqual(len(life.chronicle.minutes.ring), 10205 * 32)
        self.assertEqual(len(life.sentences), 1000)
        self.assertEqual(len(life.card.bytes), FILE_SIZE)

    def test_life_long_counters(self):
        first = Life(Card())
        first.looker.write_rate = 5000
        first.wait(300)
        first.end()
        again = first.restart()
        again.wait(10)
        self.assertEqual(again.chronicle.card_bytes, first.chronicle.card_bytes)
        self.assertTrue(first.chronicle.card_bytes > 1400000)
        again.looker.journaled += 77
        again.wait(1)
        self.assertEqual(again.chronicle.card_bytes, first.chronicle.card_bytes + 77)
        self.assertEqual(again.chronicle.host_bytes, first.chronicle.host_bytes)

    def test_without_a_file(self):
        life = Life(None)
        life.events.note("left started")
        life.wait(20)
        self.assertEqual((life.sentences, life.chronicle.kept, life.alarm), ([(1, "left started")], False, None))
        self.assertEqual(times(life.chronicle.seconds), list(range(1, 20)))
        life.end()

    def test_read_after_the_disk_is_served(self):
        life = Life(Card())
        life.serves = False
        life.wait(5)
        self.assertEqual(life.opens, 0)
        life.serves = True
        life.wait(1)
        self.assertEqual((life.opens, life.chronicle.kept), (1, True))
        late = Life(Card())  # its disk is missing: but then somebody wants to know what happened
        late.serves = False
        late.wait(12)
        self.assertTrue(late.chronicle.kept)

    def test_a_loop_that_was_busy(self):
        life = Life(None)
        life.wait(5)
        life.clock.ms += 3000
        life.wait(2)
        life.clock.ms += 30000
        life.wait(2)
        seen = times(life.chronicle.seconds)
        self.assertEqual(seen[:8], list(range(1, 9)))
        self.assertEqual(seen, sorted(set(seen)))
        self.assertTrue(25 <= max(later - one for one, later in zip(seen, seen[1:])) <= 30)

    def test_a_card_that_was_away_for_long_does_not_hold_up_the_loop(self):
        first = Life(Card())
        first.events.note("left started")
        first.wait(300)
        first.end()
        life = first.restart(off_s=60)
        life.refusal = Refused("it is not there")
        life.wait(1)
        life.refusal, pieces, taken = None, [], type(life.chronicle.seconds).adopt

        def adopt(series, own, segments, number):
            pieces.append(taken(series, own, segments, number) - number)
            return number + pieces[-1]

        type(life.chronicle.seconds).adopt = adopt
        self.addCleanup(setattr, type(life.chronicle.seconds), "adopt", taken)
        life.wait(machine.AGAIN_MS // 1000 + 2)
        self.assertTrue(life.chronicle.kept)
        self.assertTrue(sum(pieces) > 600 and max(pieces) <= 200, pieces)
        seen = times(life.chronicle.seconds)
        self.assertEqual(seen, list(range(1, 300)) + list(range(361, seen[-1] + 1)))
        life.events.note("it goes on")
        life.wait(130)
        again = life.restart()
        again.wait(2)
        self.assertEqual(again.sentences[0], (1, "left started"))
        self.assertEqual(again.sentences[-1][1], "it goes on")

    def test_a_clock_that_is_set_late_does_not_hold_up_the_loop(self):
        life = Life(Card(), Clock(wall_ms=1577836800000), clock_set=False)
        life.wait(3000)
        begun = []
        life.clock.ahead_ms += START_MS - life.clock.wall_ms()
        writes = []
        life.card.watch = writes.append
        self.assertEqual(life.chronicle.tick(), 1)
        while life.chronicle.tick() == 1:
            begun.append(life.chronicle.seconds.sample(0).time_s)
        self.assertTrue(len(begun) > 10 and writes == [])
        seen = times(life.chronicle.seconds)
        self.assertEqual(seen[-1] - seen[0], len(seen) - 1)
        self.assertTrue(-3 < seen[-1] < 3)

    def test_a_file_that_is_deleted_while_it_is_kept_is_made_anew(self):
        life = Life(Card())
        life.looker.write_rate = 1000
        life.events.note("left started")
        life.wait(1500)
        life.card.in_place, gone = False, life.card
        life.card = Card()
        life.wait(130)
        self.assertEqual((gone.closed, life.opens, life.chronicle.kept, life.alarm), (1, 2, True, ""))
        self.assertIn("was deleted, or replaced", life.sentences[-1][1])
        life.wait(3)
        again = life.restart()
        again.wait(5)
        self.assertEqual(again.sentences, life.sentences)
        self.assertEqual(times(again.chronicle.seconds)[:1500], times(life.chronicle.seconds)[:1500])
        self.assertTrue(again.chronicle.card_bytes > 1400000)

    def test_a_file_that_cannot_be_made_anew_is_an_alarm(self):
        life = Life(Card())
        life.wait(10)
        life.card.in_place, life.refusal = False, OSError(2, "No such file or directory")
        life.wait(130)
        self.assertIn("cannot be kept (what it is; what to do)", life.alarm)
        self.assertFalse(life.chronicle.kept)

    def test_a_life_of_a_second_leaves_its_first_event(self):
        life = Life(Card())
        for number in range(machine.MOST_RESTARTS - 1):
            life.serves = False
            life.events.note("start %d" % number)
            life.wait(0.2)
            life.serves = True
            life.wait(0.2)
            life = life.restart(off_s=1)
        life.wait(1)
        self.assertEqual([each for _, each in life.sentences], ["start %d" % each for each in range(9)])


class Clocks(unittest.TestCase):
    def at_2020(self):
        return Clock(wall_ms=1577836800000)

    def test_a_clock_that_is_set_later(self):
        """No battery: what was noted before the time came moves to where it belongs."""
        life = Life(Card(), self.at_2020(), clock_set=False)
        life.events.note("left started")
        life.wait(300)
        life.clock.ahead_ms += START_MS - life.clock.wall_ms()
        life.wait(8)
        life.clock.set = True
        life.wait(100)
        again = life.restart()
        again.wait(3)
        for each in (life, again):
            seen = [when for when in times(each.chronicle.seconds) if when <= 60]
            self.assertTrue(seen[0] <= -298 and seen[-1] >= 50, (seen[0], seen[-1]))
            self.assertEqual(seen, list(range(seen[0], seen[-1] + 1)))
            event = each.events.since(0)[0]
            self.assertTrue(event.sure and -302000 <= event.ms - START_MS <= -297000, event.ms - START_MS)
            self.assertTrue(all(each.chronicle.seconds.sample(n).sure for n in range(each.chronicle.seconds.end)))

    def test_pages_of_before_are_corrected_by_later_ones(self):
        """The same, but it stood on the card already, in pages that are never written again."""
        life = Life(Card(), self.at_2020(), clock_set=False)
        life.wait(2000)
        life.clock.ahead_ms += START_MS - life.clock.wall_ms()
        life.clock.set = True
        life.wait(130)
        again = life.restart()
        again.wait(3)
        seen = times(again.chronicle.seconds)
        self.assertTrue(seen[0] < -1990 and None not in seen)
        self.assertEqual(seen, sorted(seen))

    def test_a_clock_that_is_never_set(self):
        life = Life(Card(), self.at_2020(), clock_set=False)
        life.events.note("left started")
        life.wait(300)
        life.end()
        again = life.restart(clock=Clock())
        again.wait(10)
        self.assertFalse(again.events.since(0)[0].sure)
        self.assertFalse(again.chronicle.seconds.sample(5).sure)
        self.assertTrue(again.chronicle.seconds.sample(again.chronicle.seconds.end - 1).sure)

    def test_a_believed_clock_that_steps(self):
        for by_s in (-3000, 3000):
            life = Life(Card())
            life.wait(130)
            life.clock.ahead_ms += by_s * 1000
            life.wait(130)
            life.end()
            again = life.restart()
            again.wait(2)
            seen = times(again.chronicle.seconds)
            self.assertEqual(seen[:129], list(range(1, 130)))
            self.assertTrue(by_s + 129 <= seen[130] <= by_s + 133)

    def test_where_nobody_tells_a_step_at_the_start_is_the_clock_being_set(self):
        life = Life(None, self.at_2020(), clock_set=None)
        life.wait(60)
        life.clock.ahead_ms += START_MS - life.clock.wall_ms()
        life.wait(5)
        self.assertTrue(-60 <= times(life.chronicle.seconds)[0] <= -58)


class Flooded(unittest.TestCase):
    def test_what_comes_again_and_again_is_counted(self):
        life = Life(Card())
        life.wait(2000, lambda life: life.events.note("the link flaps"))
        told = [event for event in life.events.since(0) if event.sentence == "the link flaps"]
        self.assertEqual([event.more for event in told[: ALLOWED + 1]], [0] * ALLOWED + [1800 - ALLOWED])
        self.assertEqual(life.events.newest()[ALLOWED][1], "the link flaps (and 1795 more times)")
        life.end()
        again = life.restart()
        again.wait(3)
        told = again.events.since(0)
        once = [event for event in told if not event.more]
        self.assertEqual(len(once) + sum(event.more for event in told), 2000)

    def test_many_different_ones_are_held_back(self):
        life = Life(Card())
        life.wait(3600, lambda life: [life.events.note("event %d" % (life.clock.ms + n)) for n in range(3)])
        writes = [call for call in life.card.calls if call[0] == "write"]
        self.assertTrue(len(writes) < 30 + 6 + 20 + 12, len(writes))
        again = life.restart()
        again.wait(3)
        lost = [event for event in again.events.since(0) if event.sentence == LOST]
        self.assertTrue(lost and all(event.more > 100 for event in lost))

    def test_a_board_that_dies_again_and_again(self):
        """Every start is an event, and every run begins with a whole allowance."""
        life = Life(Card())
        for _ in range(60):
            life.events.note("left started")
            life.wait(20)
            life = life.restart(off_s=5)
        self.assertTrue(len([call for call in life.card.calls if call[0] == "write"]) < 20)
        for _ in range(60):
            life.events.note("left started")
            life.wait(20)
            life = life.restart(off_s=100)
        life.wait(5)
        self.assertTrue(20 < len(life.sentences) < 60)

    def test_an_event_comes_to_the_card_within_seconds(self):
        life = Life(Card())
        life.wait(20)
        life.events.note("it burns")
        before = len(life.card.calls)
        life.wait(7)
        self.assertEqual([call[0] for call in life.card.calls[before:]], ["write", "sync"])

    def test_how_much_is_written(self):
        quiet = Life(Card())
        quiet.wait(3600)
        self.assertTrue(self.cost(quiet) < 700000, self.cost(quiet))
        flood = Life(Card())
        flood.wait(3600, lambda life: life.events.note("event %d" % life.clock.ms))
        self.assertTrue(self.cost(flood) < 950000, self.cost(flood))

    def cost(self, life):
        """Bytes on ext4, as measured: 17 KiB for each sync, and what is written; without the heads of the new file."""
        pages = len([call for call in life.card.calls if call[0] == "write"]) - 2
        syncs = len([call for call in life.card.calls if call[0] == "sync"]) - 1
        return pages * 4096 + syncs * (17 << 10)


class Troubles(unittest.TestCase):
    def test_a_card_that_fails_and_comes_back(self):
        life = Life(Card())
        life.wait(200)
        life.card.fail = "write"
        life.events.note("it burns")
        life.wait(200)
        self.assertIn("the chronicle /state/chronicle cannot be kept", life.alarm)
        self.assertIn("(what it is; what to do)", life.alarm)
        self.assertFalse(life.chronicle.kept)
        tries = len(life.card.calls)
        life.wait(300)
        self.assertEqual(len(life.card.calls), tries)
        life.card.fail = ""
        life.wait(900)
        self.assertEqual((life.alarm, life.chronicle.kept), ("", True))
        life.end()
        again = life.restart()
        again.wait(3)
        self.assertIn((1, "it burns"), again.sentences)
        self.assertEqual(times(again.chronicle.seconds)[:1599], list(range(1, 1600)))

    def test_a_sync_that_failed_is_not_tried_again(self):
        life = Life(Card())
        life.wait(100)
        life.card.fail = "sync"
        life.wait(200)
        self.assertFalse(life.chronicle.kept)
        self.assertEqual(life.card.closed, 1)
        self.assertEqual(life.chronicle.seconds.kept, 0)

    def test_no_room_for_the_file(self):
        life = Life(Card())
        life.refusal = Refused("cannot make /state/chronicle with 1048576 bytes: No space left on device")
        life.events.note("left started")
        life.wait(100)
        self.assertEqual(life.opens, 1)
        self.assertIn("No space left", life.alarm)
        self.assertEqual(life.sentences, [(1, "left started")])
        life.refusal = None
        life.wait(600)
        self.assertEqual((life.alarm, life.sentences), ("", [(1, "left started")]))

    def test_found_late(self):
        """The file could not be read at first, and holds more than was known: numbers go on behind it."""
        first = Life(Card())
        for number in range(7):
            first.events.note("event %d" % number)
        first.wait(300)
        first.end()
        again = first.restart()
        again.refusal = OSError(5, "gone")
        again.events.note("left started")
        again.wait(30)
        self.assertEqual(again.sentences, [(1, "left started")])
        again.refusal = None
        again.wait(600)
        self.assertEqual(again.sentences[-2:], [(7, "event 6"), (8, "left started")])
        self.assertEqual(times(again.chronicle.seconds)[:299], list(range(1, 300)))

    def test_somebody_elses_file(self):
        for content in (b"\xff" * FILE_SIZE, b"an essay" + bytes(FILE_SIZE - 8)):
            life = Life(Card(content=bytearray(content)))
            life.wait(10)
            self.assertIn("not a chronicle", life.alarm)
            self.assertEqual(bytes(life.card.bytes), content)

    def test_a_small_file_and_another_version(self):
        life = Life(Card(65536))
        life.wait(10)
        self.assertIn("it has 65536 bytes, but needs 1048576", life.alarm)
        life = Life(Card())
        life.wait(10)
        for page in (0, 255):
            head = memoryview(life.card.bytes)[page * PAGE : (page + 1) * PAGE]
            head[8] = 2
            seal(head, 28)
        before = bytes(life.card.bytes)
        again = life.restart()
        again.wait(300)
        self.assertIn("it has format 2, this firmware reads format 1", again.alarm)
        self.assertEqual(bytes(life.card.bytes), before)

    def test_a_damaged_page_loses_itself_only(self):
        life = Life(Card())
        life.wait(1200)
        life.end()
        life.card.bytes[(FIRST_SLOT[SECONDS] + 3) * PAGE + 100] ^= 1
        again = life.restart()
        again.wait(2)
        seen = times(again.chronicle.seconds)
        gap = [number for number, when in enumerate(seen) if when is None]
        self.assertTrue(100 < len(gap) <= 125 and gap == list(range(gap[0], gap[-1] + 1)))
        self.assertEqual(again.sentences, [])
        self.assertEqual(len([when for when in times(again.chronicle.minutes) if when is None]), 0)

    def test_many_damaged_pages_are_told(self):
        life = Life(Card())
        life.wait(1200)
        life.end()
        life.card.dead = tuple(range(FIRST_SLOT[MINUTES] - 40, FIRST_SLOT[MINUTES] - 35))
        again = life.restart()
        again.wait(2)
        self.assertEqual([sentence for _, sentence in again.sentences], [machine.DAMAGED % 5])

    def test_a_head_may_be_lost(self):
        for page in (0, 255):
            life = Life(Card())
            life.wait(200)
            life.card.bytes[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
            again = life.restart()
            again.wait(5)
            self.assertTrue(again.chronicle.kept)
            self.assertTrue(len(times(again.chronicle.seconds)) > 100)

    def test_a_lane_that_is_slow(self):
        life = Life(Card())
        life.wait(10)
        life.lane.run = lambda: None
        life.wait(600, lambda life: life.events.note("event %d" % life.clock.ms))
        self.assertEqual(len(life.lane.jobs), 1)


if __name__ == "__main__":
    unittest.main()
