"""Updates over the web: the file on its way, what is refused, what is told of the installer's work."""

import json
import unittest

from firmware.api.api import Api
from firmware.api.updates import MAX_UPDATE, Updates
from firmware.api.upload import PIECE
from firmware.errors import Refused
from tests.unit.fakes_storage import ManualLane
from tests.unit.test_http import Client, parted
from tests.unit.test_status import FakeBoard

WEB = ("tcp", "127.0.0.1", 8080)
DATA = bytes(range(251)) * 4000  # three pieces and some


class FakeInbox:
    """As ports/inbox.py, in memory; `fails` is the operation that fails, with `error`."""

    def __init__(self):
        self.calls = []
        self.data = None
        self.whole = None
        self.said = {}
        self.fails = ""
        self.error = OSError(5, "input/output error")

    def _called(self, name):
        self.calls.append(name)
        if name == self.fails:
            self.data = None
            raise self.error

    def begin(self, length):
        self._called("begin")
        self.data = b""
        yield

    def write(self, view):
        self._called("write")
        if self.data is None:
            raise OSError(9, "bad file descriptor")
        self.data += bytes(view)
        yield

    def finish(self):
        self._called("finish")
        if self.data is None:
            raise OSError(9, "bad file descriptor")
        self.whole, self.data = self.data, None
        yield

    def abandon(self):
        self._called("abandon")
        self.data = None
        yield

    def report(self):
        yield
        return self.said, self.whole is not None

    def ask_for_restart(self):
        self._called("restart")
        yield


class Rig:
    """A board that takes updates, whose inbox works when the test says so."""

    def __init__(self):
        self.inbox = FakeInbox()
        self.lane = ManualLane(self.inbox)
        self.notes = []
        self.updates = Updates(self.lane.submit, lambda: "1.0", self.notes.append)
        self.api = Api(FakeBoard(), WEB, updates=self.updates)
        self.lane.run()
        self.inbox.calls = []

    def client(self):
        return Client(self.api.handle, self.api.admit)

    def post(self, length, kind="application/octet-stream"):
        """A client that has sent the head of an upload, and was heard."""
        client = self.client()
        head = "POST /api/update HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        client.send((head % (kind, length)).encode())
        self.lane.run(1)  # the report, before it is let in
        return client

    def send(self, client, data, step=1 << 20):
        """All that is taken of `data`, with the inbox working whenever there is no room."""
        while data:
            left = client.send(data, step)
            if len(left) == len(data) and not self.lane.jobs:
                return left
            data = left
            self.lane.run()
        self.lane.run()
        return b""

    def ask(self, method="GET", path="/api/update", body=None):
        """(status, content) of a request."""
        client = self.client()
        head = "%s %s HTTP/1.1\r\nHost: localhost\r\n" % (method, path)
        if body is not None:
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        client.send(head.encode() + b"\r\n" + (body or b""))
        self.lane.run()
        status, _, content = parted(client.take())
        return status, json.loads(content)


def refusal(client):
    status, _, body = parted(client.take())
    return status, json.loads(body)["error"]


class Upload(unittest.TestCase):
    def test_the_file_arrives_and_is_whole_before_the_answer(self):
        for data in (b"x", DATA[:PIECE], DATA[: 2 * PIECE], DATA):
            for step in (4096, 1 << 20):
                rig = Rig()
                client = rig.post(len(data))
                self.assertEqual(rig.send(client, data, step), b"")
                self.assertTrue(rig.inbox.whole == data)
                status, _, body = parted(client.take())
                self.assertEqual((status, json.loads(body)["state"]), (202, "checking"))
                self.assertEqual(rig.inbox.calls[0], "begin")
                self.assertEqual(rig.inbox.calls[-1], "finish")
                self.assertEqual(len(rig.notes), 2)

    def test_no_more_than_two_pieces_are_in_memory(self):
        rig = Rig()
        client = rig.post(len(DATA))
        left = client.send(DATA)
        self.assertEqual(len(DATA) - len(left), 2 * PIECE)
        self.assertIsNone(client.conversation.wanted())
        rig.lane.run(2)  # begin, and one piece
        self.assertEqual(client.wakes, 2)  # let in, and more is wanted
        self.assertEqual(len(left) - len(client.send(left)), PIECE)

    def test_a_sender_who_goes_leaves_nothing(self):
        for ends in (lambda client: client.conversation.received(0), lambda client: client.conversation.lost()):
            rig = Rig()
            client = rig.post(len(DATA))
            client.send(DATA[:300000])
            ends(client)
            rig.lane.run()
            self.assertEqual((rig.inbox.whole, rig.inbox.data, rig.inbox.calls[-1]), (None, None, "abandon"))
            self.assertIn("the sender was lost", rig.notes[-1])
            self.assertEqual(rig.ask()[1]["state"], "idle")
            client = rig.post(5)  # and the next one is heard
            rig.send(client, b"hello")
            self.assertEqual(rig.inbox.whole, b"hello")

    def test_a_sender_who_goes_before_he_is_let_in(self):
        rig = Rig()
        client = rig.client()
        client.send(b"POST /api/update HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n")
        client.send(b"Content-Length: 5\r\n\r\n")
        client.conversation.lost()
        rig.lane.run()
        self.assertEqual(rig.ask()[1]["state"], "idle")

    def test_a_slow_sender_is_given_up(self):
        rig = Rig()
        client = rig.post(len(DATA))
        rig.lane.run()
        client.send(DATA[:1000])
        client.poll(60000)
        self.assertEqual(refusal(client)[0], 408)
        rig.lane.run()
        self.assertEqual(rig.inbox.calls[-1], "abandon")

    def test_no_room(self):
        for fails in ("begin", "write", "finish"):
            rig = Rig()
            rig.inbox.fails, rig.inbox.error = fails, Refused("there is no room for the update here")
            client = rig.post(len(DATA))
            rig.send(client, DATA)
            self.assertEqual(refusal(client), (507, "there is no room for the update here"))
            self.assertEqual((rig.inbox.whole, rig.inbox.calls[-1]), (None, "abandon"))
            self.assertIn("no room", rig.notes[-1])

    def test_a_card_that_fails(self):
        rig = Rig()
        rig.inbox.fails = "write"
        client = rig.post(len(DATA))
        client.send(DATA)  # both pieces are on their way before the first one fails
        rig.lane.run()
        self.assertEqual(refusal(client)[0], 500)
        self.assertEqual(rig.inbox.whole, None)

    def test_a_failure_of_the_last_piece_is_no_success(self):
        rig = Rig()
        rig.inbox.fails = "write"
        client = rig.post(5)
        client.send(b"hello")  # written and finished are asked for at once
        rig.lane.run()
        self.assertEqual(refusal(client)[0], 500)
        self.assertEqual(rig.inbox.whole, None)


class Refusals(unittest.TestCase):
    def test_what_is_no_update_file(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            self.assertEqual(refusal(Rig().post(5, kind))[0], 415)
        self.assertEqual(refusal(Rig().post(0))[0], 400)
        self.assertEqual(refusal(Rig().post(MAX_UPDATE + 1))[0], 413)
        self.assertEqual(refusal(Rig().post(10**13))[0], 413)

    def test_one_at_a_time(self):
        rig = Rig()
        first, second = rig.post(5), rig.post(5)
        rig.lane.run()
        status, error = refusal(second)
        self.assertEqual(status, 409)
        self.assertIn("0 % of it is here", error)
        rig.send(first, b"hello")
        self.assertEqual(rig.inbox.whole, b"hello")

    def test_two_that_come_in_the_same_moment(self):
        rig = Rig()
        head = b"POST /api/update HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
        clients = [rig.client(), rig.client()]
        for client in clients:
            client.send(head + b"Content-Length: 5\r\n\r\n")
        rig.lane.run()
        self.assertEqual(clients[0].take(), b"")
        self.assertEqual(refusal(clients[1])[0], 409)

    def test_none_while_one_is_installed(self):
        for state in ("checking", "installing"):
            rig = Rig()
            rig.inbox.said = {"state": state, "sentence": "it is at it"}
            self.assertEqual(refusal(rig.post(5)), (409, "another update is under way: it is at it"))

    def test_a_file_that_nobody_takes_is_replaced(self):
        rig = Rig()
        rig.inbox.whole = b"old"
        rig.send(rig.post(3), b"new")
        self.assertEqual(rig.inbox.whole, b"new")

    def test_a_board_without_updates(self):
        api = Api(FakeBoard(), WEB)
        for method, path in (("GET", "/api/update"), ("POST", "/api/update")):
            client = Client(api.handle, api.admit)
            client.send(("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" % (method, path)).encode())
            self.assertEqual(refusal(client)[0], 404)


class Report(unittest.TestCase):
    def test_what_the_installer_says_is_passed_on(self):
        rig = Rig()
        self.assertEqual(rig.ask()[1]["state"], "idle")
        said = {"state": "installing", "sentence": "copying", "version": "1.1", "slot": "B", "percent": 7}
        rig.inbox.said = said
        self.assertEqual(rig.ask(), (200, said))

    def test_while_it_comes_in(self):
        rig = Rig()
        rig.inbox.said = {"state": "refused", "sentence": "the one before was too old"}
        client = rig.post(len(DATA))
        client.send(DATA[: len(DATA) // 2])
        report = rig.ask()[1]
        self.assertEqual((report["state"], report["percent"]), ("receiving", 50))
        rig.send(client, DATA[len(DATA) // 2 :])
        self.assertEqual(rig.ask()[1]["state"], "checking")

    def test_nonsense_is_passed_on_as_words(self):
        rig = Rig()
        rig.inbox.said = {"state": 5, "sentence": None}
        self.assertEqual(rig.ask()[1]["sentence"], "None")
        rig.updates.look()
        rig.lane.run()
        rig.inbox.said = {"sentence": ["x"]}
        rig.updates.look()
        rig.lane.run()
        self.assertEqual(len(rig.notes), 1)

    def test_the_log_hears_what_is_new(self):
        rig = Rig()
        rig.inbox.said = {"sentence": "of the day before"}
        for sentence in ("of the day before", "checking", "checking", "refused: too old"):
            rig.inbox.said = {"sentence": sentence}
            rig.updates.look()
            rig.lane.run()
        self.assertEqual(rig.notes, ["update: checking", "update: refused: too old"])


class Restart(unittest.TestCase):
    def test_into_an_update_that_is_ready(self):
        rig = Rig()
        rig.inbox.said = {"state": "ready to restart", "sentence": "version 1.1 is written"}
        self.assertEqual(rig.ask("POST", "/api/update/restart", b"{}")[0], 200)
        self.assertEqual(rig.inbox.calls, ["restart"])

    def test_not_otherwise(self):
        rig = Rig()
        for body, status in ((b"{}", 409), (b"", 400), (b'{"force": true}', 400)):
            self.assertEqual(rig.ask("POST", "/api/update/restart", body)[0], status)
        self.assertEqual(rig.inbox.calls, [])


class OtherPages(unittest.TestCase):
    """What a browser may be made to send by a page that is not this board's."""

    def _status(self, origin, host="localhost", body=b"{}"):
        rig = Rig()
        rig.inbox.said = {"state": "ready to restart"}
        client = rig.client()
        head = "POST /api/update/restart HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: application/json\r\n"
        client.send((head % (host, origin)).encode() + b"Content-Length: 2\r\n\r\n{}")
        rig.lane.run()
        return parted(client.take())[0]

    def test_origins(self):
        self.assertEqual(self._status("http://localhost"), 200)
        self.assertEqual(self._status("https://LOCALHOST:8443", "localhost:8443"), 200)
        for origin in ("null", "https://evil.example", "https://localhost.evil", "http://localhost:1", "localhost"):
            self.assertEqual(self._status(origin), 403)

    def test_its_old_address(self):
        client = Rig().client()
        client.send(b"GET /update HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, headers, _ = parted(client.take())
        self.assertEqual((status, headers["Location"]), (302, "/#update"))
