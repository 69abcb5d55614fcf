"""The website of a board that does not run, over a real socket: its page, its texts and what it says are there."""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from board.steward.silent import SilentBoard
from firmware.ports import Listener, Loop
from firmware.website import Website

CPYTHON_ONLY = True
ROOT = Path(__file__).resolve().parents[2]


# In a process of its own, for this one has loaded all languages; `asked`: what is loaded by the first who asks.
OPEN = """
import sys
from board.steward.silent import SilentBoard
from firmware.api.dictionary import Dictionary
from firmware.httpd.request import Request
from firmware.ports import Loop
from firmware.status import translation
from firmware.website import Website

assert "firmware.status.texts.fr" not in sys.modules
website = Website(Loop(), ("tcp", "127.0.0.1", 8080))
website.open(SilentBoard("left", "primary", "the disk is missing: attach it"))
before, made, answers = set(sys.modules), dict(translation._made), []
Dictionary().routes()["/texts/"]["GET"](Request("GET", "/texts/fr.json"), answers.append)
website._show("fr")
assert answers[0].status == 200
print(sorted(set(sys.modules) - before), translation._made == made)
"""


class Languages(unittest.TestCase):
    def test_who_asks_for_one_does_not_make_the_loop_load_it(self):
        command = [sys.executable, "-c", OPEN]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.stdout, ended.stderr), ("[] True\n", ""))


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
