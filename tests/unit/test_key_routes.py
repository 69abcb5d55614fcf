"""The API of a board's keys, on a keyring in memory."""

import json
import unittest

from firmware.api import keyroutes
from firmware.api.api import Api
from firmware.errors import Refused
from firmware.pair.pairing import Pairing
from tests.unit.fakes_pair import Lane
from tests.unit.test_http import Client, parted
from tests.unit.test_status import FakeBoard

WEB = ("tcp", "127.0.0.1", 8080)
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


class Keyring:
    """Remembers what was done; `refusal` is raised instead, or `bug`."""

    def __init__(self):
        self.did = []
        self.refusal = self.bug = None

    def _do(self, *what):
        if self.bug is not None:
            raise self.bug
        if self.refusal is not None:
            raise Refused(self.refusal)
        self.did.append(what)

    def facts(self):
        self._do("facts")
        return {"certificate": "ab", "pinned": ["cd"], "revoked": []}

    def renew(self):
        self._do("renew")
        return PEM

    def pin_next(self, pem):
        self._do("pin", pem)

    def switch(self):
        self._do("switch")

    def revoke(self, fingerprint):
        self._do("revoke", fingerprint)


class Routes(unittest.TestCase):
    def setUp(self):
        self.keyring, self.notes = Keyring(), []
        self.pairing = Pairing(None, self.keyring, None, False, None, self.notes.append)
        self.lane = self.pairing.lane = Lane(self.keyring)

    def ask(self, method, path, content=None, kind="application/json"):
        """(status, answer) of a request."""
        client = self.client(method, path, content, kind)
        client.take()
        status, _, answer = parted(client.got)
        return status, json.loads(answer)

    def client(self, method, path, content=None, kind="application/json"):
        """Who has sent a request."""
        api = Api(FakeBoard(), WEB, more=keyroutes.routes(self.pairing.do))
        client = Client(api.handle)
        body = b"" if content is None else json.dumps(content).encode()
        head = "%s %s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" % (method, path)
        if method == "POST":
            head += "Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, len(body))
        client.send(head.encode() + b"\r\n" + body)
        return client

    def test_what_there_is(self):
        self.assertEqual(self.ask("GET", "/api/pair"), (200, {"certificate": "ab", "pinned": ["cd"], "revoked": []}))
        self.keyring.refusal = "the folder cannot be read"
        self.assertEqual(self.ask("GET", "/api/pair"), (500, {"error": "the folder cannot be read"}))

    def test_what_can_be_done(self):
        for action, content, answer, did in (
            ("renew", {}, {"certificate": PEM}, ("renew",)),
            ("pin", {"certificate": PEM}, {}, ("pin", PEM)),
            ("switch", {}, {}, ("switch",)),
            ("revoke", {"fingerprint": "ab"}, {}, ("revoke", "ab")),
        ):
            self.setUp()
            self.assertEqual(self.ask("POST", "/api/pair/" + action, content), (200, answer))
            self.assertEqual(self.keyring.did, [did])
            self.assertEqual(len(self.notes), 1)

    def test_refusals(self):
        self.keyring.refusal = "this is not one certificate"
        for action, content in (("renew", {}), ("pin", {"certificate": PEM}), ("revoke", {"fingerprint": "ab"})):
            self.assertEqual(self.ask("POST", "/api/pair/" + action, content), (409, {"error": self.keyring.refusal}))
        self.assertEqual(self.notes, [])

    def test_a_card_that_takes_its_time(self):
        """Who asks waits, in turn, and nobody else does."""
        self.lane.slow = True
        first, second = self.client("POST", "/api/pair/renew", {}), self.client("GET", "/api/pair")
        self.assertTrue(self.pairing.busy)
        for client, did in ((first, ["renew"]), (second, ["renew", "facts"])):
            client.take()
            self.assertEqual(bytes(client.got), b"")
            self.lane.go_on()
            client.take()
            self.assertEqual(parted(client.got)[0], 200)
            self.assertEqual([each[0] for each in self.keyring.did], did)
        self.assertFalse(self.pairing.busy)
        self.assertEqual(self.notes, ["a new key is made"])

    def test_a_bug_is_answered_and_told(self):
        """By who is behind the lane: a bulkhead."""
        self.keyring.bug = ValueError("planted")
        for method, path, content in (("POST", "/api/pair/renew", {}), ("GET", "/api/pair", None)):
            self.lane.slow = True
            client = self.client(method, path, content)
            with self.assertRaises(ValueError):
                self.lane.go_on()
            client.take()
            self.assertEqual(parted(client.got)[0], 500)
        self.assertEqual(self.notes, [])

    def test_what_is_no_request(self):
        bad = ("pin", {}), ("pin", {"certificate": 7}), ("switch", {"x": 1}), ("revoke", {"pin": "ab"})
        for action, content in bad:
            self.assertEqual(self.ask("POST", "/api/pair/" + action, content)[0], 400)
        self.assertEqual(self.ask("POST", "/api/pair/switch", {}, "text/plain")[0], 415)
        self.assertEqual(self.ask("GET", "/api/pair/switch")[0], 405)
        self.assertEqual(self.ask("POST", "/api/pair", {})[0], 405)
        self.assertEqual(self.keyring.did, [])
