"""Sender and receiver over a wire that cuts everywhere: order, resumption, window, back-pressure."""

import unittest

from firmware.link.greeting import PROMPT
from tests.unit.fakes_link import Chance, Wire, pair, pieces, same_log, single, whole


class Shipping(unittest.TestCase):
    def shipped(self, cut, groups=12):
        left, right = pair(groups)
        wire = Wire(left, right, cut)
        wire.run()
        self.assertTrue(same_log(left, right))
        self.assertEqual(left.journal.acked, left.journal.head)
        self.assertEqual(left.part.in_flight, 0)
        return wire

    def test_whole(self):
        self.shipped(whole)

    def test_byte_by_byte(self):
        self.shipped(single)

    def test_in_pieces_of_any_length(self):
        for seed in range(40):
            self.shipped(pieces(seed))

    def test_many_small_groups_in_one_read(self):
        left, right = pair(300, 40)
        Wire(left, right).run()
        self.assertTrue(same_log(left, right))

    def test_small_groups_in_memory_leave_together(self):
        for cut in (whole, single, pieces(1), pieces(2)):
            left, right = pair(300, 40)
            left.journal.resident = True
            for body in (b"a" * 20000, b"b" * 15000, b"c" * 40000, b"d", b"e" * 16384, b"f" * 16385):
                left.journal.add(body + bytes(16))
            wire = Wire(left, right, cut)
            wire.run()
            self.assertTrue(same_log(left, right))
            self.assertEqual(left.part.in_flight, 0)
            self.assertEqual(left.counters.raw_bytes, sum(len(body) for _, body in left.journal.groups))

    def test_the_window_holds_for_small_groups_in_memory(self):
        left, right = pair(300, 400)
        left.journal.resident = True
        wire = Wire(left, right, whole, {"window_bytes": 2000})
        wire.run()
        self.assertTrue(same_log(left, right))

    def test_a_body_beyond_the_read_ahead_goes_straight_into_the_journal(self):
        left, right = pair()
        left.journal.add(bytes(200000))
        left.journal.add(b"x" * 70000)
        for seed in range(4):
            right.journal.__init__()
            right.part = left.part = None
            left.journal.acked = left.journal.find(0, 0)
            Wire(left, right, pieces(seed)).run()
            self.assertTrue(same_log(left, right))

    def test_groups_that_come_while_the_link_is_up(self):
        left, right = pair(1)
        wire = Wire(left, right)
        wire.run()
        for _ in range(5):
            left.journal.add(b"another group of the host")
            woken = wire.ends[0].woken
            left.part.durable(left.journal.head.number)
            self.assertTrue(wire.ends[0].woken > woken)
            wire.run()
        self.assertTrue(same_log(left, right))

    def test_either_side_may_have_dialled(self):
        left, right = pair(3)
        Wire(right, left, pieces(3)).run()
        self.assertTrue(same_log(left, right))

    def test_counters(self):
        left, right = pair(3)
        wire = Wire(left, right)
        wire.run()
        self.assertEqual(left.counters.raw_bytes, sum(len(body) for _, body in left.journal.groups))
        self.assertEqual(left.counters.sent_bytes, len(wire.ends[0].sent))
        self.assertEqual(right.counters.received_bytes, left.counters.sent_bytes)


class Cuts(unittest.TestCase):
    def test_a_cut_at_every_byte_resumes_at_the_next_group(self):
        total = self.length_of_a_dialogue()
        for at in range(1, total):
            left, right = pair(3, 60)
            wire = Wire(left, right)
            wire.severed_after = at
            wire.run()
            self.assertEqual([end.gone for end in wire.ends], [True, True])
            self.assertEqual([len(left.parted_links), len(right.parted_links)], [1, 1])
            self.assertIsNone(right.journal.reserved)
            self.assertTrue(left.journal.acked.number <= right.journal.head.number)
            Wire(left, right).run()
            self.assertTrue(same_log(left, right))
            self.assertEqual(left.journal.acked, left.journal.head)

    def length_of_a_dialogue(self):
        left, right = pair(3, 60)
        wire = Wire(left, right)
        wire.run()
        return sum(len(end.sent) for end in wire.ends)

    def test_cuts_again_and_again(self):
        for seed in range(20):
            left, right = pair(30, 3000, seed)
            cut = pieces(seed)
            for _ in range(60):
                wire = Wire(left, right, cut)
                wire.severed_after = 4000
                wire.run()
            wire = Wire(left, right, cut)
            wire.run()
            self.assertTrue(same_log(left, right))

    def test_only_what_the_twin_lacks_is_sent_again(self):
        left, right = pair(10, 2000)
        Wire(left, right).run()
        left.journal.add(b"the eleventh group")
        before = left.counters.raw_bytes
        Wire(left, right).run()
        self.assertTrue(same_log(left, right))
        self.assertEqual(left.counters.raw_bytes - before, len(b"the eleventh group"))

    def test_a_twin_waits_with_its_hello_for_groups_on_their_way_to_its_journal(self):
        left, right = pair(4)
        wire = Wire(left, right)
        wire.auto_settle = False
        wire.run()
        self.assertEqual((right.journal.received_number, right.journal.head.number), (4, 0))
        for end in wire.ends:
            end.lose()
        again = Wire(left, right)
        again.auto_settle = False
        again.run()
        self.assertEqual(right.journal.received_number, 4)
        right.journal.settle()
        again.pass_time(100)
        self.assertTrue(same_log(left, right))
        self.assertEqual(left.journal.acked.number, 4)

    def test_groups_that_an_older_connection_brings_during_the_greeting(self):
        left, right = pair(2)
        new = Wire(left, right)
        new._send(new.ends[1])
        new.ends[1].link.outgoing()  # the HELLO stands now, and names group 0
        right.journal._keep(*left.journal.groups[0])
        right.journal.received_number = 1
        new.run()
        new.pass_time(2000)
        self.assertIn("another connection", new.ends[1].link.reason)
        self.assertIsNone(right.part)
        self.assertTrue(new.ends[1].gone)
        Wire(left, right).run()
        self.assertTrue(same_log(left, right))


class Acknowledgements(unittest.TestCase):
    def test_received_is_said_before_durable_when_a_host_waits_for_it(self):
        left, right = pair(5)
        left.capabilities = PROMPT
        wire = Wire(left, right)
        wire.auto_settle = False
        wire.run()
        self.assertEqual((left.part.received_number, left.part.durable_number), (5, 0))
        self.assertEqual(left.journal.acked.number, 0)
        self.assertEqual(left.acks[-1], (5, 0))
        right.settle()
        wire.run()
        self.assertEqual(left.acks[-1], (5, 5))
        self.assertEqual(left.part.durable_point, left.journal.head)

    def test_many_durable_groups_are_one_ack(self):
        left, right = pair(50, 40)
        wire = Wire(left, right)
        wire.auto_settle = False
        wire.run()
        before = len(wire.ends[1].sent)
        for number in range(1, 51):
            right.part.durable(number)
        wire.run()
        self.assertEqual(len(wire.ends[1].sent) - before, 20 + 24)

    def test_played_travels_seldom_but_does(self):
        left, right = pair(3)
        wire = Wire(left, right)
        wire.run()
        right.part.played(2)
        wire.run()
        self.assertEqual(left.part.played_number, 0)
        wire.pass_time(300)
        self.assertEqual(left.part.played_number, 2)


class Window(unittest.TestCase):
    def test_no_more_than_the_window_is_open(self):
        left, right = pair()
        for _ in range(20):
            left.journal.add(bytes(1000))
        wire = Wire(left, right, whole, {"window_bytes": 5500})
        wire.auto_settle = False
        wire.run()
        self.assertEqual(right.journal.received_number, 5)
        self.assertEqual(left.part.in_flight, 5)
        self.assertTrue(left.part.waits_for_twin)
        self.assertEqual(left.part.oldest_ms, left.journal.groups[0][0].time_ms)
        right.settle()
        wire.run()
        self.assertEqual(right.journal.received_number, 10)
        self.assertEqual(left.part.oldest_ms, left.journal.groups[5][0].time_ms)
        wire.auto_settle = True
        wire.run()
        self.assertTrue(same_log(left, right))
        self.assertFalse(left.part.waits_for_twin)
        self.assertIsNone(left.part.oldest_ms)

    def test_what_the_rate_holds_back_does_not_wait_for_the_twin(self):
        left, right = pair()
        for _ in range(20):
            left.journal.add(Chance(1).bytes(1000))  # as good as packed
        wire = Wire(left, right, whole, {"window_bytes": 2500, "rate": 8000, "lane": True})
        wire.auto_settle = False
        waits = []
        for _ in range(200):
            wire.pass_time(50)
            if left.part is not None:
                waits.append((left.part.in_flight, left.part.waits_for_twin))
        self.assertEqual(set(waits), {(0, False), (1, False), (2, True)})

    def test_the_twin_may_ask_for_a_smaller_one(self):
        left, right = pair()
        for _ in range(20):
            left.journal.add(bytes(1000))
        wire = Wire(left, right, whole, None, {"window_bytes": 3000})
        wire.auto_settle = False
        wire.run()
        self.assertEqual(right.journal.received_number, 3)

    def test_a_group_larger_than_the_window_goes_alone(self):
        left, right = pair(3, 3000)
        Wire(left, right, whole, {"window_bytes": 1}).run()
        self.assertTrue(same_log(left, right))

    def test_no_more_groups_than_the_sender_can_remember(self):
        left, right = pair()
        for _ in range(4200):
            left.journal.add(b"a small group....")
        wire = Wire(left, right)
        wire.auto_settle = False
        wire.run()
        self.assertEqual(right.journal.received_number, 4096)
        wire.auto_settle = True
        wire.run()
        self.assertEqual(left.journal.acked.number, 4200)


class BackPressure(unittest.TestCase):
    def test_nothing_is_read_until_there_is_room(self):
        left, right = pair(6)
        right.journal.room = False
        wire = Wire(left, right, pieces(5))
        wire.run()
        self.assertIsNone(wire.ends[1].link.wanted())
        self.assertEqual(right.journal.received_number, 0)
        right.journal.room = True
        woken = wire.ends[1].woken
        right.part.room()
        self.assertTrue(wire.ends[1].woken > woken)
        wire.run()
        self.assertTrue(same_log(left, right))

    def test_a_paused_link_is_not_a_dead_one(self):
        left, right = pair(6, 100000)
        right.journal.room = False
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(60000, 500)
        self.assertEqual([end.gone for end in wire.ends], [False, False])
        right.journal.room = True
        right.part.room()
        wire.run()
        self.assertTrue(same_log(left, right))

    def test_a_broken_rule_found_on_resuming_ends_the_link_and_not_the_board(self):
        left, right = pair(2)
        right.journal.room = False
        wire = Wire(left, right)
        wire.run()
        part, link = right.part, wire.ends[1].link
        part._generation = 0  # the group behind the pause, read already, breaks a rule now
        right.journal.room = True
        part.room()
        wire.pass_time(1500)
        self.assertIn("generation", link.reason + wire.ends[0].link.reason)
        self.assertTrue(wire.ends[1].gone)


class Damage(unittest.TestCase):
    def test_a_damaged_body_is_reported_and_sent_again(self):
        left, right = pair(4)
        descriptor, body = left.journal.groups[2]
        point = left.journal.find(2, left.journal.groups[1][0].chain)
        at = left.journal.body_span(point, descriptor).position
        left.journal.memory[at] ^= 1
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(1500)
        self.assertEqual(left.suspects, [3])
        self.assertEqual(right.journal.head.number, 2)
        self.assertEqual([end.gone for end in wire.ends], [True, True])
        left.journal.memory[at] ^= 1
        Wire(left, right).run()
        self.assertTrue(same_log(left, right))

    def test_a_journal_that_cannot_be_read_ends_the_link_on_both_sides(self):
        left, right = pair(1)
        wire = Wire(left, right)
        wire.run()
        left.journal.add(b"the group that is lost")
        left.journal.unreadable = True
        left.part.durable(2)
        wire.run()
        wire.pass_time(1500)
        self.assertEqual(left.failures, [2])
        self.assertIn("cannot be read", wire.ends[1].link.reason)
        self.assertEqual([end.gone for end in wire.ends], [True, True])


if __name__ == "__main__":
    unittest.main()
