"""Word to the service manager, over a real socket; and the file that says that the board serves."""

import json
import os
import socket
import tempfile
import time
import unittest

from firmware.ports import Loop, environment
from firmware.service import Service
from firmware.status.snapshot import snapshot
from tests.ports.conversations import spin
from tests.unit.test_status import FakeBoard


class ServiceTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.path = self.folder + "/notify"
        self.manager = self.listen(self.path)
        self.board = FakeBoard()
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        self.heard = []
        self.alarms = {}

    def listen(self, name):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(name)
        manager.setblocking(False)
        return manager

    def start(self, **variables):
        names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "SOSIE_SERVING")
        before = {name: os.environ.pop(name, None) for name in names}
        os.environ.update(variables)
        try:
            service = Service(self.loop, lambda: snapshot(self.board), self.alarm)
        finally:
            for name in names:
                os.environ.pop(name, None)
                if before[name] is not None:
                    os.environ[name] = before[name]
        service.start()
        return service

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

    def hear(self, manager=None):
        try:
            while True:
                self.heard.append((manager or self.manager).recv(4096).decode())
        except BlockingIOError:
            return self.heard

    def test_ready_then_alive_and_how_it_is(self):
        service = self.start(NOTIFY_SOCKET=self.path, WATCHDOG_USEC="400000")
        status = "STATUS=left: mirroring; " + snapshot(self.board)["words"]["distance"]
        self.assertEqual(self.hear(), ["READY=1", "WATCHDOG=1", status])
        beats = [time.monotonic()]

        def beat():
            if self.hear().count("WATCHDOG=1") > len(beats):
                beats.append(time.monotonic())
            return len(beats) == 4

        spin(self.loop, beat)
        pauses = [later - sooner for sooner, later in zip(beats, beats[1:])]
        self.assertTrue(0.5 < sum(pauses) and min(pauses) < 0.4, pauses)
        self.assertEqual(len(self.heard), 6)
        self.board._facts.update(link_state="waiting", alarms=["x\ny"])
        spin(self.loop, lambda: any("no link" in each for each in self.hear()))
        service.stop()
        self.assertEqual(self.hear()[-1], "STOPPING=1")

    def test_a_loop_that_stands_still_is_not_alive(self):
        self.start(NOTIFY_SOCKET=self.path, WATCHDOG_USEC="200000")
        self.hear()
        time.sleep(0.3)
        self.assertEqual(len(self.hear()), 3)

    def test_a_headline_that_cannot_be_made_lets_it_live(self):
        path = self.folder + "/serving"
        shown = self.board.facts
        self.board.facts = lambda: {}["no such fact"]
        service = self.start(NOTIFY_SOCKET=self.path, WATCHDOG_USEC="200000", SOSIE_SERVING=path)
        spin(self.loop, lambda: self.hear().count("WATCHDOG=1") == 4)
        self.assertEqual(self.heard, ["READY=1"] + 4 * ["WATCHDOG=1"])
        self.assertIn("no such fact", self.alarms["bug of status"])
        self.assertFalse(os.path.exists(path))  # an update that cannot show its board is not kept
        self.board.facts = shown
        spin(self.loop, lambda: os.path.exists(path))
        service.stop()

    def test_an_abstract_socket(self):
        name = "\0sosie-test-%d" % os.getpid()
        manager = self.listen(name)
        self.start(NOTIFY_SOCKET="@" + name[1:])
        self.assertEqual(self.hear(manager)[0], "READY=1")

    def test_nobody_listens(self):
        for place in ("", "relative", self.folder + "/gone"):
            self.start(NOTIFY_SOCKET=place).stop()
        self.manager.close()
        self.start(NOTIFY_SOCKET=self.path).stop()

    def test_a_manager_that_does_not_read_holds_nobody_up(self):
        service = self.start(NOTIFY_SOCKET=self.path)
        for _ in range(2000):
            service._say("STATUS=" + "x" * 1000)

    def test_odd_watchdogs(self):
        for text in ("0", "-1", "abc", "99999999999999"):
            self.start(NOTIFY_SOCKET=self.path, WATCHDOG_USEC=text)
        self.assertEqual(self.hear().count("READY=1"), 4)

    def test_the_file_that_says_that_it_serves(self):
        path = self.folder + "/serving"
        service = self.start(SOSIE_SERVING=path, WATCHDOG_USEC="200000")
        with open(path) as file:
            said = json.load(file)
        self.assertEqual(said, {"serving": True, "version": "1.2.3", "role": "primary", "state": "mirroring"})
        os.utime(path, (1, 1))
        spin(self.loop, lambda: os.stat(path).st_mtime > 1)
        self.board._facts["serving"] = False
        spin(self.loop, lambda: not os.path.exists(path))
        self.board._facts["serving"] = True
        spin(self.loop, lambda: os.path.exists(path))
        service.stop()
        self.assertFalse(os.path.exists(path))
        time.sleep(0.15)
        turns = []
        self.loop.call_after(200, turns.append, 1)
        spin(self.loop, lambda: turns)
        self.assertFalse(os.path.exists(path))

    def test_a_place_that_cannot_be_written(self):
        self.start(SOSIE_SERVING=self.folder + "/none/serving").stop()

    def test_versions(self):
        before = environment._FOLDER
        self.addCleanup(setattr, environment, "_FOLDER", before)
        self.assertTrue(os.path.isdir(before + "/firmware"))
        environment._FOLDER = self.folder
        self.assertEqual(environment.version(), "development")
        for text, expected in (("1.2.3\n", "1.2.3"), ("1.2.3+git\nmore", "1.2.3+git"), ("", "unknown")):
            with open(self.folder + "/version", "w") as file:
                file.write(text)
            self.assertEqual(environment.version(), expected)
