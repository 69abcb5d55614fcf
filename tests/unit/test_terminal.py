"""The owner of a serial device: opens it, opens it again, tells of its absence once, and stops."""

import unittest

from firmware.errors import Refused
from firmware.terminal import RETRY_MS, Terminal


class Port:
    def __init__(self, room=1000):
        self.got = b""
        self.room = room

    def send(self, view):
        if not self.room:
            raise OSError(11, "full")
        self.got += bytes(view)
        return len(view)


class Talk:
    def __init__(self):
        self.closed = False
        self.out = None

    def close(self):
        self.closed = True
        self.out = memoryview(b"farewell")

    def outgoing(self):
        return self.out

    def sent(self, count):
        self.out = None


class World:
    """A device that is there or not, and a loop."""

    def __init__(self, there=True):
        self.there = there
        self.talks, self.alarms, self.timers = [], [], []
        self.closed = self.port = None
        self.closes = 0
        self.terminal = Terminal(self._open, self._converse, self._make, self._after, self.alarms.append)
        self.terminal.start()

    def _open(self):
        if not self.there:
            raise Refused("/dev/ttyX cannot be opened (No such file or directory)")
        self.port = Port()
        return self.port

    def _make(self, port):
        self.talks.append(Talk())
        return self.talks[-1]

    def _converse(self, port, talk, closed):
        assert port is self.port and talk is self.talks[-1]
        self.closed = closed
        return self

    def close(self):
        self.closes += 1
        self.closed()

    def _after(self, ms, call):
        self.timers.append((ms, call))

    def pass_time(self):
        timers, self.timers = self.timers, []
        for ms, call in timers:
            assert ms == RETRY_MS
            call()


class Device(unittest.TestCase):
    def setUp(self):
        self.world = World()

    def said(self):
        said = [sentence for sentence in self.world.alarms if sentence]
        self.world.alarms.clear()
        return said

    def test_it_is_opened_again_and_never_at_once(self):
        for count in range(1, 5):
            self.assertEqual((len(self.world.talks), self.world.timers), (count, []))
            self.world.closed()
            self.assertEqual(len(self.world.talks), count)
            self.world.pass_time()
        self.assertEqual(self.said(), [])

    def test_it_is_missed_for_a_moment_only(self):
        self.world.there = False
        self.world.closed()
        self.world.pass_time()
        self.world.there = True
        self.world.pass_time()
        self.assertEqual((len(self.world.talks), self.said()), (2, []))

    def test_it_is_gone(self):
        self.world.there = False
        self.world.closed()
        for _ in range(10):
            self.world.pass_time()
        said = self.said()
        self.assertEqual(len(set(said)), 1)
        self.assertIn("the console /dev/ttyX cannot be opened", said[0])
        self.world.there = True
        self.world.pass_time()
        self.assertEqual((self.world.alarms, len(self.world.talks)), ([""], 2))

    def test_it_is_missing_from_the_start(self):
        world = World(there=False)
        self.assertEqual((len(world.alarms), len(world.talks)), (1, 0))
        world.there = True
        world.pass_time()
        self.assertEqual((world.alarms[-1], len(world.talks)), ("", 1))

    def test_the_end(self):
        talk = self.world.talks[0]
        self.world.terminal.stop()
        self.assertTrue(talk.closed)
        self.assertEqual((self.world.port.got, talk.out, self.world.closes), (b"farewell", None, 1))
        self.world.pass_time()
        self.assertEqual(len(self.world.talks), 1)

    def test_the_end_on_a_line_that_is_full(self):
        self.world.port.room = 0
        self.world.terminal.stop()
        self.assertTrue(self.world.talks[0].out is not None)
        self.assertEqual(self.world.closes, 1)

    def test_the_end_without_a_device(self):
        self.world.closed()
        self.world.terminal.stop()
        self.world.pass_time()
        self.assertEqual(len(self.world.talks), 1)


if __name__ == "__main__":
    unittest.main()
