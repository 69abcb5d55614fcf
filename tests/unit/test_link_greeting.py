"""Who talks to whom: refusals, versions, strangers, silence, and the clean end."""

import unittest

from firmware.errors import ProtocolError
from firmware.link import frames
from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_link import FakeBoard, Wire, pair, pieces, single, whole


def refused(wire):
    wire.run()
    wire.pass_time(1500)
    return [end.link.refusal for end in wire.ends]


class Agreeing(unittest.TestCase):
    def test_each_learns_who_the_other_is(self):
        left, right = pair(2)
        left.identity.generation = 7
        left.identity.fork_number, left.identity.fork_chain = 1, 99
        left.identity.name = "g\u00e4stebuch"
        wire = Wire(left, right, single)
        wire.run()
        heard = right.judged[0]
        self.assertEqual(heard.pair_id, left.identity.pair_id)
        self.assertEqual(heard.board_id, left.identity.board_id)
        self.assertEqual((heard.name, heard.role), ("g\u00e4stebuch", PRIMARY))
        self.assertEqual((heard.generation, heard.fork_number, heard.fork_chain), (7, 1, 99))
        self.assertEqual((heard.disk_size, heard.fenced), (1 << 20, False))
        peer = wire.ends[1].link.peer
        self.assertEqual((peer.number, peer.chain), (2, left.journal.head.chain))

    def test_a_newer_connection_takes_over(self):
        left, right = pair(2)
        Wire(left, right).run()
        old_left, old_right = left.part, right.part
        Wire(left, right).run()
        self.assertTrue(left.part is not old_left and right.part is not old_right)
        self.assertTrue(old_left.link.finished and old_right.link.finished)

    def test_a_clean_end_is_told(self):
        left, right = pair(2)
        wire = Wire(left, right)
        wire.run()
        left.part.close()
        wire.run()
        self.assertEqual([end.gone for end in wire.ends], [True, True])
        self.assertIn("stopping", wire.ends[1].link.reason)
        self.assertEqual([len(left.parted_links), len(right.parted_links)], [1, 1])

    def test_a_clean_end_before_the_greeting(self):
        left, right = pair()
        wire = Wire(left, right)
        wire.ends[0].link.close()
        wire.run()
        self.assertIn("stopping", wire.ends[1].link.reason)
        self.assertTrue(wire.ends[0].gone)


class Refusals(unittest.TestCase):
    def test_the_sentence_reaches_both(self):
        for cut in (whole, single, pieces(1)):
            for who in (0, 1):
                boards = pair(1)
                boards[who].refusal = "the disks differ in size; give both the same"
                self.assertEqual(refused(Wire(boards[0], boards[1], cut)), [boards[who].refusal] * 2)
                self.assertEqual([boards[0].part, boards[1].part], [None, None])

    def test_both_may_refuse_each_in_its_own_words(self):
        left, right = pair()
        left.refusal, right.refusal = "left says no", "right says no"
        self.assertEqual(refused(Wire(left, right)), ["left says no", "right says no"])

    def test_two_primaries_learn_of_each_others_generation_first(self):
        one, two = FakeBoard(PRIMARY, "one", None, 3), FakeBoard(PRIMARY, "two", None, 4)
        sentences = refused(Wire(one, two))
        self.assertEqual([one.judged[0].generation, two.judged[0].generation], [4, 3])
        self.assertIn("are both primary", sentences[0])
        self.assertIn("are both primary", sentences[1])

    def test_two_twins(self):
        sentences = refused(Wire(FakeBoard(TWIN, "one"), FakeBoard(TWIN, "two")))
        self.assertIn("are both twin", sentences[0])

    def test_a_twin_promoted_in_the_middle_of_a_greeting_takes_no_groups(self):
        left, right = pair(1)
        judge = left.judge

        def promoted_meanwhile(*peer):
            right.refusal = "right was promoted"  # after it read the HELLO, before the READY
            return judge(*peer)

        left.judge = promoted_meanwhile
        self.assertEqual(refused(Wire(left, right, whole))[0], "right was promoted")
        self.assertTrue(right.part is None)
        self.assertEqual(len(right.judged), 2)

    def test_an_unsettled_twin_that_refuses_says_hello_first(self):
        left, right = pair(1)
        right.refusal = "the pair is another one"
        right.journal.received_number = 5
        self.assertEqual(refused(Wire(left, right))[0], "the pair is another one")
        self.assertEqual(left.judged[0].name, "right")

    def test_another_version_is_one_sentence_on_both_sides(self):
        board = FakeBoard(PRIMARY, "left")
        link = board.link()
        preamble = bytearray(12)
        frames.pack_preamble(preamble)
        preamble[8] = 2
        link.wanted()[:12] = preamble
        link.received(12)
        self.assertIn("version 1 of the link and the other version 2", link.refusal)
        self.assertIn("install the same release", link.refusal)
        self.assertEqual(len(link.outgoing()), 12)  # ours, by which the other side finds the same out
        link.sent(12)
        self.assertIsNone(link.outgoing())
        link.poll(0)
        self.assertFalse(link.finished)
        link.poll(1000)
        self.assertTrue(link.finished)
        self.assertEqual(board.judged, [])

    def test_the_twin_goes_on_from_no_other_point(self):
        left, right = pair(3)
        left.judge = lambda peer, number, chain: left.journal.find(1, left.journal.groups[0][0].chain)
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(1500)
        self.assertIn("another group", wire.ends[1].link.reason)
        self.assertIsNone(right.part)
        self.assertEqual([end.gone for end in wire.ends], [True, True])

    def test_a_log_that_cannot_be_judged_because_it_cannot_be_read(self):
        left, right = pair(3)
        Wire(left, right).run()
        left.journal.unreadable = True
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(1500)
        self.assertIn("cannot be read", wire.ends[1].link.reason)
        self.assertEqual(left.failures, [3])


class Mute(unittest.TestCase):
    """A promotion that a power cut may still take back must fence nobody."""

    def test_a_board_whose_identity_is_not_durable_says_no_hello(self):
        left, right = pair(3)
        right.identity.generation, right.identity.role, right.mute = 2, PRIMARY, True
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(2000)
        self.assertEqual(left.judged, [])
        right.mute = False
        Wire(left, right).run()
        self.assertEqual(len(left.judged), 1)


class Strangers(unittest.TestCase):
    def test_what_does_not_speak_the_protocol(self):
        for noise in (b"GET / HTTP/1.1\r\nHost: left\r\n\r\n", bytes(64), b"\x16\x03\x01\x02\x00\x01\x00\x01"):
            board = FakeBoard(PRIMARY, "left")
            link = board.link()
            with self.assertRaises(ProtocolError):
                for byte in noise + bytes(8):
                    link.wanted()[:1] = bytes([byte])
                    link.received(1)
            self.assertEqual(board.judged, [])

    def test_silence_ends_the_greeting(self):
        board = FakeBoard(TWIN, "right")
        link = board.link()
        now = 1000
        while not link.finished and now < 20000:
            now = max(now + 1, link.poll(now))
        self.assertTrue(10000 <= now <= 12100)
        self.assertIn("10 s", link.reason)

    def test_a_greeting_that_trickles_in_is_not_waited_for(self):
        left, right = pair(1)
        slow = left.link()
        hello = bytearray()
        while slow.outgoing() is not None:
            piece = bytes(slow.outgoing())
            hello += piece
            slow.sent(len(piece))
        link = right.link()
        now, at = 1000, 0
        link.poll(now)
        while not link.finished and at < len(hello):
            link.wanted()[:1] = hello[at : at + 1]
            link.received(1)
            now, at = now + 500, at + 1
            link.poll(now)
        self.assertTrue(link.finished)
        self.assertTrue(now <= 13000)
        self.assertIn("greeting", link.reason)

    def test_the_end_is_noticed_once(self):
        board = FakeBoard(TWIN, "right")
        link = board.link()
        link.received(0)
        self.assertTrue(link.finished)
        self.assertIsNone(link.outgoing())
        link.lost()
        self.assertEqual(board.parted_links, [link])


if __name__ == "__main__":
    unittest.main()
