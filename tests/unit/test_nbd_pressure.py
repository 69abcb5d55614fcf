"""An NBD client against a volume that is slow or full, and a server against a client that does not listen."""

import struct
import unittest

from firmware.errors import ProtocolError, VolumeError
from tests.unit.fakes_nbd import (
    DISC,
    KIB,
    MIB,
    SIMPLE,
    STRUCTURED,
    Client,
    FakeVolume,
    data_chunk,
    error_of,
    flush,
    ok,
    read,
    request,
    write,
)

FUA, DF = 1, 4
EIO, ENOSPC = 5, 28
A = b"a" * 512


class TestRoomInTheVolume(unittest.TestCase):
    """Every kind of write is refused by the volume at first."""

    REQUESTS = (
        write(1, 0, A),
        write(1, 0, A, FUA),
        write(1, 0, A * 2049),
        request(4, 1, 0, 512),
        request(6, 1, 0, 512, flags=FUA),
    )

    def blocked(self, stream, room=0):
        self.volume = FakeVolume()
        self.volume.room = room
        self.client = Client(self.volume, STRUCTURED)
        self.client.send(stream + write(2, 512, A))
        self.assertEqual(self.client.replies(), [])
        self.assertIsNone(self.client.conversation.wanted())
        self.assertFalse(self.client.conversation.finished)
        return self.client

    def test_waits_until_there_is_room(self):
        for stream in self.REQUESTS:
            client = self.blocked(stream)
            self.volume.make_room()
            self.assertEqual(sorted(client.replies()), [ok(1), ok(2)])
            self.assertTrue(client.wakes > 0)
            self.assertTrue(client.conversation.wanted() is not None)

    def test_waits_again_when_there_is_no_room_after_all(self):
        client = self.blocked(write(1, 0, A))
        self.volume.make_room(room=0)
        self.assertEqual(client.replies(), [])
        self.assertEqual(len(self.volume.room_waiters), 1)
        self.volume.make_room(room=1)
        self.assertEqual(client.replies(), [ok(1)])
        self.volume.make_room()
        self.assertEqual(client.replies(), [ok(2)])

    def test_gives_up_when_the_volume_does(self):
        for stream in self.REQUESTS:
            client = self.blocked(stream)
            self.volume.make_room(VolumeError(VolumeError.FULL))
            found = client.replies()
            self.assertEqual((found[0][0], error_of(found[0])[0], found[1:]), (1, ENOSPC, [ok(2)]))
            self.assertEqual(len(self.volume.calls), 1)

    def test_gives_up_in_the_middle_of_a_long_write(self):
        client = self.blocked(write(1, 0, A * 2049), 1)
        self.volume.make_room(VolumeError(VolumeError.FULL))
        self.assertEqual([reply[0] for reply in client.replies()], [1, 2])
        self.assertEqual(self.volume.calls, [("write", 0, MIB), ("write", 512, 512)])

    def test_flush_before_the_write_that_waits_is_not_held_up(self):
        client = Client(FakeVolume(), STRUCTURED)
        client.volume.room = 1
        client.send(write(1, 0, A, FUA) + flush(2) + write(3, 0, A))
        self.assertEqual(client.replies(), [ok(1), ok(2)])

    def test_room_that_comes_at_once(self):
        volume = FakeVolume()
        volume.room, volume.wait_for_room = 0, lambda callback: volume.make_room() or callback(None)
        client = Client(volume, STRUCTURED)
        client.send(write(1, 0, A) + request(4, 2, 0, 512))
        self.assertEqual(client.replies(), [ok(1), ok(2)])

    def test_waits_only_once_at_a_time(self):
        client = Client(FakeVolume(), STRUCTURED)
        client.volume.room, client.takes = 0, False
        client.send(read(1, 0, 512) + write(2, 0, A))
        client.takes = True
        client.pump(100)
        self.assertEqual(len(client.volume.room_waiters), 1)

    def test_client_that_is_lost_while_it_waits(self):
        client = self.blocked(write(1, 0, A))
        client.conversation.lost()
        self.volume.make_room()
        self.assertEqual(self.volume.calls, [])
        self.assertEqual(client.wakes, 0)

    def test_garbage_behind_a_write_that_waits_ends_the_connection_quietly(self):
        client = self.blocked(write(1, 0, A) + b"?" * 28)
        self.volume.make_room()
        self.assertTrue(client.conversation.finished)
        self.assertEqual(client.replies(), [ok(1)])


class TestSlowVolume(unittest.TestCase):
    def slow(self, handshake=STRUCTURED, size=4 * MIB):
        self.volume = FakeVolume(size)
        self.volume.slow_reads = self.volume.slow_flushes = True
        return Client(self.volume, handshake)

    def expected(self, cookie, offset, length):
        return data_chunk(cookie, offset, self.volume.data[offset : offset + length])

    def test_reads_end_out_of_order(self):
        client = self.slow()
        client.send(read(1, 0, 4096) + read(2, 512, 512) + write(3, 2 * MIB, A) + read(4, 4096, 1024))
        self.assertEqual(client.replies(), [ok(3)])
        for which, reply in ((1, (2, 512, 512)), (1, (4, 4096, 1024)), (0, (1, 0, 4096))):
            self.volume.finish_read(which)
            self.assertEqual(client.replies(), [self.expected(*reply)])

    def test_simple_reads_end_out_of_order(self):
        client = self.slow(SIMPLE)
        client.send(read(1, 0, 4096) + read(2, 512, 512))
        self.volume.finish_read(1)
        self.volume.finish_read(0)
        header = struct.pack(">II", 0x67446698, 0)
        data = self.volume.data
        expected = header + struct.pack(">Q", 2) + data[512:1024] + header + struct.pack(">Q", 1) + data[:4096]
        self.assertEqual(client.got, expected)

    def test_read_that_fails(self):
        client = self.slow()
        client.send(read(1, 0, 512) + read(2, 0, 512))
        self.volume.finish_read(0, VolumeError(VolumeError.FAILED))
        (reply,) = client.replies()
        self.assertEqual((reply[0], error_of(reply)[0]), (1, EIO))
        self.volume.finish_read()
        self.assertEqual(client.replies(), [self.expected(2, 0, 512)])

    def test_simple_read_that_fails(self):
        client = self.slow(SIMPLE)
        client.send(read(1, 0, 512))
        self.volume.finish_read(0, VolumeError(VolumeError.FAILED))
        self.assertEqual(client.replies(), [(1, EIO, b"")])

    def test_flush_ends_later_and_holds_nothing_up(self):
        client = self.slow()
        client.send(write(1, 0, A, FUA) + write(2, 0, A) + flush(3))
        self.assertEqual(client.replies(), [ok(2)])
        self.volume.finish_flush()
        self.assertEqual(client.replies(), [ok(1), ok(3)])

    def test_flush_that_fails_fails_all_that_it_stood_for(self):
        client = self.slow()
        client.send(write(1, 0, A, FUA) + flush(2))
        self.volume.finish_flush(VolumeError(VolumeError.FAILED))
        self.assertEqual([(reply[0], error_of(reply)[0]) for reply in client.replies()], [(1, EIO), (2, EIO)])

    def test_goodbye_waits_for_what_is_in_flight(self):
        client = self.slow()
        client.send(flush(1) + read(2, 0, 512) + DISC)
        self.assertFalse(client.conversation.finished)
        self.volume.finish_flush()
        self.assertFalse(client.conversation.finished)
        self.volume.finish_read()
        self.assertTrue(client.conversation.finished)
        self.assertEqual(client.replies(), [ok(1), self.expected(2, 0, 512)])

    def test_half_closed_connection_gets_its_replies(self):
        client = self.slow()
        client.send(flush(1))
        client.conversation.received(0)
        self.assertFalse(client.conversation.finished)
        self.volume.finish_flush()
        self.assertEqual(client.replies(), [ok(1)])
        self.assertTrue(client.conversation.finished)

    def test_lost_client_is_told_nothing(self):
        client = self.slow()
        client.send(read(1, 0, 512) + flush(2) + read(3, 0, 600 * KIB))
        client.conversation.lost()
        while self.volume.reads:
            self.volume.finish_read()
        self.volume.finish_flush()
        self.assertEqual((client.replies(), client.wakes), ([], 0))
        self.assertIsNone(client.conversation.outgoing())

    def test_requests_in_flight_are_bounded(self):
        for one in (read(1, 0, 512), flush(1), write(1, 0, A, FUA), read(1, 0, 512) + flush(2)):
            client = self.slow()
            client.send(one * 200)
            volume = self.volume
            self.assertTrue(len(volume.reads) <= 128)
            self.assertTrue(len([call for call in volume.calls if call[0] == "write"]) <= 128)
            self.assertIsNone(client.conversation.wanted())
            found = []
            while volume.reads or volume.flushes:
                (volume.finish_read if volume.reads else volume.finish_flush)()
                found += client.replies()
            self.assertTrue(len(found) in (200, 400))

    def test_memory_of_reads_in_flight_is_bounded(self):
        client = self.slow()
        client.send(b"".join(read(i, 0, 128 * KIB) for i in range(40)))
        self.assertTrue(len(self.volume.reads) <= 10)
        self.assertIsNone(client.conversation.wanted())
        found = []
        while self.volume.reads:
            self.volume.finish_read(len(self.volume.reads) // 2)
            found += [reply[0] for reply in client.replies()]
        self.assertEqual(sorted(found), list(range(40)))

    def test_long_read_in_chunks_that_end_in_any_order(self):
        client = self.slow()
        client.send(read(1, 0, 3 * MIB) + write(2, 3 * MIB, A))
        found = []
        while self.volume.reads:
            self.volume.finish_read(-1)
            found += client.replies()
        chunks = sorted(reply[2][1] for reply in found if reply[1] == 1)
        self.assertTrue(b"".join(chunk[8:] for chunk in chunks) == bytes(self.volume.data[: 3 * MIB]))
        self.assertEqual(found[-1], (1, 0, (1, b"")))
        self.assertIn(ok(2), found)

    def test_long_read_of_which_a_chunk_fails(self):
        client = self.slow()
        client.send(read(1, 0, 3 * MIB) + write(2, 0, A))
        self.volume.finish_read(1, VolumeError(VolumeError.FAILED))
        while self.volume.reads:
            self.volume.finish_read()
        found = client.replies()
        self.assertEqual(error_of(found[-1])[0], EIO)
        self.assertEqual(found[-1][0], 1)
        self.assertTrue(len(found) < 10)
        client.send(read(3, 0, MIB, DF))  # needs nearly all of the ring
        self.volume.finish_read()
        self.assertEqual([reply[0] for reply in client.replies()], [3])

    def test_long_simple_read_stands_alone(self):
        client = self.slow(SIMPLE)
        client.send(read(1, 0, 512) + flush(2) + read(3, 0, 2 * MIB + 512) + write(4, 3 * MIB, A))
        self.volume.finish_read()
        self.assertEqual(len(self.volume.reads), 0)
        client.got = bytearray()
        self.volume.finish_flush()
        while self.volume.reads:
            self.assertEqual(len(self.volume.reads), 1)
            self.volume.finish_read()
        expected = struct.pack(">IIQIIQ", 0x67446698, 0, 2, 0x67446698, 0, 3) + self.volume.data[: 2 * MIB + 512]
        self.assertTrue(client.got == expected + struct.pack(">IIQ", 0x67446698, 0, 4))

    def test_long_simple_read_that_fails_closes_the_connection(self):
        client = self.slow(SIMPLE)
        client.send(read(1, 0, 2 * MIB) + write(2, 0, A))
        self.volume.finish_read()
        self.assertFalse(client.conversation.finished)
        self.volume.finish_read(0, VolumeError(VolumeError.FAILED))
        self.assertTrue(client.conversation.finished)
        self.assertEqual(len(client.got), 16 + MIB)
        self.assertEqual(len(self.volume.calls), 2)


class TestDeafClient(unittest.TestCase):
    def test_replies_wait_and_nothing_more_is_read(self):
        volume = FakeVolume()
        client = Client(volume, STRUCTURED)
        client.takes, sent = False, 0
        while not client.pending:
            client.send(b"".join(read(sent + i, 0, 4096) for i in range(50)))
            sent += 50
        self.assertIsNone(client.conversation.wanted())
        self.assertTrue(sent < 10_000)
        client.takes = True
        client.pump(100_001)
        self.assertEqual([reply[0] for reply in client.replies()], list(range(sent)))

    def test_flushes_that_fail_while_the_ring_is_full(self):
        volume = FakeVolume()
        volume.slow_flushes = True
        client = Client(volume, STRUCTURED)
        client.send(b"".join(flush(i) for i in range(100)))
        client.takes = False
        while client.conversation.wanted() is not None:
            client.send(read(200, 0, 512) * 50)
        volume.finish_flush(VolumeError(VolumeError.FAILED))
        self.assertFalse(client.conversation.finished)
        client.takes = True
        client.pump()
        client.send(DISC)
        found = client.replies()
        self.assertEqual([reply[0] for reply in found if reply[0] < 200], list(range(100)))
        self.assertEqual([error_of(reply)[0] for reply in found if reply[0] < 200], [EIO] * 100)
        self.assertTrue(client.conversation.finished)

    def test_garbage_that_is_seen_only_after_the_replies_went(self):
        client = Client(FakeVolume(), STRUCTURED)
        client.takes = False
        client.send(read(1, 0, MIB + 512 * KIB) + b"?" * 28)
        client.takes = True
        client.pump()
        self.assertTrue(client.conversation.finished)
        self.assertEqual(client.replies()[-1], (1, 0, (1, b"")))


class TestEnds(unittest.TestCase):
    def test_board_that_stops(self):
        volume = FakeVolume()
        volume.slow_flushes = True
        client = Client(volume, STRUCTURED)
        client.send(write(1, 0, A) + flush(2))
        client.conversation.close()
        self.assertTrue(client.conversation.finished)
        self.assertIsNone(client.conversation.wanted())
        self.assertEqual(client.wakes, 1)
        volume.finish_flush()
        self.assertEqual(client.replies()[0], ok(1))

    def test_end_in_the_greeting(self):
        client = Client(FakeVolume())
        client.conversation.received(0)
        self.assertTrue(client.conversation.finished)
        with self.assertRaises(ProtocolError):
            Client(FakeVolume()).send(b"\xff" * 4)
