"""The door of the open port: by the first byte to the link, to an introduction, or out."""

import unittest

from firmware.errors import ProtocolError
from firmware.link.entrance import LIMIT_MS, Entrance


class Guest:
    """A conversation that keeps what it gets."""

    def __init__(self):
        self.buffer = memoryview(bytearray(8))
        self.got = b""
        self.finished = self.gone = False
        self.wake = None
        self.expendable = True
        self.out = memoryview(b"hello")

    def wanted(self):
        return self.buffer

    def received(self, count):
        self.got += bytes(self.buffer[:count])

    def outgoing(self):
        return self.out

    def sent(self, count):
        self.out = self.out[count:]

    def poll(self, now_ms):
        return now_ms + 7

    def lost(self):
        self.gone = True


class Door(unittest.TestCase):
    def setUp(self):
        self.link, self.introduction = Guest(), Guest()
        self.door = Entrance(lambda: self.link, lambda: self.introduction)

    def send(self, data):
        for byte in data:
            self.door.wanted()[:1] = bytes([byte])
            self.door.received(1)

    def test_tls_comes_to_the_link(self):
        self.assertTrue(self.door.expendable)
        self.assertIsNone(self.door.outgoing())
        self.send(b"\x16\x03\x01")
        self.assertEqual((self.link.got, self.introduction.got), (b"\x16\x03\x01", b""))
        self.assertEqual(bytes(self.door.outgoing()), b"hello")
        self.door.sent(2)
        self.assertEqual(bytes(self.link.out), b"llo")
        self.assertEqual(self.door.poll(1), 8)
        self.link.expendable = False
        self.assertFalse(self.door.expendable)
        self.link.finished = True
        self.assertTrue(self.door.finished)
        self.door.lost()
        self.assertTrue(self.link.gone)

    def test_s_comes_to_the_introduction(self):
        self.send(b"Sosie")
        self.assertEqual((self.link.got, self.introduction.got), (b"", b"Sosie"))

    def test_its_wake_is_the_drivers(self):
        self.send(b"S")
        woken = []
        self.door.wake = lambda: woken.append(1)
        self.introduction.wake()
        self.assertEqual(woken, [1])

    def test_everybody_else_is_turned_away(self):
        for byte in b"GP\x00\x15\xff":
            door = Entrance(lambda: self.link, lambda: self.introduction)
            door.wanted()[:1] = bytes([byte])
            with self.assertRaises(ProtocolError):
                door.received(1)
            self.assertTrue(door.finished)

    def test_nobody_at_home(self):
        door = Entrance(lambda: None, lambda: None)
        door.wanted()[:1] = b"S"
        door.received(1)
        self.assertTrue(door.finished)
        self.assertIsNone(door.wanted())

    def test_a_port_scan(self):
        self.door.received(0)
        self.assertTrue(self.door.finished)
        self.door.lost()

    def test_silence(self):
        self.assertEqual(self.door.poll(5), 5 + LIMIT_MS)
        self.door.poll(5 + LIMIT_MS)
        self.assertTrue(self.door.finished)
