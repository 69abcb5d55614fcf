"""The website of a board that does not run, over a real socket: its page, its texts and what it says are there."""

import http.client
import json
import socket
import tempfile
import threading
import unittest

from board.steward.silent import SilentBoard
from firmware.ports import Listener, Loop
from firmware.website import Website

CPYTHON_ONLY = True


class StandIn(unittest.TestCase):
    def setUp(self):
        self.loop = Loop()
        self.website = Website(self.loop, ("tcp", "127.0.0.1", 8080))
        place, visitor = ("tcp", "127.0.0.1", 0), self.website.visitor
        self.listener = Listener(self.loop, place, visitor, knows_caller=True, fresh=True)
        self.website.open(SilentBoard("left", "primary", "the disk is missing: attach it"))
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()
        self.addCleanup(self._end)

    def _end(self):
        self.loop.call_after(0, self.loop.stop)
        socket.create_connection(self.listener.address[1:]).close()  # it looks at its timers after an event
        self.thread.join(10)
        self.listener.close()
        self.loop.close()
        self.website.close()

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.listener.address[2], timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def test_all_that_the_page_needs(self):
        for path in ("/", "/web/main.js", "/texts/fr.json", "/plain", "/web/openapi.json", "/api/session"):
            status, body = self._get(path)
            self.assertEqual(status, 200, path)
            self.assertTrue(body)
        status, body = self._get("/api/status")
        self.assertIn("the disk is missing: attach it", json.loads(body)["alarms"])

    def test_live(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.listener.address[2], timeout=10)
        connection.request("GET", "/api/live?lang=fr")
        response = connection.getresponse()
        self.assertEqual(response.readline(), b"event: status\n")
        self.assertEqual(json.loads(response.readline()[6:])["state"], "failed")
        connection.close()


class NoRoom:
    """Credentials of a board under a crowd."""

    def page_session(self):
        raise MemoryError


class Crowd(unittest.TestCase):
    def test_a_visitor_for_whom_there_is_no_memory_is_turned_away(self):
        loop = Loop()
        self.addCleanup(loop.close)
        board, folder = SilentBoard("left", "primary", ""), tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        website = Website(loop, ("tcp", "127.0.0.1", 8080), NoRoom(), folder.name)
        self.addCleanup(website.close)
        website.open(board)
        self.assertIsNone(website.visitor("127.0.0.1"))
        self.assertIn("MemoryError", board.alarms["bug of page"])
