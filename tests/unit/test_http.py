"""The HTTP conversation: every stream is run whole, byte by byte, and with trailing data."""

import json
import unittest

from firmware.httpd.answer import Answer, error_answer, json_answer
from firmware.httpd.conversation import HttpConversation
from firmware.httpd.request import MAX_BODY, MAX_HEAD

GET = b"GET /api/status?x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n\r\n"
POST = b"POST /api/promote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"


class Handler:
    """Remembers requests and answers them at once, or keeps the answer back."""

    def __init__(self, reply=None):
        self.requests = []
        self.answer = None
        self._reply = reply

    def __call__(self, request, answer):
        self.requests.append(request)
        self.answer = answer
        if self._reply is not None:
            answer(self._reply)


class Client:
    """Drives a conversation as a port does: feeds it, takes what it sends, polls it."""

    def __init__(self, handler, *admit, now_ms=1000):
        self.conversation = HttpConversation(handler, *admit)
        self.conversation.wake = self._woken
        self.wakes = 0
        self.now_ms = now_ms
        self.got = b""
        self.poll()

    def _woken(self):
        self.wakes += 1

    def poll(self, later_ms=0):
        self.now_ms += later_ms
        return self.conversation.poll(self.now_ms)

    def send(self, data, step=1 << 20):
        """Sends as much as is taken, `step` bytes at a time; returns what was left over."""
        while data:
            view = self.conversation.wanted()
            if view is None:
                return data
            assert len(view)
            n = min(step, len(view), len(data))
            view[:n] = data[:n]
            data = data[n:]
            self.conversation.received(n)
            self.poll()
        return b""

    def take(self, step=1 << 20):
        """Takes all that comes, `step` bytes at a time."""
        out = self.conversation.outgoing()
        while out is not None:
            n = min(step, len(out))
            assert n
            self.got += bytes(out[:n])
            self.conversation.sent(n)
            self.poll()
            out = self.conversation.outgoing()
        return self.got


def parted(response):
    """(status, dictionary of headers, body) of a response; the body is as long as it says."""
    head, gap, body = response.partition(b"\r\n\r\n")
    assert gap, response
    lines = head.decode().split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name] = value
    assert headers["Connection"] == "close"
    return int(lines[0].split(" ")[1]), headers, body


def every_way(data, check):
    """check(client, handler) after `data` was sent whole, byte by byte, and with more behind it."""
    for step, more in ((1 << 20, b""), (1, b""), (7, b""), (1 << 20, GET), (1, b"\x00" * 9000)):
        handler = Handler(json_answer(200, {"a": 1}))
        client = Client(handler)
        client.send(data + more, step)
        client.take(1 if step == 1 else 1 << 20)
        check(client, handler)
        client.send(more)
        client.conversation.received(0)
        assert client.conversation.finished


class Requests(unittest.TestCase):
    def test_get(self):
        def check(client, handler):
            status, headers, body = parted(client.got)
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(int(headers["Content-Length"]), len(body))
            self.assertEqual(json.loads(body), {"a": 1})
            self.assertTrue(client.conversation.finished)
            self.assertEqual(len(handler.requests), 1)
            request = handler.requests[0]
            self.assertEqual((request.method, request.path), ("GET", "/api/status"))
            self.assertEqual((request.host, request.content_type, request.body), ("127.0.0.1:8080", None, b""))

        every_way(GET, check)

    def test_post(self):
        def check(client, handler):
            self.assertEqual(parted(client.got)[0], 200)
            request = handler.requests[0]
            self.assertEqual((request.method, request.body), ("POST", b"hello"))
            self.assertEqual(request.content_type, "application/json")
            self.assertEqual(len(handler.requests), 1)

        every_way(POST, check)

    def test_head_has_no_body(self):
        client = Client(Handler(json_answer(200, {"a": 1})))
        client.send(b"HEAD / HTTP/1.0\r\n\r\n")
        status, headers, body = parted(client.take())
        self.assertEqual((status, headers["Content-Length"], body), (200, "8", b""))

    def test_the_largest_body(self):
        handler = Handler(json_answer(200, {}))
        client = Client(handler)
        body = b"0123456789abcdef" * (MAX_BODY // 16)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_BODY + body, 4093)
        self.assertEqual(handler.requests[0].body, body)

    def test_an_empty_body(self):
        handler = Handler(json_answer(200, {}))
        Client(handler).send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(handler.requests[0].body, b"")

    def test_the_largest_head(self):
        start = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
        for size, status in ((MAX_HEAD, 200), (MAX_HEAD + 1, 431)):
            client = Client(Handler(json_answer(200, {})))
            client.send(start + b"x" * (size - len(start) - 4) + b"\r\n\r\n", 1000)
            self.assertEqual(parted(client.take())[0], status)

    def test_continue(self):
        handler = Handler(json_answer(200, {}))
        client = Client(handler)
        head, _, body = POST.partition(b"hello")
        client.send(head.replace(b"Host: a", b"Host: a\r\nExpect: 100-continue"))
        self.assertEqual(client.take(3), b"HTTP/1.1 100 Continue\r\n\r\n")
        client.got = b""
        client.send(b"hello")
        self.assertEqual(parted(client.take())[0], 200)

    def test_continue_still_unsent_when_the_body_is_there(self):
        client = Client(Handler(json_answer(200, {})))
        client.send(POST[:-5].replace(b"Host: a", b"Host: a\r\nExpect: 100-continue"))
        client.conversation.sent(4)
        client.send(b"hello")
        self.assertTrue(client.take().startswith(b"/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))

    def test_other_fields_may_hold_anything_printable(self):
        handler = Handler(json_answer(200, {}))
        Client(handler).send(b"GET / HTTP/1.1\r\nHOST:\ta \r\nCookie: \xc3\xa9\xff=1\r\nX-Empty:\r\n\r\n")
        self.assertEqual(handler.requests[0].host, "a")


class Refusals(unittest.TestCase):
    def _all_refused(self, status, *requests):
        def check(client, handler):
            self.assertEqual(handler.requests, [])
            found, _, body = parted(client.got)
            self.assertEqual(found, status)
            self.assertTrue(len(json.loads(body)["error"]) > 10)

        for data in requests:
            every_way(data, check)

    def test_no_http(self):
        self._all_refused(400, b"\x16\x03\x01\x02\x00\x01\x00", b"\x00", b"get / HTTP/1.1\r\n\r\n", b"\r\n" + GET)
        self._all_refused(400, b"NBDMAGICIHAVEOPT\x00\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP\r\n\r\n")
        self._all_refused(400, b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n")

    def test_versions(self):
        self._all_refused(505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n")
        self._all_refused(400, b"GET / ICY/1.0\r\n\r\n")

    def test_targets(self):
        targets = (b"*", b"http://a/", b"a", b"/\x00", b"/\xc3\xa9", b"/a\tb")
        self._all_refused(400, *[b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n" for target in targets])

    def test_header_lines(self):
        bad = (b"Host", b"Host : a", b" Host: a", b"Ho st: a", b": a", b"Host: a\x00", b"Host: a\nX: b", b"X: \x7f")
        bad += (b"Host: a\r\n folded", b"Host: a\r", b"Host: \xff", b"X: a\rb", b"X: a\x00")
        self._all_refused(400, *[b"GET / HTTP/1.0\r\n" + line + b"\r\n\r\n" for line in bad])

    def test_no_host(self):
        self._all_refused(400, b"GET / HTTP/1.1\r\nX: 1\r\n\r\n")

    def test_fields_that_stand_twice(self):
        self._all_refused(400, b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n")
        self._all_refused(400, POST.replace(b"Host", b"content-length: 5\r\nHost"))

    def test_lengths(self):
        for length in (b"-1", b"+5", b"5,5", b"0x5", b"", b"5 5", b"five", b"\xb2", b"1e3"):
            self._all_refused(400, POST.replace(b"Length: 5", b"Length: " + length))
        for length in (b"65537", b"9" * 4000):
            self._all_refused(413, POST.replace(b"Length: 5", b"Length: " + length))
        self._all_refused(411, POST.replace(b"Content-Length: 5\r\n", b""))

    def test_chunks(self):
        for field in (b"Transfer-Encoding: chunked", b"transfer-encoding: gzip, chunked", b"Transfer-Encoding:"):
            self._all_refused(411, POST.replace(b"Content-Length: 5", field))
            self._all_refused(411, POST.replace(b"Content-Length: 5", b"Content-Length: 5\r\n" + field))
            self._all_refused(411, GET.replace(b"Accept: */*", field))

    def test_a_head_without_end(self):
        self._all_refused(431, b"GET /" + b"a" * MAX_HEAD)

    def test_a_request_that_ends_in_its_middle(self):
        for data in (GET, POST):
            for cut in range(1, len(data)):
                handler = Handler()
                client = Client(handler)
                client.send(data[:cut])
                client.conversation.received(0)
                self.assertEqual(parted(client.take())[0], 400)
                self.assertTrue(client.conversation.finished)
                self.assertEqual(handler.requests, [])

    def test_what_a_refused_client_still_sends_is_thrown_away(self):
        client = Client(Handler())
        client.send(POST.replace(b"Length: 5", b"Length: 99999"))
        self.assertEqual(parted(client.take())[0], 413)
        self.assertFalse(client.conversation.finished)
        self.assertEqual(client.send(b"x" * 99999), b"")
        client.conversation.received(0)
        self.assertTrue(client.conversation.finished)

    def test_not_for_ever(self):
        client = Client(Handler())
        client.send(b"\x00")
        client.take()
        self.assertEqual(client.poll(), client.now_ms + 1000)
        client.poll(999)
        self.assertFalse(client.conversation.finished)
        self.assertIsNone(client.poll(1))
        self.assertTrue(client.conversation.finished)


class Times(unittest.TestCase):
    def test_silence_is_closed_without_a_word(self):
        client = Client(Handler())
        self.assertEqual(client.poll(), 11000)
        client.poll(9999)
        self.assertFalse(client.conversation.finished)
        client.poll(1)
        self.assertTrue(client.conversation.finished)
        self.assertIsNone(client.conversation.outgoing())

    def test_a_client_that_comes_and_goes(self):
        client = Client(Handler())
        client.conversation.received(0)
        self.assertTrue(client.conversation.finished)
        self.assertIsNone(client.conversation.outgoing())

    def test_drops_of_bytes_buy_no_time(self):
        for data in (GET, POST, POST):
            client = Client(Handler())
            for place in range(10):
                client.send(data[place : place + 1])
                client.poll(1000)
            self.assertEqual(parted(client.take())[0], 408)

    def test_a_slow_body(self):
        client = Client(Handler())
        client.send(POST[:-1])
        client.poll(10000)
        self.assertEqual(parted(client.take())[0], 408)

    def test_a_client_that_does_not_read(self):
        client = Client(Handler(json_answer(200, {})))
        client.send(GET)
        client.poll(9999)
        self.assertTrue(client.conversation.outgoing() is not None)
        client.poll(1)
        self.assertTrue(client.conversation.finished)
        self.assertIsNone(client.conversation.outgoing())

    def test_an_answer_that_takes_its_time(self):
        handler = Handler()
        client = Client(handler)
        client.send(POST)
        client.poll(50000)
        self.assertIsNone(client.conversation.outgoing())
        self.assertIsNone(client.conversation.wanted())
        self.assertFalse(client.conversation.finished)
        self.assertEqual(client.wakes, 0)
        handler.answer(error_answer(409, "not now"))
        self.assertEqual(client.wakes, 1)
        self.assertEqual(parted(client.take())[0], 409)
        self.assertTrue(client.conversation.finished)

    def test_an_answer_that_never_comes(self):
        handler = Handler()
        client = Client(handler)
        client.send(POST)
        client.poll(60000)
        handler.answer(json_answer(200, {}))
        self.assertEqual(parted(client.take())[0], 504)
        self.assertEqual(client.wakes, 0)

    def test_an_answer_for_a_client_that_is_gone(self):
        handler = Handler()
        client = Client(handler)
        client.send(POST)
        client.conversation.lost()
        handler.answer(json_answer(200, {}))
        self.assertIsNone(client.conversation.outgoing())
        self.assertIsNone(client.poll())
        self.assertEqual(client.wakes, 0)

    def test_a_second_answer_is_not_sent(self):
        handler = Handler(json_answer(200, {}))
        client = Client(handler)
        client.send(GET)
        handler.answer(Answer(500, b""))
        self.assertEqual(parted(client.take())[0], 200)

    def test_no_wake_from_inside_the_driver(self):
        for data in (GET, POST, b"\x00"):
            client = Client(Handler(json_answer(200, {})))
            client.send(data)
            self.assertEqual(client.wakes, 0)
