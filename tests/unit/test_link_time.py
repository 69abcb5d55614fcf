"""Everything that depends on the clock: heartbeats, the rate cap, back-off, the measure of the wire."""

import unittest

from firmware.link import codec
from firmware.link.backoff import Backoff
from firmware.link.heartbeat import Heartbeat
from firmware.link.pacing import Pace, TokenBucket, WireMeter
from firmware.log.layout import group_size
from tests.unit.fakes_link import Chance, Wire, pair, pieces, same_log, whole


class Heartbeats(unittest.TestCase):
    def test_an_idle_link_stays_up(self):
        left, right = pair(2)
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(60000, 100)
        self.assertEqual([end.gone for end in wire.ends], [False, False])
        self.assertEqual([end.link.rtt_ms for end in wire.ends], [0, 0])

    def test_idleness_is_cheap(self):
        left, right = pair(2)
        wire = Wire(left, right)
        wire.run()
        before = left.counters.sent_bytes
        wire.pass_time(20000, 100)
        self.assertTrue(0 < left.counters.sent_bytes - before <= 10 * 2 * 36)

    def test_a_wire_that_swallows_everything_is_dead_after_ten_seconds(self):
        left, right = pair(2)
        wire = Wire(left, right)
        wire.run()
        wire.stalled = True
        wire.pass_time(9000)
        self.assertEqual([end.gone for end in wire.ends], [False, False])
        wire.pass_time(2000)
        self.assertEqual([end.gone for end in wire.ends], [True, True])
        self.assertIn("10 s", wire.ends[0].link.reason)

    def test_a_big_group_on_a_thin_line_is_life(self):
        left, right = pair()
        left.journal.add(Chance(1).bytes(50000))
        wire = Wire(left, right, whole, {"rate": 10000})
        wire.pass_time(30000, 100)
        self.assertEqual([end.gone for end in wire.ends], [False, False])
        wire.pass_time(20000, 100)
        self.assertTrue(same_log(left, right))

    def test_the_way_of_a_ping_begins_when_it_left(self):
        beat = Heartbeat()
        beat.poll(0, True)
        token = beat.next_token()
        beat.poll(700, True)
        beat.ping_sent()
        beat.poll(1000, True)
        beat.pong(token)
        beat.heard()
        beat.poll(1042, True)
        self.assertEqual(beat.rtt_ms, 42)

    def test_an_answer_to_an_older_ping_is_no_measure(self):
        beat = Heartbeat()
        beat.poll(0, True)
        token = beat.next_token()
        beat.ping_sent()
        beat.poll(2000, True)
        beat.next_token()
        beat.pong(token)
        beat.poll(2001, True)
        self.assertIsNone(beat.rtt_ms)

    def test_a_board_that_slept_listens_first(self):
        beat = Heartbeat()
        beat.poll(0, True)
        self.assertTrue(beat.poll(3600000, True))
        self.assertTrue(beat.poll(3602000, True))
        self.assertTrue(beat.poll(3604000, True))
        self.assertTrue(beat.poll(3606000, True))
        self.assertFalse(beat.poll(3608000, True))


class Rate(unittest.TestCase):
    def test_the_cap_is_exact_over_time(self):
        for rate in (9600, 64000, 2000000):
            left, right = pair()
            left.journal.add(bytes(min(rate, 400000)))
            for _ in range(20):
                left.journal.add(bytes(min(rate // 8, 100000)))
            wire = Wire(left, right, pieces(rate), {"rate": rate})
            wire.run()
            before = left.counters.sent_bytes
            wire.pass_time(4000, 20)
            sent = (left.counters.sent_bytes - before) * 8
            self.assertTrue(abs(sent - rate * 4) <= rate // 10 + 4096, "%d bits for %d" % (sent, rate * 4))

    def test_no_tenth_of_a_second_has_more_than_twice_its_share(self):
        left, right = pair()
        for _ in range(6):
            left.journal.add(bytes(100000))
        wire = Wire(left, right, whole, {"rate": 800000})
        wire.run()
        for _ in range(100):
            before = left.counters.sent_bytes
            wire.pass_time(100, 10)
            self.assertTrue(left.counters.sent_bytes - before <= 20000)

    def test_poll_says_when_to_go_on(self):
        left, right = pair()
        left.journal.add(bytes(100000))
        wire = Wire(left, right, whole, {"rate": 80000})
        wire.run()
        link = wire.ends[0].link
        self.assertIsNone(link.outgoing())
        due = link.poll(wire.now)
        self.assertTrue(wire.now < due <= wire.now + 100)
        link.poll(due - 1)
        self.assertIsNone(link.outgoing())
        link.poll(due)
        self.assertTrue(link.outgoing() is not None)
        self.assertTrue(link.poll(due) > due)

    def test_an_idle_bucket_does_not_save_up(self):
        bucket = TokenBucket(80000)
        bucket.refill(0)
        bucket.refill(3600000)
        self.assertEqual(bucket.allowed(1 << 20), 1000)


class ChangingRate(unittest.TestCase):
    """The cap may be another one at any moment."""

    def setUp(self):
        self.left, self.right = pair()
        for _ in range(80):
            self.left.journal.add(bytes(50000))
        self.pace = Pace(800000)
        self.wire = Wire(self.left, self.right, whole, {"pace": self.pace})
        self.wire.run()

    def sent(self, milliseconds):
        before = self.left.counters.sent_bytes
        self.wire.pass_time(milliseconds, 20)
        return self.left.counters.sent_bytes - before

    def test_a_lower_one_counts_at_once(self):
        self.sent(2000)
        self.pace.cap = 80000
        self.assertTrue(self.sent(1000) <= 10000 + 10000)
        self.assertTrue(abs(self.sent(4000) - 40000) <= 2000)

    def test_a_higher_one_counts_within_a_second(self):
        self.sent(1000)
        self.pace.cap = 8000000
        self.wire.ends[0].link.wake()
        self.assertTrue(self.sent(1000) > 900000)

    def test_none_and_one_again(self):
        self.sent(200)
        self.pace.cap = 0
        self.wire.ends[0].link.wake()
        self.wire.speed = 200000
        self.assertTrue(self.sent(200) > 1000000)
        self.pace.cap = 80000
        self.wire.ends[0].link.wake()
        self.assertTrue(self.sent(1000) <= 10000 + 2 * 1000 + 512)

    def test_a_change_saves_nothing_up(self):
        """Whatever it changes to and fro: never more than its burst beside the higher rate of the two."""
        self.sent(1000)
        for round in range(50):
            self.pace.cap = 8000000 if round % 2 else 80000
            self.assertTrue(self.sent(20) <= 8000000 // 8 * 20 // 1000 + 8000000 // 80, round)
        bucket = TokenBucket(8000000)
        bucket.refill(0)
        bucket.change(80000)
        self.assertEqual(bucket.allowed(1 << 20), 1000)
        bucket.change(8000000)
        self.assertEqual(bucket.allowed(1 << 20), 0)


class Quota(unittest.TestCase):
    """The link asks before each group, and what it may not send waits; everything else goes on."""

    class Purse(Pace):
        def __init__(self, left):
            super().__init__()
            self.left, self.groups = left, []

        def count(self, count):
            self.left -= count

        def takes(self, count, urgent, makes_room=False):
            self.groups.append(count)
            taken = urgent or makes_room or count <= self.left
            self.holds = self.holds or not taken
            return taken

    def setUp(self):
        self.left, self.right = pair()
        self.left.journal.resident = True
        self.purse = self.Purse(1 << 30)
        self.wire = Wire(self.left, self.right, whole, {"pace": self.purse})
        self.wire.run()

    def add(self, count, size):
        for _ in range(count):
            self.left.journal.add(bytes(size))
        self.left.part.durable(self.left.journal.head.number)
        self.wire.run()

    def test_no_group_goes_beyond_it(self):
        for size in (100, 10000, 40000):  # in one piece, and alone
            self.purse.left = 100000
            self.add(300000 // size, size)
            self.assertTrue(0 <= self.purse.left < size + 200, (size, self.purse.left))
            self.assertTrue(self.purse.holds)
            before = self.left.part.sent_number
            self.wire.pass_time(5000, 100)
            self.assertEqual(self.left.part.sent_number, before)
            self.purse.left = 1 << 30
            self.wire.ends[0].link.wake()
            self.wire.run()
            self.assertTrue(same_log(self.left, self.right))

    def test_the_link_stays_up(self):
        self.purse.left = 0
        self.add(5, 10000)
        self.wire.pass_time(60000, 100)
        self.assertEqual([end.gone for end in self.wire.ends], [False, False])
        self.assertEqual(self.right.journal.head.number, 0)

    def test_what_a_host_waits_for_goes(self):
        self.purse.left = 0
        self.add(5, 10000)
        self.left.urgent = 3
        self.wire.ends[0].link.wake()
        self.wire.run()
        self.assertEqual(self.right.journal.head.number, 3)

    def test_what_a_full_journal_must_give_up_goes(self):
        for size in (10000, 40000):  # in one piece, and alone
            self.setUp()
            self.purse.left = 0
            self.add(5, size)
            self.left.must_go = 2 * group_size(size) + 1
            self.wire.ends[0].link.wake()
            self.wire.run()
            self.assertEqual(self.right.journal.head.number, 3)

    def test_a_twin_acknowledges_whatever_its_quota(self):
        left, right = pair()
        wire = Wire(left, right, whole, {}, {"pace": self.Purse(0)})
        left.journal.add(bytes(10000))
        wire.run()
        self.assertEqual(left.acks[-1], (1, 1))

    def test_packed_groups_wait_as_well(self):
        left, right = pair()
        for _ in range(9):
            left.journal.add(bytes(50000))
        purse = self.Purse(0)
        purse.cap = 8000000
        wire = Wire(left, right, whole, {"pace": purse, "lane": True})
        wire.run()
        wire.pass_time(1000)
        self.assertEqual(right.journal.head.number, 0)
        purse.left = 1 << 20
        wire.ends[0].link.wake()
        wire.pass_time(1000)
        self.assertTrue(same_log(left, right))
        if codec.packable():
            self.assertTrue(max(purse.groups) < 1000, purse.groups)  # it is asked for what goes over the wire


class Delays(unittest.TestCase):
    def test_they_double_up_to_the_longest_and_start_again(self):
        backoff = Backoff(lambda: 0.999999)
        self.assertEqual([backoff.next_ms() for _ in range(9)], [200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000])
        backoff.reset()
        self.assertEqual(backoff.next_ms(), 200)

    def test_they_are_spread(self):
        chance = Chance(3)
        backoff = Backoff(lambda: chance.below(1000) / 1000)
        delays = [backoff.next_ms() for _ in range(200)][10:]
        self.assertTrue(7500 <= min(delays) < 8500)
        self.assertTrue(14000 < max(delays) <= 15000)


class Meter(unittest.TestCase):
    def test_a_slow_wire_and_a_fast_one(self):
        for speed, slow in ((1000, True), (50000, True), (80000, False), (1000000, False)):
            meter = WireMeter()
            for now in range(0, 1000, 10):
                meter.measure(now, True)
                meter.sent(speed * 10)
            self.assertEqual(meter.slow, slow)

    def test_idle_time_does_not_count(self):
        meter = WireMeter()
        for now in range(0, 100000, 100):
            meter.measure(now, False)
            meter.sent(20000)
        self.assertFalse(meter.slow)


if __name__ == "__main__":
    unittest.main()
