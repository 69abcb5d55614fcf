"""Everything that depends on the clock: heartbeats, the rate cap, back-off, the measure of the wire."""

import unittest

from firmware.link.backoff import Backoff
from firmware.link.heartbeat import Heartbeat
from firmware.link.pacing import TokenBucket, WireMeter
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
