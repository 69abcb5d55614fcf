"""What happens between the head of a request and its body: admission, and bodies that go into a sink."""

import json
import unittest

from firmware.httpd.answer import error_answer, json_answer
from firmware.httpd.body import PIECE
from firmware.httpd.intake import MAX_STRANGE_BODY
from firmware.httpd.request import MAX_BODY
from tests.unit.test_http import GET, POST, Client, Handler, parted

HEAD, _, BODY = POST.partition(b"hello")
EXPECTING = HEAD.replace(b"Host: a", b"Host: a\r\nExpect: 100-continue")


class Gate:
    """Keeps each request and decides at once, or when `decide` is called."""

    def __init__(self, *verdict):
        self.requests = []
        self.decide = None
        self._verdict = verdict

    def __call__(self, request, decided):
        self.requests.append(request)
        self.decide = decided
        if self._verdict:
            decided(self._verdict[0])


class Sink:
    """Takes `room` bytes, then waits until the test empties it; `fails_at`: answers early."""

    def __init__(self, room=10000, fails_at=None):
        self.data = b""
        self.calls = []
        self.room = room
        self._buffer = memoryview(bytearray(room))
        self._fails_at = fails_at

    def begin(self, answer, wake):
        self.calls.append("begin")
        self.answer, self.wake = answer, wake

    def wanted(self):
        return self._buffer[: self.room] if self.room else None

    def received(self, n):
        assert n <= self.room and "ended" not in self.calls and "lost" not in self.calls
        self.data += bytes(self._buffer[:n])
        self.room -= n
        if self._fails_at is not None and len(self.data) >= self._fails_at:
            self.answer(error_answer(507, "the card is full"))

    def ended(self):
        self.calls.append("ended")

    def lost(self):
        self.calls.append("lost")
        self.answer(error_answer(500, "nobody hears this"))

    def empty(self, room=10000):
        self.room = room
        self.wake()


def post(length):
    return b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length


class Admission(unittest.TestCase):
    def test_asked_once_with_the_head_and_before_the_body(self):
        for step in (1, 7, 1 << 20):
            gate, handler = Gate(), Handler(json_answer(200, {}))
            client = Client(handler, gate)
            left = client.send(POST + b"more", step)
            self.assertEqual((len(gate.requests), handler.requests), (1, []))
            self.assertIsNone(client.conversation.wanted())
            gate.decide(None)
            self.assertEqual(client.wakes, 1)
            client.send(left, step)
            self.assertEqual([request.body for request in handler.requests], [b"hello"])
            self.assertEqual(parted(client.take())[0], 200)

    def test_refused_at_once_and_later(self):
        for data in (GET, POST, HEAD):
            for later in (False, True):
                refusal = error_answer(401, "who are you?")
                gate, handler = Gate() if later else Gate(refusal), Handler()
                client = Client(handler, gate)
                left = client.send(data)
                if later:
                    self.assertIsNone(client.conversation.outgoing())
                    gate.decide(refusal)
                self.assertEqual(client.wakes, int(later))
                self.assertEqual(parted(client.take())[0], 401)
                client.send(left)
                client.conversation.received(0)
                self.assertTrue(client.conversation.finished)
                self.assertEqual(handler.requests, [])

    def test_who_is_refused_is_not_asked_for_the_body(self):
        refusal = error_answer(401, "no")
        for verdict, begins in ((refusal, b"HTTP/1.1 401"), (None, b"HTTP/1.1 100"), (Sink(), b"HTTP/1.1 100")):
            client = Client(Handler(), Gate(verdict))
            client.send(EXPECTING)
            self.assertTrue(client.take().startswith(begins))

    def test_a_decision_that_never_comes(self):
        gate, handler = Gate(), Handler()
        client = Client(handler, gate)
        client.send(GET)
        client.poll(30000)
        self.assertEqual(parted(client.take())[0], 504)
        sink = Sink()
        sink.answer = lambda answer: None
        gate.decide(sink)
        self.assertEqual((handler.requests, sink.calls, client.wakes), ([], ["lost"], 0))

    def test_a_decision_for_a_client_that_is_gone(self):
        gate, handler = Gate(), Handler()
        client = Client(handler, gate)
        client.send(GET)
        client.conversation.lost()
        gate.decide(None)
        self.assertEqual(handler.requests, [])

    def test_who_is_not_known_is_expendable(self):
        gate = Gate()
        client = Client(Handler(), gate)
        self.assertTrue(client.conversation.expendable)
        client.send(POST)
        self.assertTrue(client.conversation.expendable)
        gate.requests[0].stays = True
        self.assertFalse(client.conversation.expendable)
        gate.requests[0].stays = False
        gate.decide(None)
        self.assertTrue(client.conversation.expendable)

    def test_who_is_not_known_has_less_time_to_read_and_less_room(self):
        for known, ms, most in ((False, 3000, MAX_STRANGE_BODY), (True, 10000, MAX_BODY)):
            gate = Gate()
            client = Client(Handler(json_answer(200, {"long": "x" * 30000})), gate)
            client.send(GET)
            gate.requests[0].stays = known
            gate.decide(None)
            for _ in range(3):  # each 8 KiB buy time
                client.conversation.outgoing()
                client.conversation.sent(8 << 10)
                client.poll()
                client.poll(ms - 1)
                self.assertFalse(client.conversation.finished)
            client.poll(1)
            self.assertTrue(client.conversation.finished)
            for length, taken in ((most, True), (most + 1, False)):
                gate = Gate()
                client = Client(Handler(), gate)
                client.send(post(length))
                gate.requests[0].stays = known
                gate.decide(None)
                self.assertEqual(client.take() == b"", taken)

    def test_a_body_that_fits_nowhere(self):
        client = Client(Handler(), Gate(None))
        client.send(post(MAX_BODY + 1))
        self.assertEqual(parted(client.take())[0], 413)


class Sinks(unittest.TestCase):
    DATA = bytes(range(250)) * 100

    def _upload(self, sink, step, data=DATA, wakes=True):
        handler = Handler()
        client = Client(handler, Gate(sink))
        left = client.send(post(len(data)) + data, step)
        while left and sink.room == 0:
            sink.empty()
            left = client.send(left, step)
        self.assertEqual(handler.requests, [])
        return client

    def test_the_body_arrives_whole(self):
        for room in (8192, 10000, 1 << 20):
            for step in (1, 333, 1 << 20):
                sink = Sink(room)
                client = self._upload(sink, step)
                self.assertEqual((sink.data, sink.calls), (self.DATA, ["begin", "ended"]))
                self.assertEqual(client.got, b"")
                sink.answer(json_answer(202, {"taken": True}))
                self.assertEqual(parted(client.take())[0], 202)
                self.assertTrue(client.conversation.finished)

    def test_no_byte_behind_the_body(self):
        for data in (b"x", b"x" * 5000):
            for together in (False, True):
                sink = Sink(20000)
                client = Client(Handler(), Gate(sink))
                head = post(len(data))
                left = client.send(head + data + GET) if together else client.send(head) + client.send(data + GET)
                self.assertEqual((sink.data, sink.calls), (data, ["begin", "ended"]))
                self.assertTrue(GET.endswith(left))

    def test_nothing_is_read_while_the_sink_has_no_room(self):
        sink = Sink()
        client = Client(Handler(), Gate(sink))
        client.send(post(20000))
        client.send(b"x" * 10000)
        self.assertIsNone(client.conversation.wanted())
        sink.empty(50)
        self.assertEqual(client.wakes, 1)
        self.assertEqual(len(client.conversation.wanted()), 50)

    def test_a_sink_that_cannot_go_on(self):
        sink = Sink(fails_at=100)
        client = Client(Handler(), Gate(sink))
        client.send(post(1000) + b"x" * 200)
        status, _, body = parted(client.take())
        self.assertEqual((status, json.loads(body)), (507, {"error": "the card is full"}))
        client.poll(59999)  # a browser sends all before it looks for an answer
        self.assertEqual(client.send(b"x" * 800), b"")
        client.conversation.received(0)
        self.assertTrue(client.conversation.finished)
        self.assertEqual(sink.calls, ["begin"])

    def test_a_body_that_ends_in_its_middle(self):
        for ends in (lambda client: client.conversation.received(0), lambda client: client.conversation.lost()):
            sink = Sink()
            client = Client(Handler(), Gate(sink))
            client.send(post(1000) + b"x" * 999)
            ends(client)
            self.assertEqual(sink.calls, ["begin", "lost"])
            client.take()
            self.assertTrue(client.conversation.finished)

    def test_whoever_sent_all_need_not_wait_for_the_end(self):
        sink = Sink()
        client = self._upload(sink, 1 << 20)
        client.conversation.lost()
        self.assertEqual(sink.calls, ["begin", "ended"])
        sink.answer(json_answer(202, {}))

    def test_each_piece_has_its_time(self):
        sink = Sink(1 << 20)
        client = Client(Handler(), Gate(sink))
        client.send(post(3 * PIECE))
        for _ in range(2):
            client.poll(59999)
            client.send(b"x" * PIECE)
        client.poll(59999)
        client.send(b"x" * (PIECE - 1))
        self.assertEqual(client.got, b"")
        client.poll(1)
        self.assertEqual(parted(client.take())[0], 408)
        self.assertEqual(sink.calls, ["begin", "lost"])

    def test_drops_of_bytes_buy_no_time(self):
        sink = Sink()
        client = Client(Handler(), Gate(sink))
        client.send(post(1000))
        for _ in range(60):
            client.send(b"x")
            client.poll(1000)
        self.assertEqual(parted(client.take())[0], 408)
        self.assertEqual(sink.calls, ["begin", "lost"])
