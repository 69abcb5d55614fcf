"""The task: windows, waits, what a dropped command may still do, and the time it may take."""

import unittest

from firmware.errors import VolumeError
from firmware.host.scsi.task import FROM_HOST, NONE, TO_HOST
from tests.unit.fakes_scsi import BLOCK, CHECK, GOOD, MIB, FakeVolume, Host, pattern, sixteen, ten

READ, WRITE, FLUSH = 0x28, 0x2A, ten(0x35, 0, 0)


class TransferTest(unittest.TestCase):
    def test_a_write_and_a_read_back(self):
        host = Host()
        self.assertEqual(host.do(ten(WRITE, 3, 4), pattern(4)), GOOD)
        self.assertEqual(bytes(host.volume.data[3 * BLOCK : 7 * BLOCK]), pattern(4))
        self.assertEqual(host.ask(ten(READ, 3, 4)), pattern(4))
        self.assertEqual((host.task.direction, host.task.length), (TO_HOST, 4 * BLOCK))
        self.assertEqual(host.volume.calls[0], ("write", 3 * BLOCK, 4 * BLOCK))

    def test_nothing_is_written_before_the_data_have_moved(self):
        host = Host()
        for cdb in (ten(WRITE, 0, 1), sixteen(0x8A, 0, 1), ten(0x41, 0, 1), sixteen(0x89, 0, 1), ten(0x2E, 0, 1)):
            host.task.begin(0, cdb)
            self.assertEqual(host.task.direction, FROM_HOST)
            self.assertTrue(host.task.window is not None)
            host.task.abort()
        self.assertEqual(host.volume.calls, [])

    def test_up_to_a_mebibyte_is_one_write(self):
        host = Host()
        for cdb in (ten(WRITE, 0, 2048), sixteen(0x8A, 0, 2048), ten(0x2E, 0, 2048)):
            del host.volume.calls[:]
            self.assertEqual(host.do(cdb, bytes(MIB)), GOOD)
            self.assertEqual(host.volume.calls[0], ("write", 0, MIB))
            self.assertEqual(host.windows, [MIB])

    def test_more_than_a_mebibyte_goes_in_pieces(self):
        data = pattern(2049)
        for opcode in (WRITE, 0x8A):
            host = Host()
            make = ten if opcode == WRITE else sixteen
            self.assertEqual(host.do(make(opcode, 5, 2049), data), GOOD)
            self.assertEqual(host.task.length, MIB + BLOCK)
            self.assertEqual(host.volume.changes(), [("write", 5 * BLOCK, MIB), ("write", 5 * BLOCK + MIB, BLOCK)])
            self.assertTrue(host.ask(ten(READ, 5, 2049)) == data)
            self.assertEqual(host.windows, [MIB, BLOCK])

    def test_windows_from_the_host_begin_where_the_buffer_does(self):
        host = Host(FakeVolume(4 * MIB))
        for cdb in (ten(WRITE, 0, 2049), ten(0x2F, 0, 2049, 2), ten(0x2E, 0, 2049), sixteen(0x89, 0, 1)):
            host.task.begin(0, cdb)
            while host.task.window is not None:
                host.task.window[0] = 77
                self.assertEqual(host.task.buffer[0], 77)
                host.task.window[:] = host.volume.data[: len(host.task.window)]
                host.task.moved()
            host.task.abort()

    def test_no_blocks(self):
        host = Host()
        for opcode in (READ, WRITE, 0x2F, 0x2E, 0x34):
            self.assertEqual(host.do(ten(opcode, 4, 0)), GOOD)
            self.assertEqual((host.task.direction, host.task.length, host.moved), (NONE, 0, 0))
        self.assertEqual(host.do(ten(READ, 4096, 0)), GOOD)
        self.assertEqual(host.refused(ten(READ, 4097, 0)), "5/21/00")
        self.assertEqual(host.volume.changes(), [])

    def test_a_refused_command_moves_nothing(self):
        host = Host()
        self.assertEqual(host.refused(ten(WRITE, 4096, 1), pattern(1)), "5/21/00")
        self.assertEqual((host.task.direction, host.task.length, host.moved), (NONE, 0, 0))
        self.assertIsNone(host.task.window)

    def test_a_read_that_fails_at_once_was_never_going_to_send(self):
        for cdb in (ten(READ, 0, 8), sixteen(0x88, 0, 8)):
            host = Host()
            host.volume.failure = VolumeError.FAILED
            self.assertEqual(host.refused(cdb), "3/11/00")
            self.assertEqual((host.task.direction, host.task.length), (NONE, 0))

    def test_the_cdb_is_not_needed_after_begin(self):
        for cdb in (ten(WRITE, 3, 2), sixteen(0x8A, 3, 2), ten(0x2E, 3, 2)):
            host = Host()
            lent = bytearray(cdb)
            host.task.begin(0, memoryview(lent))
            lent[:] = b"\xff" * len(lent)
            host.task.window[:] = pattern(2)
            host.task.moved()
            self.assertEqual(host.task.status, GOOD)
            self.assertEqual(host.volume.changes()[0], ("write", 3 * BLOCK, 2 * BLOCK))


class WaitTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.volume = self.host.volume

    def _waits(self):
        return self.host.task.status is None and self.host.task.window is None

    def test_a_slow_read(self):
        self.volume.slow_reads = True
        for cdb in (ten(READ, 1, 2), sixteen(0x88, 1, 2)):
            host, before = self.host, self.host.resumptions
            host.begin(cdb)
            self.assertTrue(self._waits())
            self.assertEqual((host.task.direction, host.task.length), (TO_HOST, 2 * BLOCK))
            self.volume.finish_read()
            self.assertEqual(host.resumptions, before + 1)
            host.go_on()
            self.assertEqual(host.task.status, GOOD)
            self.assertEqual(bytes(host.got), bytes(self.volume.data[BLOCK : 3 * BLOCK]))

    def test_a_slow_read_that_fails(self):
        self.volume.slow_reads = True
        for cdb in (ten(READ, 1, 2), sixteen(0x88, 1, 2)):
            self.host.begin(cdb)
            self.volume.finish_read(0, VolumeError(VolumeError.FAILED))
            self.assertEqual((self.host.task.status, self.host.sense), (CHECK, "3/11/00"))

    def test_a_failure_in_the_middle_of_a_long_read(self):
        self.volume.slow_reads = True
        self.host.begin(ten(READ, 0, 4096))
        self.volume.finish_read()
        self.host.go_on()
        self.volume.finish_read(0, VolumeError(VolumeError.FAILED))
        self.assertEqual((self.host.task.status, self.host.sense), (CHECK, "3/11/00"))
        self.assertEqual(self.host.moved, MIB)
        self.assertEqual(self.host.task.length, 2 * MIB)

    def test_no_room_for_a_while(self):
        for cdb in (ten(WRITE, 0, 1), sixteen(0x8A, 0, 1), sixteen(0x93, 0, 9), ten(0x42, 0, 24)):
            data = b"\0\x16\0\x10" + bytes(4) + bytes(11) + b"\1" + bytes(4) if cdb[0] == 0x42 else bytes(BLOCK)
            self.volume.room = 0
            self.host.begin(cdb, data)
            self.assertTrue(self._waits())
            self.volume.make_room(None, 0)  # room that somebody else took
            self.assertTrue(self._waits())
            self.volume.make_room()
            self.assertEqual(self.host.task.status, GOOD)

    def test_no_room_at_all(self):
        for cdb in (ten(WRITE, 0, 1), sixteen(0x8A, 0, 1)):
            self.volume.room = 0
            self.host.begin(cdb, pattern(1))
            self.volume.make_room(VolumeError(VolumeError.FULL), 0)
            self.assertEqual((self.host.task.status, self.host.sense), (CHECK, "7/27/07"))
        self.assertEqual(self.volume.changes(), [])

    def test_a_slow_flush(self):
        self.volume.slow_flushes = True
        self.host.begin(FLUSH)
        self.assertTrue(self._waits())
        self.volume.finish_flush()
        self.assertEqual(self.host.task.status, GOOD)
        self.host.begin(FLUSH)
        self.volume.finish_flush(VolumeError(VolumeError.UNCONFIRMED))
        self.assertEqual((self.host.task.status, self.host.sense), (CHECK, "B/08/01"))
        self.host.begin(FLUSH)
        self.volume.finish_flush(VolumeError(VolumeError.FAILED))
        self.assertEqual((self.host.task.status, self.host.sense), (CHECK, "4/44/00"))

    def test_what_ends_at_once_is_no_news(self):
        self.assertEqual(self.host.do(FLUSH), GOOD)
        self.assertEqual(self.host.do(ten(WRITE, 0, 1, 8), pattern(1)), GOOD)
        self.assertEqual(self.host.resumptions, 0)

    def test_a_dropped_read_does_not_touch_the_next_command(self):
        host = self.host
        self.volume.slow_reads = True
        for cdb in (ten(READ, 0, 8), sixteen(0x88, 0, 8), ten(0x2F, 0, 8)):
            host.begin(cdb)
            old, before = host.task.buffer, host.resumptions
            host.task.abort()
            self.assertTrue(host.task.buffer is not old)
            self.assertEqual(len(host.task.buffer), len(old))
            host.task.begin(0, ten(WRITE, 20, 8))
            host.task.window[:] = pattern(8)
            self.volume.finish_read()
            host.task.moved()
            self.assertEqual(host.task.status, GOOD)
            self.assertEqual(bytes(self.volume.data[20 * BLOCK : 28 * BLOCK]), pattern(8))
            self.assertEqual(host.resumptions, before)

    def test_a_dropped_write_is_not_written_later(self):
        self.volume.room = 0
        self.host.begin(ten(WRITE, 0, 1), pattern(1))
        old = self.host.task.buffer
        self.host.task.abort()
        self.assertTrue(self.host.task.buffer is old)  # no read was under way
        self.volume.make_room()
        self.assertEqual(self.volume.changes(), [])
        self.assertEqual((self.host.task.status, self.host.resumptions), (GOOD, 0))

    def test_a_dropped_flush_does_not_end_the_next(self):
        self.volume.slow_flushes = True
        self.host.begin(FLUSH)
        self.host.task.abort()
        self.host.begin(FLUSH)
        self.volume.finish_flush()
        self.assertTrue(self._waits())
        self.volume.finish_flush()
        self.assertEqual(self.host.task.status, GOOD)

    def test_no_command_waits_for_ever(self):
        host = self.host
        self.volume.slow_flushes = True
        host.now_ms = 1_000_000
        host.begin(FLUSH)
        self.assertEqual(host.poll(), 1_025_000)
        host.now_ms = 1_024_999
        host.poll()
        self.assertTrue(self._waits())
        host.now_ms = 1_025_000
        self.assertIsNone(host.poll())
        self.assertEqual((host.task.status, host.sense), (CHECK, "B/08/01"))
        self.assertEqual(host.resumptions, 0)
        self.volume.finish_flush()
        self.assertEqual(host.task.status, CHECK)
        self.volume.slow_flushes = False
        self.assertEqual(host.do(FLUSH), GOOD)

    def test_the_time_of_a_command_begins_with_it(self):
        self.volume.slow_flushes = True
        for start_ms in (0, 24_000, 48_000):
            self.host.now_ms = start_ms
            self.host.begin(FLUSH)
            self.assertEqual(self.host.poll(), start_ms + 25_000)
            self.volume.finish_flush()
            self.assertEqual(self.host.task.status, GOOD)
            self.assertIsNone(self.host.poll())

    def test_a_long_command_lets_others_have_their_turn(self):
        host = Host(FakeVolume(4 * MIB))
        host.now_ms = 5
        host.begin(ten(0x2F, 0, 8192))
        for reads in (1, 2, 3):
            self.assertEqual(len(host.volume.calls), reads)
            self.assertTrue(host.task.status is None)
            host.poll()
        self.assertEqual((host.task.status, len(host.volume.calls)), (GOOD, 4))

    def test_a_pause_says_when_to_come_again(self):
        host = Host(FakeVolume(4 * MIB))
        host.begin(ten(0x2F, 0, 6144))
        host.now_ms = 9
        self.assertEqual(host.poll(), 9)
        self.assertIsNone(host.poll())
        self.assertEqual(host.task.status, GOOD)


class FailureTest(unittest.TestCase):
    def _sense_of(self, reason, cdb, data=b""):
        host = Host()
        host.volume.failure = reason
        return host.refused(cdb, data)

    def test_reasons(self):
        for make, write, read in ((ten, WRITE, READ), (sixteen, 0x8A, 0x88)):
            write, read = make(write, 0, 1), make(read, 0, 1)
            self.assertEqual(self._sense_of(VolumeError.FAILED, write, pattern(1)), "3/0C/00")
            self.assertEqual(self._sense_of(VolumeError.READ_ONLY, write, pattern(1)), "7/27/00")
            self.assertEqual(self._sense_of(VolumeError.FAILED, read), "3/11/00")
        self.assertEqual(self._sense_of(VolumeError.FAILED, ten(0x2F, 0, 1)), "3/11/00")
        self.assertEqual(self._sense_of(VolumeError.FAILED, FLUSH), "4/44/00")
        self.assertEqual(self._sense_of(VolumeError.FAILED, ten(0x41, 0, 1), bytes(BLOCK)), "3/0C/00")

    def test_a_failed_volume(self):
        host = Host()
        host.volume.failed = True
        host.volume.refusal = "it failed"
        host.volume.failure = VolumeError.FAILED
        self.assertEqual(host.refused("00 00 00 00 00 00"), "4/44/00")
        self.assertEqual(host.refused("25 00 00 00 00 00 00 00 00 00"), "4/44/00")
        self.assertEqual(host.refused(ten(READ, 0, 1)), "3/11/00")
        self.assertEqual(host.refused(ten(WRITE, 0, 1), pattern(1)), "3/0C/00")

    def test_a_medium_that_goes_away_between_begin_and_data(self):
        host = Host()
        host.task.begin(0, ten(WRITE, 0, 1))
        host.volume.failure, host.data = VolumeError.READ_ONLY, pattern(1)
        host.go_on()
        self.assertEqual((host.task.status, host.sense), (CHECK, "7/27/00"))


class StreakTest(unittest.TestCase):
    def test_many_lengths(self):
        host = Host()
        for blocks in list(range(1, 70)) + [1, 2048, 3]:
            self.assertEqual(host.do(ten(WRITE, 0, blocks), pattern(blocks)), GOOD)
            self.assertEqual(host.ask(ten(READ, 0, blocks)), pattern(blocks))
