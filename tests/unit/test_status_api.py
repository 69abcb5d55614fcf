"""Routes, actions and their errors, through whole HTTP requests; and the strict JSON of action bodies."""

import json
import unittest

from firmware import flatjson
from firmware.api.api import Api
from firmware.errors import ProtocolError, Refused
from tests.unit.test_http import Client, parted
from tests.unit.test_status import FakeBoard

WEB = ("tcp", "127.0.0.1", 8080)
FORCE = b'{"force": true}'


class PromotableBoard(FakeBoard):
    """Remembers promotions; `outcome` is given at once, raised, or kept for `self.done`."""

    def __init__(self, outcome=None):
        super().__init__()
        self.forces = []
        self.done = None
        self.outcome = outcome
        self.names = []

    def mark(self, name, done):
        self.names.append(name)
        done(7, None)

    def promote(self, force, done):
        self.forces.append(force)
        self.done = done
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is not None:
            done(*self.outcome)


def ask(board, method, path, body=None, web=WEB, host="127.0.0.1:8080", kind="application/json"):
    """The client after such a request was sent and what came at once was taken."""
    client = Client(Api(board, web).handle)
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + host]
    if body is not None:
        lines.append("Content-Length: %d" % len(body))
        if kind is not None:
            lines.append("Content-Type: " + kind)
    assert client.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")) == b""
    client.take()
    return client


def answered(*arguments, **options):
    """(status, headers, body) of the answer to such a request."""
    return parted(ask(*arguments, **options).got)


class Routes(unittest.TestCase):
    def _error(self, status, *arguments, **options):
        found, headers, body = answered(*arguments, **options)
        self.assertEqual(found, status)
        self.assertEqual(headers["Content-Type"], "application/json")
        error = json.loads(body)
        self.assertEqual(list(error), ["error"])
        return headers, error["error"]

    def test_status(self):
        for path in ("/api/status", "/api/status?now"):
            status, headers, body = answered(FakeBoard(), "GET", path)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(json.loads(body)["state"], "mirroring")

    def test_page(self):
        status, headers, body = answered(FakeBoard(), "GET", "/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertTrue(body.startswith(b"<!DOCTYPE html>"))
        self.assertEqual(int(headers["Content-Length"]), len(body))

    def test_names_beyond_ascii(self):
        status, headers, body = answered(FakeBoard(name="\u00e9l\u00e8ve"), "GET", "/")
        self.assertIn("\u00e9l\u00e8ve: mirroring", body.decode())
        self.assertEqual(int(headers["Content-Length"]), len(body))
        body = answered(FakeBoard(name='\u00e9"\\'), "GET", "/api/status")[2]
        self.assertEqual(json.loads(body)["name"], '\u00e9"\\')

    def test_head(self):
        for path in ("/", "/api/status"):
            status, headers, body = answered(FakeBoard(), "HEAD", path)
            self.assertEqual((status, body), (200, b""))
            self.assertTrue(int(headers["Content-Length"]) > 100)

    def test_nothing_there(self):
        for path in ("/api", "/api/status/", "/api/marks", "/../etc/passwd", "//", "/%2e", "/<script>"):
            self._error(404, FakeBoard(), "GET", path)
        self._error(404, FakeBoard(), "POST", "/api/verify", body=b"{}")

    def test_wrong_method(self):
        for method, path, allowed in (
            ("POST", "/api/status", "GET, HEAD"),
            ("DELETE", "/", "GET, HEAD"),
            ("OPTIONS", "/api/promote", "POST"),
            ("GET", "/api/promote", "POST"),
            ("HEAD", "/api/promote", "POST"),
            ("BREW", "/api/promote", "POST"),
            ("GET", "/api/mark", "POST"),
        ):
            status, headers, body = answered(FakeBoard(), method, path, body=b"{}" if method == "POST" else None)
            self.assertEqual((status, headers["Allow"]), (405, allowed))

    def test_hosts(self):
        mine = ("127.0.0.1", "localhost:9000", "LOCALHOST", "127.0.0.5:1", "[::1]:8080", "[::1]")
        for host in mine:
            self.assertEqual(answered(FakeBoard(), "GET", "/", host=host)[0], 200)
        foreign = ("evil.example", "127.0.0.1.evil.example:8080", "evil.example:127", "[::2]", "", "localhost.evil")
        for host in foreign:
            for path in ("/", "/api/status", "/nothing"):
                self._error(403, FakeBoard(), "GET", path, host=host)
            board = PromotableBoard(({}, None))
            self._error(403, board, "POST", "/api/promote", body=FORCE, host=host)
            self.assertEqual(board.forces, [])
        web = ("tcp", "left.lan", 8080)
        self.assertEqual(answered(FakeBoard(), "GET", "/", host="Left.lan:80", web=web)[0], 200)
        self._error(403, FakeBoard(), "GET", "/", host="right.lan", web=web)
        self.assertEqual(answered(FakeBoard(), "GET", "/", host="any", web=("unix", "/run/s"))[0], 200)

    def test_a_bug_is_told_and_stops_nothing(self):
        board = FakeBoard()
        del board._facts["role"]
        headers, error = self._error(500, board, "GET", "/api/status")
        self.assertIn("role", error)


class MarkableBoard(FakeBoard):
    """Remembers marks; refuses them with `refusal`, or keeps `done`."""

    def __init__(self, refusal=None):
        super().__init__()
        self.names, self.done, self._refusal = [], None, refusal

    def mark(self, name, done):
        self.names.append(name)
        self.done = done
        if self._refusal is not None:
            done(None, self._refusal)


class Marks(unittest.TestCase):
    def test_answered_when_it_is_durable(self):
        board = MarkableBoard()
        client = ask(board, "POST", "/api/mark", body='{"name": "before the \u00fcpgrade"}'.encode())
        self.assertEqual((board.names, client.got), (["before the \u00fcpgrade"], b""))
        board.done(7, None)
        status, headers, content = parted(client.take())
        self.assertEqual((status, json.loads(content)), (200, {"group": 7}))

    def test_refused(self):
        board = MarkableBoard(Refused("right is a twin"))
        status, headers, content = answered(board, "POST", "/api/mark", body=b'{"name": "a"}')
        self.assertEqual((status, json.loads(content)), (409, {"error": "right is a twin"}))

    def test_bodies(self):
        for body in (b"{}", b"", b'{"name": 1}', b'{"name": null}', b'{"name": "a", "force": true}', b'"a"'):
            board = MarkableBoard()
            self.assertEqual(answered(board, "POST", "/api/mark", body=body)[0], 400, body)
            self.assertEqual(board.names, [])
        board = MarkableBoard()
        self.assertEqual(answered(board, "POST", "/api/mark", body=b'{"name": "a"}', kind="text/plain")[0], 415)
        self.assertEqual(board.names, [])


class Promotion(unittest.TestCase):
    REPORT = {"generation": 2, "group": 9}

    def test_now(self):
        for body, force in ((FORCE, True), (b'{"force":false}', False), (b" { } ", False)):
            board = PromotableBoard((self.REPORT, None))
            status, headers, content = answered(board, "POST", "/api/promote", body=body)
            self.assertEqual((status, json.loads(content)), (200, self.REPORT))
            self.assertEqual(board.forces, [force])
            self.assertTrue(board.forces[0] is force)

    def test_later(self):
        board = PromotableBoard()
        client = ask(board, "POST", "/api/promote", body=FORCE)
        self.assertEqual(client.got, b"")
        client.poll(20000)
        board.done(self.REPORT, None)
        self.assertEqual(client.wakes, 1)
        self.assertEqual(json.loads(parted(client.take())[2]), self.REPORT)

    def test_refused(self):
        refused = Refused("this board is no twin")
        for outcome in (refused, (None, refused)):
            status, headers, content = answered(PromotableBoard(outcome), "POST", "/api/promote", body=FORCE)
            self.assertEqual((status, json.loads(content)), (409, {"error": "this board is no twin"}))

    def test_refused_later(self):
        board = PromotableBoard()
        client = ask(board, "POST", "/api/promote", body=FORCE)
        board.done(None, Refused("the journal is damaged"))
        self.assertEqual(parted(client.take())[0], 409)

    def test_failed(self):
        status, headers, content = answered(PromotableBoard((None, OSError(5))), "POST", "/api/promote", body=FORCE)
        self.assertEqual(status, 500)

    def test_content_types(self):
        for kind in ("application/json; charset=utf-8", "Application/JSON"):
            board = PromotableBoard(({}, None))
            self.assertEqual(answered(board, "POST", "/api/promote", body=FORCE, kind=kind)[0], 200)
        for kind in (
            None,
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "json",
        ):
            board = PromotableBoard(({}, None))
            self.assertEqual(answered(board, "POST", "/api/promote", body=FORCE, kind=kind)[0], 415)
            self.assertEqual(board.forces, [])

    def test_bodies(self):
        for body in (b"", b"{", b'{"force": true', b'{"force": 1}', b'{"force": "true"}', b'{"force": null}', b"true"):
            board = PromotableBoard(({}, None))
            status, headers, content = answered(board, "POST", "/api/promote", body=body)
            self.assertEqual(status, 400)
            self.assertTrue(len(json.loads(content)["error"]) > 10)
            self.assertEqual(board.forces, [])
        content = answered(PromotableBoard(), "POST", "/api/promote", body=b'{"Force": true}')[2]
        self.assertIn("something other", json.loads(content)["error"])


class FlatJson(unittest.TestCase):
    def test_taken(self):
        for text, value in (
            ("{}", {}),
            ('\t{"a" : -1 ,\r\n"b":"x","c":null, "":0}\n', {"a": -1, "b": "x", "c": None, "": 0}),
            ('{"a": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0000"}', {"a": '"\\/\b\f\n\r\t\u00e9\0'}),
            ('{"\u00e9": "\u20ac,}"}', {"\u00e9": "\u20ac,}"}),
            ('{"a":true,"b":false}', {"a": True, "b": False}),
            ('{"\\ud83d\\ude42":"x\\uD83D\\uDE42\\n\\udbff\\udfff\\ud800\\udc00"}',
             {"\U0001f642": "x\U0001f642\n\U0010ffff\U00010000"}),
        ):
            self.assertEqual(flatjson.parse(text.encode()), value)

    def test_refused(self):
        for text in (
            "",
            " ",
            "{",
            '{"a":1',
            '{"a":1,',
            '{"a":1,}',
            '{"a"}',
            '{"a":}',
            "{a:1}",
            '{"a":1}}',
            '{"a":1} x',
            "{,}",
            '{"a":[1]}',
            '{"a":{}}',
            "[]",
            "1",
            '"a"',
            "null",
            '{"a":1 "b":2}',
            "{'a':1}",
            '{"a":1,"a":2}',
            '{"a":01}',
            '{"a":1.5}',
            '{"a":1e3}',
            '{"a":-}',
            '{"a":--1}',
            '{"a":NaN}',
            '{"a":Infinity}',
            '{"a":+1}',
            '{"a":tru}',
            '{"a":truee}',
            '{"a":True}',
            '{"a":' + "9" * 21 + "}",
            '{"a":1-1}',
            '\ufeff{"a":1}',
            '{"a":"',
            '{"a":"\\',
            '{"a":"\\x"}',
            '{"a":"\\u12"}',
            '{"a":"\\u12 4"}',
            '{"a":"\\ud800"}',
            '{"a":"\\ud83dx"}',
            '{"a":"\\ud83d\\n"}',
            '{"a":"\\ud83d\\ud83d"}',
            '{"a":"\\ude42\\ud83d"}',
            '{"a":"\\ud83d\\ude4"}',
            '{"a":"\\ud83d\\',
            '{"a":"\n"}',
            '{"a":"x}',
            '{"a":"\\"}',
            '{"a":"\0"}',
            '{"a":1}\0',
            "{\u00a0}",
        ):
            with self.assertRaises(ProtocolError):
                flatjson.parse(text.encode())
        for data in (b"\xff", b'{"\xc0\xaf":1}', b'{"a":"\xc3"}'):
            with self.assertRaises(ProtocolError):
                flatjson.parse(data)
