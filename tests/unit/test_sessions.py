"""Sessions of browsers: new at each login, few, and over when they should be."""

import unittest

from firmware.api.sessions import IDLE_MS, LIFE_MS, MOST, Sessions, same
from firmware.httpd.cookie import LENGTH, find


class Place:
    """Sessions whose clock, password and luck the test sets."""

    def __init__(self):
        self.now = 1000
        self.edition = 1
        self.count = 0
        self.sessions = Sessions(lambda: self.edition, lambda: self.now, self.random)

    def random(self, size):
        self.count += 1
        return bytes([self.count % 256, self.count // 256]) + bytes(range(7, 5 + size))

    def begin(self):
        return self.sessions.begin(self.edition)


class Life(unittest.TestCase):
    def test_found_by_its_cookie_alone(self):
        place = Place()
        value, session = place.begin()
        self.assertEqual(len(value), LENGTH)
        self.assertEqual(find(("n=" + value).encode(), "n"), value)
        self.assertTrue(place.sessions.find(value) is session)
        self.assertNotEqual(session.token, value)
        for other in (None, "", value[:-1], value + "A", value.lower(), session.token):
            self.assertIsNone(place.sessions.find(other))

    def test_nothing_is_kept_that_would_let_somebody_in(self):
        place = Place()
        value, session = place.begin()
        self.assertNotIn(value.encode(), b"".join(place.sessions._sessions))

    def test_each_has_its_own(self):
        place = Place()
        begun = [place.begin() for _ in range(20)]
        self.assertEqual(len(set([value for value, _ in begun] + [session.token for _, session in begun])), 40)

    def test_idle(self):
        place = Place()
        value, _ = place.begin()
        for _ in range(3):
            place.now += IDLE_MS
            self.assertTrue(place.sessions.find(value) is not None)
        place.now += IDLE_MS + 1
        self.assertIsNone(place.sessions.find(value))
        self.assertEqual(len(place.sessions), 0)

    def test_not_for_ever(self):
        place = Place()
        value, session = place.begin()
        for _ in range(LIFE_MS // IDLE_MS):
            place.now += IDLE_MS
            self.assertTrue(place.sessions.holds(session))
        place.now += 1
        self.assertFalse(place.sessions.holds(session))
        self.assertIsNone(place.sessions.find(value))

    def test_over_with_its_password(self):
        for edition in (2, None):
            place = Place()
            value, session = place.begin()
            place.edition = edition
            self.assertFalse(place.sessions.holds(session))
            place.edition = 1  # even should the old one come back
            self.assertIsNone(place.sessions.find(value))

    def test_logout(self):
        place = Place()
        value, session = place.begin()
        other, _ = place.begin()
        place.sessions.end(value)
        self.assertIsNone(place.sessions.find(value))
        self.assertFalse(place.sessions.holds(session))
        self.assertTrue(place.sessions.find(other) is not None)
        place.sessions.end(value)
        place.sessions.end(None)

    def test_few(self):
        place = Place()
        first, _ = place.begin()
        values = []
        for _ in range(3 * MOST):
            place.now += 10
            values.append(place.begin()[0])
            self.assertTrue(place.sessions.find(first) is not None)  # who is used stays
            self.assertTrue(len(place.sessions) <= MOST)
        self.assertEqual(sum([place.sessions.find(value) is not None for value in values]), MOST - 1)

    def test_the_dead_make_room_first(self):
        place = Place()
        old = [place.begin()[0] for _ in range(MOST // 2)]
        place.now += IDLE_MS
        young = [place.begin()[0] for _ in range(MOST // 2)]
        place.now += 1
        place.begin()
        self.assertEqual([place.sessions.find(value) for value in old], [None] * len(old))
        self.assertNotIn(None, [place.sessions.find(value) for value in young])


class Comparing(unittest.TestCase):
    def test_same(self):
        self.assertTrue(same("abc", "abc"))
        for given in (None, "", "ab", "abcd", "abC", "bbc", "\u00e9bc", "abcabc"):
            self.assertFalse(same(given, "abc"))
        self.assertFalse(same("abc", "") or same("a", ""))
