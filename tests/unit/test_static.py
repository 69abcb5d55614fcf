"""The files of the page: read once, named as they are, told apart by their tags, packed for who takes that."""

import unittest

from firmware.api.api import Api
from firmware.httpd.static import File, Static
from tests.unit.test_http import Client
from tests.unit.test_status import FakeBoard

WEB = ("tcp", "127.0.0.1", 8080)
FILES = {
    "index.html": File(b"<p>page", None, "aa"),
    "page.js": File(b"let a;" * 100, b"packed", "bb"),
    "fonts/a.woff2": File(b"font", None, "cc"),
    "strange": File(b"?", None, "dd"),
}


class Shelf:
    def __init__(self, files=FILES, error=None):
        self.loads = 0
        self.outcome = (files, error)
        self.done = None

    def load(self, done):
        self.loads += 1
        self.done = done

    def deliver(self):
        self.done(*self.outcome)


def opened(shelf):
    return Api(FakeBoard(), WEB, static=Static(shelf.load))


def get(api, path, *lines, method="GET"):
    client = Client(api.handle)
    head = ["%s %s HTTP/1.1" % (method, path), "Host: localhost"] + list(lines)
    assert client.send("\r\n".join(head).encode() + b"\r\n\r\n") == b""
    client.take()
    return client


def answered(client):
    head, gap, body = client.take().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name] = value
    return int(lines[0].split(" ")[1]), headers, body


class Files(unittest.TestCase):
    def setUp(self):
        self.shelf = Shelf()
        self.api = opened(self.shelf)

    def _get(self, path, *lines, **options):
        client = get(self.api, path, *lines, **options)
        if not client.got:
            self.shelf.deliver()
        return answered(client)

    def test_read_once_when_somebody_asks(self):
        self.assertEqual(self.shelf.loads, 0)
        first, second = get(self.api, "/"), get(self.api, "/web/page.js")
        self.assertEqual((first.got, second.got, self.shelf.loads), (b"", b"", 1))
        self.shelf.deliver()
        self.assertEqual(answered(first)[2], b"<p>page")
        self.assertEqual(answered(second)[0], 200)
        self.assertEqual(self._get("/")[2], b"<p>page")
        self.assertEqual(self.shelf.loads, 1)

    def test_types_and_policy(self):
        for path, kind in (
            ("/", "text/html; charset=utf-8"),
            ("/web/page.js", "text/javascript; charset=utf-8"),
            ("/web/strange", "application/octet-stream"),
        ):
            status, headers, _ = self._get(path)
            self.assertEqual((status, headers["Content-Type"]), (200, kind))
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertNotIn("http", policy)

    def test_packed_for_who_takes_it(self):
        for line, packed in (
            ("Accept-Encoding: gzip, deflate, br", True),
            ("Accept-Encoding: br;q=1, gzip ;q=0.5", True),
            ("Accept-Encoding: gzip;q=0", False),
            ("Accept-Encoding: br", False),
            ("Accept-Encoding: gzip\xe9", False),
            ("Accept: */*", False),
        ):
            _, headers, body = self._get("/web/page.js", line)
            self.assertEqual(body, b"packed" if packed else b"let a;" * 100)
            self.assertEqual(headers.get("Content-Encoding"), "gzip" if packed else None)
            self.assertEqual(headers["Vary"], "Accept-Encoding")

    def test_what_the_browser_has(self):
        tag = self._get("/web/page.js")[1]["ETag"]
        packed = self._get("/web/page.js", "Accept-Encoding: gzip")[1]["ETag"]
        self.assertNotEqual(tag, packed)
        for line in ("If-None-Match: " + tag, "If-None-Match: \"x\", W/" + tag, "If-None-Match: *"):
            status, headers, body = self._get("/web/page.js", line)
            self.assertEqual((status, body, headers["ETag"]), (304, b"", tag))
            self.assertIsNone(headers.get("Content-Length"))
        self.assertEqual(self._get("/web/page.js", "If-None-Match: " + packed)[0], 200)

    def test_head(self):
        status, headers, body = self._get("/web/page.js", method="HEAD")
        self.assertEqual((status, headers["Content-Length"], body), (200, "600", b""))

    def test_only_what_is_there(self):
        self._get("/")
        paths = ("", "..", "../api.py", "../../etc/passwd", "%2e%2e/api.py", "/etc/passwd", "page.js/", "PAGE.JS",
                 "./page.js", "page.js%00")  # fmt: skip
        for path in ["/web/" + each for each in paths] + ["/web", "/webx/page.js", "//web/page.js"]:
            self.assertIn(self._get(path)[0], (400, 404), path)
        self.assertEqual(self._get("/web/fonts/a.woff2")[0], 404)  # one folder, and no other below it

    def test_files_that_cannot_be_read(self):
        shelf = Shelf(None, OSError(5))
        api = opened(shelf)
        client = get(api, "/")
        shelf.deliver()
        self.assertEqual(answered(client)[0], 500)
        shelf.outcome = (FILES, None)
        client = get(api, "/")
        shelf.deliver()
        self.assertEqual((answered(client)[0], shelf.loads), (200, 2))

    def test_several_files_on_one_connection(self):
        self._get("/")
        client = get(self.api, "/web/strange")
        self.assertIn(b"Connection: keep-alive", client.got)
        self.assertFalse(client.conversation.finished)
        self.assertTrue(client.conversation.expendable)
        client.got = b""
        client.send(b"GET /web/page.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        status, headers, body = answered(client)
        self.assertEqual((status, headers["Connection"], len(body)), (200, "close", 600))
        self.assertTrue(client.conversation.finished)
