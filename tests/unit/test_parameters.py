"""Queries and cookies: what is understood, what is refused, and that nothing else gets through."""

import unittest

from firmware.errors import ProtocolError
from firmware.httpd import cookie, parameters

VALUE = "A" * 43


class Queries(unittest.TestCase):
    def test_taken(self):
        for text, found in (
            (b"", {}),
            (b"now", {"now": ""}),
            (b"lang=fr&points=600", {"lang": "fr", "points": "600"}),
            (b"a=b=c&&d=", {"a": "b=c", "d": ""}),
            (b"a=1+2%2B3%20%c3%A9", {"a": "1 2+3 \u00e9"}),
            (b"%61=x", {"a": "x"}),
            (b"=x", {"": "x"}),
        ):
            self.assertEqual(parameters.parse(text), found)

    def test_refused(self):
        many = b"&".join([b"a%d=1" % number for number in range(parameters.MOST + 1)])
        bad = (b"a=1&a=2", b"a=1&%61=2", b"a=%", b"a=%2", b"a=%zz", b"a=%ff", b"a=%c0%af", b"a=%00", b"%0a", many)
        for text in bad:
            with self.assertRaises(ProtocolError):
                parameters.parse(text)


class Cookies(unittest.TestCase):
    NAME = "__Host-sosie-443"

    def test_among_others(self):
        own = ("%s=%s" % (self.NAME, VALUE)).encode()
        for header in (own, b"a=b; " + own, own + b";a=\xff\xfe", b" ; ;" + own + b" ;x", b"x" + own + b"; " + own):
            self.assertEqual(cookie.find(header, self.NAME), VALUE)

    def test_none_that_could_be_ours(self):
        own = ("%s=%s" % (self.NAME, VALUE)).encode()
        for header in (b"", b"a=b", own[:-1], own + b"A", own[:-1] + b"\xff", own + b"; " + own, b"x" + own,
                       own[:-1] + b"=", self.NAME.encode(), own.replace(b"443", b"444")):  # fmt: skip
            self.assertIsNone(cookie.find(header, self.NAME), header)

    def test_boards_at_one_name_have_one_each(self):
        names = [cookie.name_of(web) for web in (("tcp", "a", 443), ("tcp", "a", 8443), ("unix", "/run/a"))]
        self.assertEqual(len(set(names)), 3)

    def test_browsers_keep_it_to_themselves(self):
        line = cookie.line(self.NAME, VALUE, 60)
        for word in ("Path=/;", "HttpOnly", "Secure", "SameSite=Strict", "Max-Age=60"):
            self.assertIn(word, line)
        self.assertNotIn("Domain", line)
