"""The Bulk-Only Transport against a task that does what it is told: stages, residues, resets, broken hosts.

The thirteen cases through a whole bus are in tests/usb.
"""

import struct
import unittest

from firmware.host.bot import FAILED, PASSED, PHASE_ERROR, Bot
from firmware.host.scsi.task import FROM_HOST, GOOD, NONE, TO_HOST

CHECK_CONDITION = 2
WINDOW = 4096


class FakeTask:
    """A command that moves `length` bytes in windows of 4 KiB and ends with `ending`."""

    def __init__(self):
        self.buffer = memoryview(bytearray(WINDOW + 1024))
        self.resumed = None
        self.direction, self.length, self.ending = NONE, 0, GOOD
        self.waits = False
        self.taken = b""
        self.begun = self.aborted = 0
        self.window = self.status = None

    def begin(self, lun, cdb, announced):
        self.begun += 1
        self.announced = announced
        self.cdb = bytes(cdb)
        self.left = self.length
        self.window = self.status = None
        self._next()

    def _next(self):
        if self.waits:
            return
        self.window = self.buffer[: min(self.left, WINDOW)] if self.left else None
        if not self.left:
            self.status = self.ending

    def moved(self):
        if self.direction == FROM_HOST:
            self.taken += bytes(self.window)
        self.left -= len(self.window)
        self.window = None
        self._next()

    def abort(self):
        self.aborted += 1
        self.window = None

    def poll(self, now_ms):
        if now_ms:
            self.status = self.ending
        return None


class FakeEndpoints:
    def __init__(self):
        self.sends, self.receives = [], []
        self.halts = self.drops = self.watched = 0
        self.started = []

    def send(self, view, is_watched):
        self.sends.append(bytes(view))
        self.watched += is_watched

    def receive(self, view):
        self.receives.append(view)

    def submit(self):
        pass

    def halt(self):
        self.halts += 1

    def drop(self):
        self.drops += 1
        self.sends, self.receives = [], []


class FakeUnit:
    def __init__(self):
        self.calls = []

    def attached(self):
        self.calls.append("attached")

    def reset(self):
        self.calls.append("reset")


class BotTest(unittest.TestCase):
    def setUp(self):
        self.task, self.endpoints, self.unit = FakeTask(), FakeEndpoints(), FakeUnit()
        self.bot = Bot(self.task, [self.unit], self.endpoints)
        self.bot.session(512)

    def command(self, expected, to_host=False, tag=7, cdb=bytes(6), signature=0x43425355, flags=None, length=None):
        flags = (0x80 if to_host else 0) if flags is None else flags
        cbw = struct.pack("<IIIBBB", signature, tag, expected, flags, 0, len(cdb) if length is None else length)
        self.give(cbw + cdb + bytes(16 - len(cdb)))

    def give(self, data):
        """The host sends one transfer, or so much of it as was asked for."""
        view = self.endpoints.receives.pop(0)
        view[: len(data)] = data
        self.bot.received(len(data))

    def status(self):
        """(tag, residue, status) of the CSW, which was sent last; the next CBW is awaited then."""
        signature, tag, residue, status = struct.unpack("<IIIB", self.endpoints.sends.pop())
        self.assertEqual(signature, 0x53425355)
        self.assertEqual(len(self.endpoints.receives), 1)
        return tag, residue, status

    def will(self, direction, length, ending=GOOD):
        self.task.direction, self.task.length, self.task.ending = direction, length, ending

    def test_a_command_without_data(self):
        self.command(0, tag=0xFFFFFFFF, cdb=b"\x00\x01\x02\x03\x04\x05")
        self.assertEqual(self.task.cdb, b"\x00\x01\x02\x03\x04\x05")
        self.assertEqual(self.status(), (0xFFFFFFFF, 0, PASSED))

    def test_data_to_the_host_and_the_status_go_at_once(self):
        self.will(TO_HOST, 1000)
        self.command(1000, True)
        self.assertEqual(self.status(), (7, 0, PASSED))
        self.assertEqual([len(data) for data in self.endpoints.sends], [1000])

    def test_a_second_window_waits_until_the_first_is_sent(self):
        self.will(TO_HOST, WINDOW + 512)
        self.command(WINDOW + 512, True)
        self.assertEqual((len(self.endpoints.sends), self.endpoints.watched), (1, 1))
        self.bot.sent(WINDOW)
        self.assertEqual(self.endpoints.watched, 1)
        self.assertEqual(self.status(), (7, 0, PASSED))
        self.assertEqual([len(data) for data in self.endpoints.sends], [WINDOW, 512])

    def test_less_than_the_host_expects_ends_with_a_short_packet(self):
        for length, lengths in ((0, [0]), (36, [36]), (512, [512, 0])):
            self.will(TO_HOST, length)
            self.command(1024, True)
            self.assertEqual(self.status(), (7, 1024 - length, PASSED))
            self.assertEqual([len(data) for data in self.endpoints.sends], lengths)
            while self.endpoints.sends:
                self.endpoints.sends.pop()

    def test_data_from_the_host(self):
        self.will(FROM_HOST, WINDOW + 512)
        self.command(WINDOW + 512)
        self.give(b"a" * WINDOW)
        self.give(b"b" * 512)
        self.assertEqual(self.task.announced, WINDOW + 512)
        self.assertEqual(self.task.taken, b"a" * WINDOW + b"b" * 512)
        self.assertEqual(self.status(), (7, 0, PASSED))

    def test_more_than_the_device_wants_is_forgotten(self):
        self.will(FROM_HOST, 24)
        self.command(1500)
        self.assertEqual(len(self.endpoints.receives[0]), 512)
        self.give(b"p" * 24 + b"x" * 488)
        self.give(b"x" * 988)
        self.assertEqual(self.task.taken, b"p" * 24)
        self.assertEqual(self.status(), (7, 1476, PASSED))

    def test_a_failed_write_takes_its_data(self):
        self.will(FROM_HOST, 0, CHECK_CONDITION)
        self.command(200000)
        for size in (65536, 65536, 65536, 3392):
            self.give(b"x" * size)
        self.assertEqual(self.status(), (7, 200000, FAILED))

    def test_disagreement_moves_nothing(self):
        for direction, length, expected, to_host in (
            (TO_HOST, 10, 0, False),
            (FROM_HOST, 10, 0, False),
            (TO_HOST, 20, 10, True),
            (FROM_HOST, 20, 10, True),
            (TO_HOST, 10, 10, False),
            (FROM_HOST, 20, 10, False),
        ):
            self.will(direction, length)
            self.task.aborted = 0
            self.command(expected, to_host)
            if expected and not to_host:
                self.give(b"x" * expected)
            self.assertEqual(self.status(), (7, expected, PHASE_ERROR))
            self.assertEqual(self.task.aborted, 1)
            self.assertEqual(self.task.taken, b"")

    def test_a_host_that_sends_less_than_it_promised(self):
        self.will(FROM_HOST, 1024)
        self.command(1024)
        self.give(b"x" * 100)
        self.assertEqual(self.status(), (7, 924, PHASE_ERROR))
        self.assertEqual(self.task.taken, b"")

    def test_a_host_that_stops_behind_what_the_device_wants(self):
        for expected, sent in ((5000, 3600), (3700, 3600), (5000, 3584)):
            self.task.taken = b""
            self.will(FROM_HOST, 3584)
            self.bot.session(1024)
            self.command(expected)
            self.give(b"d" * sent)  # the last packet is a short one
            self.assertEqual(self.status(), (7, expected - 3584, PASSED))
            self.assertEqual(self.task.taken, b"d" * 3584)

    def test_an_invalid_cbw_stalls_until_reset_recovery(self):
        good = struct.pack("<IIIBBB", 0x43425355, 1, 0, 0, 0, 6) + bytes(16)
        for bad in (good[:30], good + b"\0", b"", bytes(31), b"X" * 512):
            begun = self.task.begun
            self.give(bad)
            self.assertEqual(self.task.begun, begun)
            halts = self.endpoints.halts
            self.give(good)  # the host cleared the halt, but did not reset
            self.assertEqual(self.endpoints.halts, halts + 1)
            self.assertEqual(self.task.begun, begun)
            self.bot.reset()
            self.command(0)
            self.assertEqual(self.status(), (7, 0, PASSED))

    def test_a_cbw_that_is_not_meaningful_stalls(self):
        for wrong in ({"flags": 0x81}, {"length": 0}, {"length": 17}, {"signature": 1}):
            self.command(0, **wrong)
            self.assertEqual(self.task.begun, 0)
            self.bot.reset()
        self.assertEqual(self.endpoints.halts, 4)

    def test_a_command_that_waits_is_answered_when_it_resumes(self):
        self.task.waits = True
        self.command(0)
        self.assertEqual(self.endpoints.sends, [])
        self.assertTrue(self.bot.busy)
        self.task.status = GOOD
        self.task.resumed()
        self.assertEqual(self.status(), (7, 0, PASSED))

    def test_a_command_that_ends_by_time_is_answered(self):
        self.task.waits = True
        self.will(NONE, 0, CHECK_CONDITION)
        self.command(0)
        self.bot.poll(0)
        self.assertEqual(self.endpoints.sends, [])
        self.bot.poll(25000)
        self.assertEqual(self.status(), (7, 0, FAILED))

    def test_whatever_comes_after_a_reset_is_not_the_old_command(self):
        self.task.waits = True
        self.command(0)
        self.bot.session(1024)
        self.assertEqual(self.unit.calls, ["attached", "reset"])
        self.task.status = GOOD
        self.task.resumed()
        self.assertEqual(self.endpoints.sends, [])
        self.assertEqual(len(self.endpoints.receives[0]), 1024)

    def test_without_a_host_nothing_is_queued(self):
        self.bot.ended()
        self.bot.reset()
        self.assertEqual(self.endpoints.receives, [])
        self.assertFalse(self.bot.attached)

    def test_a_failed_transfer_asks_for_reset_recovery(self):
        self.bot.lost(False)
        self.assertEqual(self.endpoints.halts, 1)
        self.bot.lost(True)
        self.assertFalse(self.bot.attached)

    def test_a_session_that_is_taken_over_is_reset_by_its_host(self):
        bot = Bot(self.task, [self.unit], self.endpoints)
        bot.resume(512)
        self.assertEqual(self.endpoints.halts, 1)
        bot.session(512)
        self.assertEqual(self.unit.calls, ["attached", "reset"])


if __name__ == "__main__":
    unittest.main()
