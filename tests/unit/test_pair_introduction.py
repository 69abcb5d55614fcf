"""Two boards are introduced to each other by a short code, and whoever does not know it is not."""

import unittest

from firmware.errors import Refused
from firmware.pair import card
from firmware.pair.identity import PRIMARY, TWIN
from firmware.pair.introduction import LIMIT_MS, LINGER_MS, WRONG
from firmware.pair.pairing import CODE_MS, GUESSES
from tests.unit.fakes_pair import THERE, Board, Wire, deliver, two_boards

GUESS = "1-acorn-actor"


def introduce(left, right, code, **how):
    """`left` calls with the code; the wire."""
    left.join(code)
    return Wire(left.call(), right.pairing.visitor(), **how).run()


class Whole(unittest.TestCase):
    def check_paired(self, left, right):
        self.assertEqual(left.keys.pinned, right.keys.certificate)
        self.assertEqual(right.keys.pinned, left.keys.certificate)

    def test_both_trust_each_other(self):
        left, right = two_boards()
        wire = introduce(left, right, right.show())
        self.check_paired(left, right)
        self.assertEqual(left.heard, ["left and right are paired"])
        self.assertEqual(right.heard, ["right and left are paired"])
        self.assertEqual(right.pairing.code, "")
        self.assertTrue(wire.sides[0].finished)
        deliver_end(wire.sides[1])
        self.assertTrue(wire.sides[1].finished)

    def test_byte_by_byte(self):
        left, right = two_boards()
        introduce(left, right, right.show(), piece=1)
        self.check_paired(left, right)

    def test_the_code_may_be_typed_with_spaces_and_capitals(self):
        left, right = two_boards()
        introduce(left, right, right.show().replace("-", "  ").upper())
        self.check_paired(left, right)

    def test_once_more_is_no_change(self):
        left, right = two_boards()
        introduce(left, right, right.show())
        introduce(left, right, right.show())
        self.check_paired(left, right)
        self.assertEqual(left.heard, ["left and right are paired"] * 2)

    def test_a_code_is_used_up(self):
        left, right = two_boards()
        code = right.show()
        introduce(left, right, code)
        other = Board("other", PRIMARY)
        introduce(other, right, code)
        self.assertEqual(other.keys.pinned, b"")
        self.assertIn("shows no code", other.heard[0])

    def test_cut_anywhere_leaves_nothing_that_once_more_does_not_mend(self):
        left, right = two_boards()
        whole = [len(sent) for sent in introduce(left, right, right.show()).sent]
        for side in (0, 1):
            for count in range(whole[side]):
                left, right = two_boards()
                limits = [1 << 20, 1 << 20]
                limits[side] = count
                introduce(left, right, right.show(), limits=limits).cut()
                self.assertEqual(len(left.heard), 1)
                if right.keys.pinned:  # the one that pins last never is the only one
                    self.assertEqual(left.keys.pinned, right.keys.certificate)
                introduce(left, right, right.show())
                self.check_paired(left, right)


def deliver_end(conversation):
    conversation.received(0)


class Guesses(unittest.TestCase):
    def test_a_wrong_code(self):
        left, right = two_boards()
        right.show()
        introduce(left, right, GUESS)
        self.assertEqual((left.keys.pinned, right.keys.pinned), (b"", b""))
        self.assertEqual(left.heard, ["the other board says: " + WRONG])
        self.assertEqual(right.notes[-1], "pairing failed: %s; 2 guesses left" % WRONG)
        self.assertEqual(right.heard, [])

    def test_after_three_the_code_is_void(self):
        left, right = two_boards()
        code = right.show()
        for _ in range(GUESSES):
            introduce(Board("thief", PRIMARY), right, GUESS)
        self.assertIn("void after 3 failures", right.heard[0])
        introduce(left, right, code)
        self.assertEqual(right.keys.pinned, b"")

    def test_three_at_once_are_all_there_are(self):
        left, right = two_boards()
        code = right.show()
        for _ in range(GUESSES):  # each got our element, and waits with its answer
            thief = Board("thief", PRIMARY)
            thief.join(GUESS)
            Wire(thief.call(), right.pairing.visitor(), limits=[40, 1 << 20]).run()
        introduce(left, right, code)
        self.assertIn("somebody else is trying", left.heard[0])
        self.assertEqual(right.keys.pinned, b"")

    def test_a_right_answer_to_a_void_code_comes_too_late(self):
        left, right = two_boards()
        left.join(right.show())
        caller, host = left.call(), right.pairing.visitor()
        wire = Wire(caller, host, limits=[40, 1 << 20]).run()
        right.pairing.withdraw("enough")
        wire.limits[0] = 1 << 20
        wire.run()
        self.assertEqual((left.keys.pinned, right.keys.pinned), (b"", b""))
        self.assertIn("void", left.heard[0])

    def test_it_expires(self):
        left, right = two_boards()
        code = right.show()
        right.runtime.advance(CODE_MS - 1)
        self.assertEqual(right.pairing.code, code)
        right.runtime.advance(1)
        self.assertIn("good for 10 minutes", right.heard[0])
        introduce(left, right, code)
        self.assertEqual(right.keys.pinned, b"")

    def test_it_expires_though_a_timer_is_late(self):
        left, right = two_boards()
        code = right.show()
        right.runtime.ms += CODE_MS
        introduce(left, right, code)
        self.assertEqual(right.keys.pinned, b"")

    def test_an_older_code_expires_without_the_newer_one(self):
        left, right = two_boards()
        right.show()
        right.runtime.advance(CODE_MS - 1000)
        code = right.show()
        right.runtime.advance(1000)
        self.assertEqual(right.pairing.code, code)
        self.assertEqual(right.heard, ["another code took its place"])

    def test_a_slip_of_the_keyboard_costs_no_guess(self):
        left, right = two_boards()
        right.show()
        for text in ("", "7", "7-amber", "7-amber-otterr", "0-amber-otter", "100-amber-otter", "amber-otter-7", "+7 a"):
            with self.assertRaises(Refused):
                left.join(text)
        self.assertEqual(left.runtime.dialled, [])


class InBetween(unittest.TestCase):
    def test_what_is_changed_on_the_way_is_found(self):
        left, right = two_boards()
        total = len(introduce(left, right, right.show()).sent[0])
        for side in (0, 1):
            for place in range(total):
                left, right = two_boards()
                code = right.show()
                introduce(left, right, code, piece=1, change=_flip(side, place)).cut()
                for board, other in ((left, right), (right, left)):
                    self.assertIn(board.keys.pinned, (b"", other.keys.certificate))

    def test_nobody_puts_his_own_certificate_in(self):
        """A thief who stands in for each board towards the other one, and does not know the code."""
        left, right = two_boards()
        as_right, as_left = Board("right", TWIN), Board("left", PRIMARY)
        as_right.keys.certificate = as_left.keys.certificate = b"the thief's"
        as_right.runtime.bytes = b"guess"
        self.assertFalse(as_right.show() == right.show())
        introduce(left, as_right, right.pairing.code)
        as_left.join(GUESS)
        Wire(as_left.call(), right.pairing.visitor()).run()
        self.assertEqual((left.keys.pinned, right.keys.pinned), (b"", b""))

    def test_a_mirror_is_no_other_board(self):
        left, _ = two_boards()
        left.join(GUESS)
        caller = left.call()
        deliver(caller, bytes(caller.outgoing()))
        self.assertEqual(left.keys.pinned, b"")
        self.assertEqual(len(left.heard), 1)


def _flip(side, place):
    passed = [0, 0]

    def change(sender, data):
        at = passed[sender]
        passed[sender] += len(data)
        if sender == side and at <= place < at + len(data):
            data = bytearray(data)
            data[place - at] ^= 1
        return bytes(data)

    return change


class Refusals(unittest.TestCase):
    def test_a_paired_board_takes_no_other(self):
        left, right = two_boards()
        introduce(left, right, right.show())
        third, pinned = Board("third", PRIMARY), right.keys.pinned
        introduce(third, right, right.show())
        self.assertEqual(third.heard, ["the other board says: this board is paired already"])
        self.assertEqual((third.keys.pinned, right.keys.pinned), (b"", pinned))

    def test_a_paired_board_calls_no_other(self):
        left, right = two_boards()
        introduce(left, right, right.show())
        third, pinned = Board("third", TWIN), left.keys.pinned
        introduce(left, third, third.show())
        self.assertIn("paired already", left.heard[-1])
        self.assertEqual((third.keys.pinned, left.keys.pinned), (b"", pinned))

    def test_two_of_the_same_role(self):
        left, right = Board("left", PRIMARY), Board("right", PRIMARY)
        introduce(left, right, right.show())
        self.assertIn("one must be the other's twin", left.heard[0])
        self.assertEqual((left.keys.pinned, right.keys.pinned), (b"", b""))

    def test_itself(self):
        left, _ = two_boards()
        left.join(left.show())
        Wire(left.call(), left.pairing.visitor()).run()
        self.assertIn("called itself", left.heard[0])
        self.assertEqual(left.keys.pinned, b"")

    def test_a_folder_that_cannot_be_written(self):
        for broken in (0, 1):
            boards = two_boards()
            boards[broken].keys.broken = True
            introduce(*boards, boards[1].show())
            self.assertIn("cannot be written", boards[0].heard[0])
            self.assertEqual(boards[1].keys.pinned, b"")

    def test_keys_that_are_just_being_changed(self):
        for busy in (0, 1):
            boards = two_boards()
            boards[busy].lane.slow = True
            boards[busy].pairing.new_password(lambda password, error: None)
            introduce(*boards, boards[1].show())
            self.assertIn("just being changed", boards[0].heard[0])
            self.assertEqual([board.keys.pinned for board in boards], [b"", b""])
            boards[busy].lane.go_on()
            introduce(*boards, boards[1].show())
            self.assertEqual(boards[0].heard[1], "left and right are paired")

    def test_nobody_can_call_a_board_that_does_not_listen(self):
        with self.assertRaises(Refused):
            Board("left", PRIMARY, waits=False).show()

    def test_where_to_call(self):
        left = Board("left", PRIMARY, address=None)
        with self.assertRaises(Refused):
            left.join(GUESS)
        left = Board("left", PRIMARY)
        left.join(GUESS)
        self.assertEqual(left.runtime.dialled[0][0], THERE)
        with self.assertRaises(Refused):  # one call at a time
            left.join(GUESS)
        left.runtime.dialled[0][2](OSError(111, "refused"))
        self.assertIn("cannot be reached", left.heard[0])
        left.join(GUESS)

    def test_an_address_that_is_not_in_the_settings_yet(self):
        left, right = two_boards()
        left.join(right.show(), ("tcp", "elsewhere", 7411))
        self.assertEqual(left.runtime.dialled[0][0][1], "elsewhere")
        Wire(left.call(), right.pairing.visitor()).run()
        self.assertIn("write that address as peer", left.heard[0])


class Strangers(unittest.TestCase):
    def visit(self, *pieces):
        """What becomes of a visitor that sends this: the board and the conversation."""
        right = two_boards()[1]
        right.show()
        visitor = right.pairing.visitor()
        for piece in pieces:
            deliver(visitor, piece)
        return right, visitor

    def test_garbage(self):
        for data in (
            b"SosieLnk\x01\x00\x00\x00",
            b"S" * 100,
            card.preamble() + b"\x09\x00\x04\x00abcd",
            card.preamble() + b"\x02\x00\xff\xff" + b"x" * 9000,
            card.preamble() + b"\x01\x01\x04\x00abcd",
            card.preamble() + card.message(card.DONE, b"x" * 32),
            card.preamble() + card.message(card.ELEMENT, b"neither"),
        ):
            right, visitor = self.visit(data)
            self.assertTrue(visitor.finished, data)
            self.assertEqual(right.keys.pinned, b"")

    def test_without_a_guess_the_code_stays(self):
        right, _ = self.visit(card.preamble() + b"\x09\x00\x04\x00abcd")
        for _ in range(10):
            deliver(right.pairing.visitor(), b"garbage that is no preamble")
        self.assertTrue(right.pairing.code)

    def test_another_version(self):
        right, visitor = self.visit(card.MAGIC + b"\x02\x00\x00\x00")
        self.assertEqual(bytes(visitor.outgoing()), card.preamble())
        left = two_boards()[0]
        left.join(GUESS)
        caller = left.call()
        deliver(caller, card.MAGIC + b"\x02\x00\x00\x00")
        self.assertIn("different versions", left.heard[0])

    def test_silence(self):
        right, visitor = self.visit(card.preamble())
        self.assertEqual(visitor.poll(1000), 1000 + LIMIT_MS)
        self.assertFalse(visitor.finished)
        visitor.poll(1000 + LIMIT_MS)
        self.assertTrue(visitor.finished)

    def test_who_was_refused_and_does_not_close(self):
        left, right = two_boards()
        right.show()
        host = introduce(left, right, GUESS).sides[1]
        self.assertEqual(host.poll(5), 5 + LINGER_MS)
        deliver(host, b"x" * 9000)
        self.assertFalse(host.finished)
        host.poll(5 + LINGER_MS)
        self.assertTrue(host.finished)

    def test_a_sentence_that_is_no_text(self):
        left = two_boards()[0]
        left.join(GUESS)
        deliver(left.call(), card.preamble() + card.message(card.REFUSED, b"\xff\xfe"))
        self.assertIn("no language", left.heard[0])
