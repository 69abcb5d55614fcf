"""Pairing and the page's password on the console."""

import unittest

from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_pair import Board as Paired
from tests.unit.fakes_pair import Wire
from tests.unit.test_console import Board, Session, twin


def consoles():
    """The consoles of two boards that may be paired, and their Pairings."""
    left, right = Paired("left", PRIMARY), Paired("right", TWIN)
    sessions = []
    for board, of in ((Board(), left), (twin(), right)):
        board.pairing = of.pairing
        sessions.append(Session(board))
    return sessions[0], sessions[1], left, right


class Pairing(unittest.TestCase):
    def setUp(self):
        self.left, self.right, self.primary, self.twin = consoles()

    def connect(self):
        """Carries out the call of the left board."""
        Wire(self.primary.call(), self.twin.pairing.visitor()).run()
        for session in (self.left, self.right):
            session.wait(1)

    def test_shown_here_and_typed_there(self):
        self.right.type("pair\r")
        code = self.twin.pairing.code
        self.assertTrue(self.right.sees("pair " + code))
        self.right.wait(60000)
        self.assertTrue(self.right.sees("pair " + code))  # it is no message that goes
        self.left.type("pair %s\r" % code)
        self.assertEqual(self.left.message, "Pairing ..")
        self.connect()
        self.assertEqual(self.left.message, "left and right are paired.")
        self.assertEqual(self.right.message, "right and left are paired.")
        self.assertFalse(self.right.sees(code))

    def test_an_address(self):
        for typed, place in (
            ("7-amber-otter there.example", ("tcp", "there.example", 7411)),
            ("7 amber otter there.example:99", ("tcp", "there.example", 99)),
            ("7-AMBER-OTTER [fd00::1]", ("tcp", "fd00::1", 7411)),
        ):
            self.setUp()
            self.left.type("pair %s\r" % typed)
            self.assertEqual(self.primary.runtime.dialled[0][0], place)

    def test_what_is_no_code_or_no_address(self):
        for typed, sentence in (
            ("7", "A code is a number and two words"),
            ("7-amber-ottr", "No code has the word ottr"),
            ("7-amber-otter there and there", "Write pair CODE, or pair CODE HOST:PORT"),
            ("7-amber-otter th*re", "This is not a host name"),
        ):
            self.left.type("pair %s\r" % typed)
            self.assertTrue(self.left.sees(sentence), self.left.message)
        self.assertEqual(self.primary.runtime.dialled, [])

    def test_off(self):
        self.right.type("pair\r")
        self.right.type("pair off\r")
        self.assertEqual(self.twin.pairing.code, "")
        self.assertEqual(self.right.message, "No code is good now.")
        self.assertTrue(self.right.sees("Would be lost now"))

    def test_another_command_leaves_the_code_good(self):
        self.right.type("pair\r")
        self.right.type("mark\r")
        self.assertTrue(self.right.sees("Would be lost now"))
        self.assertTrue(self.twin.pairing.code)

    def test_a_paired_board_is_told(self):
        self.twin.keys.pinned = b"somebody"
        self.right.type("pair\r")
        self.assertTrue(self.right.sees("is paired already"))

    def test_a_card_that_is_gone(self):
        self.twin.keys.gone = True
        self.right.type("pair\r")
        self.assertTrue(self.right.sees("The folder cannot be read"))
        self.assertEqual(self.twin.pairing.code, "")

    def test_without_keys(self):
        session = Session(Board())
        for line in ("pair\r", "pair 7-amber-otter\r", "password\r"):
            session.type(line)
            self.assertTrue(session.sees("This board has no keys folder"))


class Unpair(unittest.TestCase):
    def test_it_asks_and_does_it(self):
        left, _, primary, _ = consoles()
        primary.keys.pinned = b"somebody"
        left.type("unpair\rn\r")
        self.assertTrue(primary.keys.pinned)
        left.type("unpair\r")
        self.assertTrue(left.sees("forgets the other board"))
        left.type("yes\r")
        self.assertEqual(left.message, "This board is not paired any more.")
        self.assertFalse(primary.keys.pinned)

    def test_a_card_that_takes_its_time(self):
        """Nobody waits for it, and what would is refused."""
        left, _, primary, _ = consoles()
        primary.keys.pinned, primary.lane.slow = b"somebody", True
        left.type("unpair\ryes\r")
        self.assertEqual(left.message, "Changing the keys ..")
        left.type("pair\r")
        self.assertTrue(left.sees("just being changed"))
        primary.lane.go_on()
        left.wait(1)
        self.assertEqual(left.message, "This board is not paired any more.")

    def test_a_folder_that_cannot_be_written(self):
        left, _, primary, _ = consoles()
        primary.keys.pinned, primary.keys.broken = b"somebody", True
        left.type("unpair\ryes\r")
        self.assertTrue(left.sees("cannot be written"))


class Password(unittest.TestCase):
    def test_it_asks_and_shows(self):
        session = consoles()[0]
        session.type("password\r")
        self.assertTrue(session.sees("makes a new password"))
        session.type("yes\r")
        self.assertTrue(session.sees("abcd-efgh"))
        session.type("\r")
        self.assertFalse(session.sees("abcd-efgh"))

    def test_it_shows_whatever_else_is_shown_meanwhile(self):
        session, _, primary, _ = consoles()
        primary.lane.slow = True
        session.type("password\ryes\r")
        session.type("unpair\r")
        primary.lane.go_on()
        session.wait(1)
        self.assertTrue(session.sees("abcd-efgh"))
        session.type("yes\r")
        self.assertTrue(session.sees("There is no command yes"))

    def test_anything_else_is_no(self):
        session = consoles()[0]
        session.type("password\rn\r")
        self.assertFalse(session.sees("abcd-efgh"))
