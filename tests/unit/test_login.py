"""Login: who is let in, what is remembered, how wrong guesses slow their place down."""

import binascii
import json
import unittest

from firmware import address
from firmware.api.guesses import FORGET_MS, FREE, LONGEST_MS, MOST, Guesses
from firmware.api.login import MOST_CHECKS, MOST_KEPT, MOST_KNOWN, Login
from firmware.httpd.request import Request

SECRET = "opens\u00e9same:x"


def header(password, user="sosie"):
    return "Basic " + binascii.b2a_base64((user + ":" + password).encode()).decode().strip()


class Door:
    """A login whose password and clock the test sets; what is checked waits in `checks` for step()."""

    def __init__(self, password=SECRET):
        self.password = password
        self.edition = 1
        self.now = 1000
        self.checks = []
        self.notes = []
        self.login = Login(self._check, lambda: self.edition, lambda: self.now, b"salt", self.notes.append)

    def _check(self, password, done):
        self.checks.append((password, done))

    def step(self):
        password, done = self.checks.pop(0)
        done(None if self.password is None else password == self.password, None)

    def ask(self, authorization, caller="192.0.2.1"):
        """What is decided, in a list: empty as long as it is not."""
        request, decisions = Request("GET", "/"), []
        request.authorization = authorization
        self.login.admit(request, caller, decisions.append)
        return decisions

    def status(self, authorization, caller="192.0.2.1"):
        """The status of the answer, with every check done; 200: let in."""
        decisions = self.ask(authorization, caller)
        while self.checks:
            self.step()
        assert len(decisions) == 1
        return 200 if decisions[0] is None else decisions[0].status


class Passwords(unittest.TestCase):
    def test_right_and_wrong(self):
        door = Door()
        self.assertEqual(door.status(header(SECRET)), 200)
        for wrong in ("", "x", SECRET + "x", SECRET[:-1], "\0"):
            self.assertEqual(Door().status(header(wrong)), 401)

    def test_few_keep_their_connection_while_they_wait(self):
        door, requests = Door(), []
        for _ in range(MOST_KEPT + 3):
            requests.append(Request("GET", "/"))
            requests[-1].authorization = header("wrong")
            door.login.admit(requests[-1], "192.0.2.1", lambda refusal: None)
        self.assertEqual([each.stays for each in requests], [True] * MOST_KEPT + [False] * 3)
        door.step()
        self.assertFalse(any(each.stays for each in requests))

    def test_any_user_name(self):
        for user in ("", "admin", "\u00e9"):
            self.assertEqual(Door().status(header(SECRET, user)), 200)

    def test_no_password_at_all(self):
        (answer,) = Door().ask(None)
        self.assertEqual(answer.status, 401)
        self.assertIn('WWW-Authenticate: Basic realm="Sosie", charset="UTF-8"', answer.headers)

    def test_what_is_no_basic_header_is_a_wrong_guess(self):
        bad = ("", "Basic", "Basic ", "Bearer x", "Basic !!", "Basic YQ", "Basic YWJj", "Basic /w==", "Basic YTrDKA==")
        for each in bad:
            door = Door()
            self.assertEqual(door.status(each), 401, each)
        door = Door()
        for _ in range(FREE):
            door.status("Basic YWJj")
        self.assertEqual(door.status("Basic YWJj"), 429)

    def test_a_board_without_password_lets_nobody_in(self):
        door = Door()
        door.edition = None
        self.assertEqual(door.status(header(SECRET)), 403)
        self.assertEqual(door.status(None), 403)
        door = Door(password=None)
        (answer,) = door.ask(header(SECRET)) or [None]
        self.assertEqual(answer, None)
        decisions = door.ask(header("other"), "192.0.2.2")
        door.step()
        door.step()
        self.assertEqual(decisions[0].status, 403)
        self.assertIn("no password", json.loads(decisions[0].body)["error"])

    def test_a_check_that_fails(self):
        door = Door()
        decisions = door.ask(header(SECRET))
        door.checks.pop()[1](None, OSError(5, "input/output error"))
        self.assertEqual(decisions[0].status, 500)
        self.assertEqual(door.status(header(SECRET)), 200)


class Memory(unittest.TestCase):
    def test_what_was_right_is_not_checked_again(self):
        door = Door()
        door.status(header(SECRET))
        self.assertEqual((door.ask(header(SECRET)), door.checks), ([None], []))
        self.assertEqual(door.ask(header(SECRET), "192.0.2.9"), [None])

    def test_until_the_password_changes(self):
        door = Door()
        door.status(header(SECRET))
        door.password, door.edition = "new", 2
        self.assertEqual(door.status(header(SECRET)), 401)
        self.assertEqual(door.status(header("new")), 200)
        door.edition = None
        self.assertEqual(door.status(header("new")), 403)

    def test_a_password_that_changes_during_the_check(self):
        door = Door()
        decisions = door.ask(header(SECRET))
        door.edition = 2
        door.step()
        self.assertEqual(decisions, [None])
        door.password = "new"
        self.assertEqual(door.status(header(SECRET)), 401)

    def test_what_was_wrong_is_not_remembered_as_right(self):
        door = Door()
        door.status(header("x"))
        self.assertEqual(door.status(header("x")), 401)

    def test_bounded(self):
        door = Door()
        for number in range(3 * MOST_KNOWN):
            self.assertEqual(door.status(header(SECRET, "user%d" % number)), 200)
        self.assertTrue(len(door.login._known) <= MOST_KNOWN)

    def test_many_requests_of_one_browser_are_one_check(self):
        door = Door()
        decisions = [door.ask(header(SECRET)) for _ in range(20)]
        self.assertEqual(len(door.checks), 1)
        door.step()
        self.assertEqual(decisions, [[None]] * 20)


class Slowness(unittest.TestCase):
    def test_guesses_cost_more_and_more_time(self):
        door, waited, tried = Door(), [], 0
        for number in range(14):
            start = door.now
            while door.status(header("wrong %d" % tried)) == 429:
                door.now += 100
            tried += 1
            waited.append((door.now - start) // 1000)
        self.assertEqual(waited, [0, 0, 0, 1, 2, 4, 8, 16, 32] + [60] * 5)
        self.assertEqual(len(door.notes), 1)
        self.assertIn("192.0.2.1", door.notes[0])

    def test_who_waits_is_told_how_long(self):
        door = Door()
        for _ in range(FREE):
            door.status(header("x"))
        door.now += 1
        (answer,) = door.ask(header("y"))
        self.assertEqual(answer.status, 429)
        self.assertIn("Retry-After: 1", answer.headers)
        self.assertIn("wait 1 s", json.loads(answer.body)["error"])

    def test_the_right_password_waits_as_well_where_many_were_wrong(self):
        door = Door()
        for _ in range(FREE):
            door.status(header("x"))
        self.assertEqual(door.status(header(SECRET)), 429)  # or a guess could be told right in spite of the pause
        door.now += 1000
        self.assertEqual(door.status(header(SECRET)), 200)
        for _ in range(FREE):  # whoever knows it has mistyped before
            self.assertEqual(door.status(header("x")), 401)

    def test_who_was_let_in_before_does_not_wait(self):
        door = Door()
        door.status(header(SECRET))
        for _ in range(FREE):
            door.status(header("x"))
        self.assertEqual(door.status(header("y")), 429)
        self.assertEqual(door.status(header(SECRET)), 200)

    def test_other_places_are_not_slowed_down(self):
        door = Door()
        for _ in range(FREE):
            door.status(header("x"), "2001:db8:0:1::5")
        self.assertEqual(door.status(header("x"), "2001:db8:0:1:ffff::1"), 429)
        self.assertEqual(door.status(header("x"), "2001:db8:0:2::5"), 401)

    def test_one_guess_at_a_time_from_each_place_and_few_in_all(self):
        door = Door()
        for number in range(MOST_CHECKS):
            self.assertEqual(door.ask(header("x%d" % number), "192.0.2.%d" % number), [])
            self.assertEqual(door.ask(header("y"), "192.0.2.%d" % number)[0].status, 429)
        self.assertEqual(door.ask(header("z"), "192.0.2.200")[0].status, 429)
        self.assertEqual(len(door.checks), MOST_CHECKS)


class Remembered(unittest.TestCase):
    def test_forgotten_after_a_while(self):
        guesses = Guesses()
        for _ in range(20):
            guesses.wrong("a", 0)
        self.assertEqual(guesses.pause_ms("a", 0), LONGEST_MS)
        self.assertEqual(guesses.wrong("a", FORGET_MS + 1), 1)
        self.assertEqual(guesses.pause_ms("a", FORGET_MS + 1), 0)

    def test_a_bounded_number_of_places(self):
        guesses = Guesses()
        for number in range(3 * MOST):
            guesses.wrong("place %d" % number, number)
        self.assertEqual(len(guesses._places), MOST)
        self.assertEqual(guesses.wrong("place %d" % (3 * MOST - 1), 9999), 2)


class Neighbourhoods(unittest.TestCase):
    def test_of_addresses(self):
        for host, expected in (
            ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("", ""), ("::1", "0:0:0:0::/64"),
            ("2001:DB8::1", "2001:db8:0:0::/64"), ("fe80::1%eth0", "fe80:0:0:0::/64"),
        ):  # fmt: skip
            self.assertEqual(address.neighbourhood(host), expected)
