"""Answers without an end, and several requests on one connection."""

import json
import unittest

from firmware.httpd.answer import json_answer
from firmware.httpd.conversation import MOST_REQUESTS
from firmware.httpd.outbox import STUCK_MS
from firmware.httpd.request import MAX_HEAD
from firmware.httpd.stream import Stream
from tests.unit.test_http import GET, POST, Client, Handler

HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"


class Source:
    """Gives what the test puts into `pieces`."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.calls = []
        self.over = False

    @property
    def waiting(self):
        return bool(self.pieces)

    def begin(self, wake):
        self.calls.append("begin")
        self.wake = wake

    def next(self):
        return self.pieces.pop(0) if self.pieces else None

    def lost(self):
        self.calls.append("lost")

    def give(self, piece):
        self.pieces.append(piece)
        self.wake()


def streaming(*pieces):
    source = Source(*pieces)
    client = Client(Handler(Stream(source, "text/plain")))
    client.send(GET)
    return source, client


class Streams(unittest.TestCase):
    def test_pieces_as_they_come(self):
        for step in (1, 1 << 20):
            source, client = streaming(b"one")
            head, gap, body = client.take(step).partition(b"\r\n\r\n")
            self.assertEqual(body, b"one")
            self.assertNotIn(b"Content-Length", head)
            self.assertIn(b"Connection: close", head)
            self.assertIn(b"Content-Type: text/plain", head)
            self.assertIsNone(client.conversation.outgoing())
            source.give(b"two")
            self.assertEqual(client.wakes, 1)
            self.assertTrue(client.take(step).endswith(b"onetwo"))
            self.assertFalse(client.conversation.finished)
            self.assertFalse(client.conversation.expendable)

    def test_no_end_while_the_client_listens(self):
        source, client = streaming()
        client.take()
        for _ in range(100):
            self.assertIsNone(client.poll(60000))
            source.give(b"x")
            client.take()
        self.assertEqual(source.calls, ["begin"])

    def test_a_client_that_is_gone(self):
        for ends in (lambda client: client.conversation.received(0), lambda client: client.conversation.lost()):
            source, client = streaming()
            client.take()
            ends(client)
            self.assertEqual(source.calls, ["begin", "lost"])
            self.assertTrue(client.conversation.finished)
            self.assertIsNone(client.conversation.outgoing())
            client.conversation.lost()
            self.assertEqual(source.calls, ["begin", "lost"])

    def test_a_client_that_takes_nothing(self):
        source, client = streaming(b"piece")
        client.conversation.outgoing()
        client.conversation.sent(3)
        client.poll()
        client.poll(STUCK_MS - 1)
        self.assertFalse(client.conversation.finished)
        client.poll(1)
        self.assertTrue(client.conversation.finished)
        self.assertEqual(source.calls, ["begin", "lost"])

    def test_something_in_between_that_keeps_a_piece(self):
        source, client = streaming()
        client.take()
        source.give(b"kept by TLS")
        client.conversation.sent(len(client.conversation.outgoing()))
        client.poll()
        source.give(b"never asked for")
        client.poll()
        client.poll(STUCK_MS)
        self.assertEqual(source.calls, ["begin", "lost"])

    def test_every_byte_taken_buys_time(self):
        source, client = streaming(b"0123456789")
        for _ in range(5):
            client.conversation.outgoing()
            client.conversation.sent(1)
            client.poll()
            client.poll(STUCK_MS - 1)
        self.assertEqual(source.calls, ["begin"])

    def test_what_the_client_says_is_thrown_away(self):
        source, client = streaming()
        client.take()
        self.assertEqual(client.send(b"x" * 3 * MAX_HEAD), b"")
        source.give(b"still here")
        self.assertTrue(client.take().endswith(b"still here"))

    def test_an_end(self):
        source, client = streaming(b"last")
        source.over = True
        self.assertTrue(client.take().endswith(b"last"))
        self.assertTrue(client.conversation.finished)
        self.assertEqual(source.calls, ["begin", "lost"])

    def test_only_the_head(self):
        source = Source(b"x")
        client = Client(Handler(Stream(source, "text/plain")))
        client.send(HEAD)
        self.assertTrue(client.take().endswith(b"\r\n\r\n"))
        self.assertEqual(source.calls, [])
        self.assertTrue(client.conversation.finished)

    def test_an_answer_that_comes_too_late(self):
        source, handler = Source(b"x"), Handler()
        client = Client(handler)
        client.send(GET)
        client.conversation.lost()
        handler.answer(Stream(source, "text/plain"))
        self.assertEqual(source.calls, [])


class Keeper:
    """Answers each request with its number, on a connection that stays."""

    def __init__(self):
        self.requests = []
        self.answers = []
        self.later = False

    def __call__(self, request, answer):
        self.requests.append(request)
        reply = json_answer(200, {"n": len(self.requests)})
        reply.keeps = True
        if self.later:
            self.answers.append(lambda: answer(reply))
        else:
            answer(reply)


def bodies(got):
    """What each answer says, by the lengths that they give."""
    found = []
    while got:
        head, _, rest = got.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r")[0].decode())
        found.append(json.loads(rest[:length])["n"])
        got = rest[length:]
    return found


class Connections(unittest.TestCase):
    def test_requests_in_turn_and_all_at_once(self):
        for data in (GET * 3, GET + POST + GET, POST + HEAD[:0] + POST + GET):
            for step in (1, 7, 100, 1 << 20):
                keeper = Keeper()
                client = Client(keeper)
                left = data
                while left:
                    left = client.send(left, step)
                    client.take(1 if step == 1 else 1 << 20)
                self.assertEqual(bodies(client.got), [1, 2, 3])
                self.assertEqual([request.body for request in keeper.requests if request.method == "POST"],
                                 [b"hello"] * data.count(b"POST"))  # fmt: skip
                self.assertFalse(client.conversation.finished)
                client.conversation.received(0)
                self.assertTrue(client.conversation.finished)

    def test_who_wants_only_one(self):
        for data in (GET.replace(b"1.1", b"1.0"), GET.replace(b"Accept: */*", b"Connection: close")):
            client = Client(Keeper())
            client.send(data)
            self.assertIn(b"Connection: close", client.take())
            self.assertTrue(client.conversation.finished)

    def test_silence_between_two_is_closed_without_a_word(self):
        client = Client(Keeper())
        client.send(GET)
        got = client.take()
        client.poll(9999)
        self.assertFalse(client.conversation.finished)
        client.poll(1)
        self.assertTrue(client.conversation.finished)
        self.assertEqual(client.take(), got)

    def test_a_bad_one_behind_a_good_one(self):
        for data, status in ((b"\x00", b" 400 "), (b"GET /" + b"a" * MAX_HEAD, b" 431 ")):
            client = Client(Keeper())
            left = client.send(GET + data)
            client.take()
            client.send(left)
            self.assertIn(status, client.take())
            client.conversation.received(0)
            self.assertTrue(client.conversation.finished)

    def test_not_for_ever(self):
        client = Client(Keeper())
        for _ in range(MOST_REQUESTS):
            self.assertFalse(client.conversation.finished)
            client.send(GET)
            client.take()
        self.assertTrue(client.conversation.finished)

    def test_an_answer_to_an_earlier_one_is_not_sent_twice(self):
        keeper = Keeper()
        keeper.later = True
        client = Client(keeper)
        client.send(GET)
        keeper.answers[0]()
        client.take()
        client.send(GET)
        keeper.answers[0]()
        self.assertEqual(bodies(client.take()), [1])
        keeper.answers[1]()
        self.assertEqual(bodies(client.take()), [1, 2])

    def test_only_with_leave(self):
        client = Client(Handler(json_answer(200, {})))
        client.send(GET + GET)
        client.take()
        self.assertTrue(client.conversation.finished)
        self.assertEqual(client.got.count(b"HTTP/1.1"), 1)
