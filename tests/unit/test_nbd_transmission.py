"""Requests of an NBD client: every stream whole, cut into bytes and with the start of a request behind it."""

import struct
import unittest

from firmware.errors import ProtocolError, VolumeError
from firmware.host.nbd.answers import failure_of
from tests.unit.fakes_nbd import (
    DISC,
    HELLO,
    KIB,
    MIB,
    SIMPLE,
    STRUCTURED,
    Client,
    FakeVolume,
    data_chunk,
    error_of,
    flush,
    go,
    ok,
    option,
    read,
    request,
    write,
)

TRIM, ZEROES, STATUS = 4, 6, 7
FUA, NO_HOLE, DF, REQ_ONE, FAST = 1, 2, 4, 8, 16
EPERM, EIO, EINVAL, ENOSPC, EOVERFLOW = 1, 5, 22, 28, 75
A, B = b"a" * 512, b"b" * 4096
CUTS = ((None, b""), (1, b""), (37, b""), (None, write(77, 0, bytes(512))[:-1]))


class TestStreams(unittest.TestCase):
    def check(self, stream, expected, handshake=STRUCTURED, prepare=None, calls=None):
        for cut, trailing in CUTS:
            volume = FakeVolume()
            client = Client(volume, handshake)
            if prepare:
                prepare(volume)
            client.send(stream + trailing, cut)
            self.assertEqual(sorted(client.replies()), sorted(expected))
            if calls is not None:
                self.assertEqual([call for call in volume.calls if call[0] != "flush"], calls)
            self.assertFalse(client.conversation.finished)

    def check_error(self, stream, errno, prepare=None, calls=()):
        """`stream` ends in `errno` in both forms of reply, and the connection goes on."""
        goes_on, calls = write(8, 0, A), list(calls) + [("write", 0, 512)]
        if prepare:
            goes_on, calls = b"", calls[:-1]
        for cut in (None, 4097) if len(stream) > MIB else (None, 1, 37):
            for handshake in (SIMPLE, STRUCTURED):
                volume = FakeVolume()
                client = Client(volume, handshake)
                if prepare:
                    prepare(volume)
                client.send(stream + goes_on, cut)
                replies = client.replies()
                self.assertEqual(replies[1:], [ok(8)] if goes_on else [])
                self.assertEqual(volume.calls, calls)
                if handshake == SIMPLE:
                    self.assertEqual(replies[0], (1, errno, b""))
                else:
                    found, sentence = error_of(replies[0])
                    self.assertEqual(found, errno)
                    self.assertTrue(len(sentence) > 10)

    def test_writes(self):
        stream = write(1, 0, A) + write(2**64 - 1, 4096, B) + write(3, 4 * MIB - 512, A)
        calls = [("write", 0, 512), ("write", 4096, 4096), ("write", 4 * MIB - 512, 512)]
        for handshake in (SIMPLE, STRUCTURED):
            self.check(stream, [ok(1), ok(2**64 - 1), ok(3)], handshake, calls=calls)

    def test_write_then_read_structured(self):
        expected = [ok(1), data_chunk(2, 0, A), data_chunk(3, 512, bytes(i * 7 & 255 for i in range(512, 1024)))]
        self.check(write(1, 0, A) + read(2, 0, 512) + read(3, 512, 512, FUA | DF), expected)

    def test_write_then_read_simple(self):
        for cut, trailing in CUTS:
            client = Client(FakeVolume(), SIMPLE)
            client.send(write(1, 512, B) + read(2, 512, 4096) + read(3, 0, 0) + trailing, cut)
            header = struct.pack(">II", 0x67446698, 0)
            expected = header + struct.pack(">Q", 1) + header + struct.pack(">Q", 2) + B + header + struct.pack(">Q", 3)
            self.assertEqual(bytes(client.got), expected)

    def test_flush_and_fua(self):
        stream = write(1, 0, A, FUA) + flush(2) + request(TRIM, 3, 0, 512, flags=FUA) + request(3, 4, flags=FUA)
        self.check(stream, [ok(1), ok(2), ok(3), ok(4)], calls=[("write", 0, 512), ("trim", 0, 512)])

    def test_flushes_of_one_batch_are_one(self):
        volume = FakeVolume()
        client = Client(volume, STRUCTURED)
        client.send(b"".join(write(i, i * 512, A, FUA) for i in range(10)) + flush(10))
        self.assertEqual([call[0] for call in volume.calls], ["write"] * 10 + ["flush"])
        self.assertEqual(sorted(client.replies()), [ok(i) for i in range(11)])

    def test_trim_and_zeroes(self):
        stream = request(TRIM, 1, 0, 4096) + request(ZEROES, 2, 4096, MIB, flags=FAST)
        stream += request(ZEROES, 3, 0, 512, flags=NO_HOLE | FUA)
        calls = [("trim", 0, 4096), ("trim", 4096, MIB), ("zero", 0, 512)]
        self.check(stream, [ok(1), ok(2), ok(3)], calls=calls)

    def test_trim_where_it_is_not_cheap(self):
        def prepare(volume):
            volume.trims = False

        stream = request(TRIM, 1, 0, 4096) + request(ZEROES, 2, 4096, 4096)
        self.check(stream, [ok(1), ok(2)], prepare=prepare, calls=[("zero", 4096, 4096)])

    def test_nothing_to_do(self):
        stream = write(1, 0, b"") + request(TRIM, 2, 512, 0) + request(ZEROES, 3, 4 * MIB, 0) + read(4, 0, 0)
        self.check(stream, [ok(1), ok(2), ok(3), (4, 0, (1, b""))])

    def test_block_status(self):
        def prepare(volume):
            volume.status = [(4096, True), (512, True), (4096, False), (1 << 40, True)]

        extents = struct.pack(">IIIIIII", 1, 4608, 0, 4096, 3, 7680, 0)
        stream = request(STATUS, 1, 0, 16384) + request(STATUS, 2, 0, 16384, flags=REQ_ONE)
        self.check(stream, [(1, 5, (1, extents)), (2, 5, (1, extents[:12]))], prepare=prepare)

    def test_block_status_that_is_not_cheap(self):
        self.check(request(STATUS, 1, 512, 8192), [(1, 5, (1, struct.pack(">III", 1, 8192, 0)))])

    def test_block_status_of_very_many_extents(self):
        volume = FakeVolume()
        volume.status = [(512, bool(i & 1)) for i in range(8192)]
        client = Client(volume, STRUCTURED)
        client.send(request(STATUS, 1, 0, 4 * MIB))
        ((_, kind, (_, payload)),) = client.replies()
        self.assertEqual((kind, len(payload)), (5, 4 + 8 * 1024))

    # Errors that keep the connection

    def test_beyond_the_end(self):
        end = 4 * MIB
        for offset in (end, end - 512, 1 << 63):
            self.check_error(write(1, offset, A + A), ENOSPC)
            self.check_error(request(ZEROES, 1, offset, 1024), ENOSPC)
            self.check_error(request(TRIM, 1, offset, 1024), EINVAL)
            self.check_error(read(1, offset, 1024), EINVAL)

    def test_nothing_of_a_long_write_beyond_the_end_is_written(self):
        self.check_error(write(1, 3 * MIB, bytes(MIB + 512)), ENOSPC)

    def test_unaligned(self):
        for command in (0, TRIM, ZEROES):
            self.check_error(request(command, 1, 1, 512), EINVAL)
            self.check_error(request(command, 1, 0, 513), EINVAL)
        self.check_error(write(1, 0, b"x"), EINVAL)
        self.check_error(write(1, 1, A), EINVAL)

    def test_unknown_commands_and_flags(self):
        unknown = (5, 0), (8, 0), (65535, 0), (0, 2), (0, 32), (TRIM, 2), (ZEROES, 32), (3, 2), (STATUS, DF)
        for command, flags in unknown:
            self.check_error(request(command, 1, 0, 512, flags=flags), EINVAL)
        self.check_error(write(1, 0, A, 2), EINVAL)

    def test_too_long(self):
        self.check_error(read(1, 0, 32 * MIB + 512), EINVAL)
        client = Client(FakeVolume(), STRUCTURED)
        client.send(read(1, 0, MIB + 512, DF))
        self.assertEqual(error_of(client.replies()[0])[0], EOVERFLOW)

    def test_status_without_its_context(self):
        for handshake in (SIMPLE, HELLO + option(8) + go()):
            client = Client(FakeVolume(), handshake)
            client.send(request(STATUS, 1, 0, 512))
            (reply,) = client.replies()
            self.assertEqual(reply[1] if handshake == SIMPLE else error_of(reply)[0], EINVAL)
        self.check_error(request(STATUS, 1, 0, 0), EINVAL)

    def test_reasons_of_the_volume(self):
        reasons = (VolumeError.READ_ONLY, EPERM), (VolumeError.FULL, ENOSPC), (VolumeError.FAILED, EIO)
        for reason, errno in reasons:

            def prepare(volume):
                volume.failure = reason  # noqa: B023 -- used before the next turn

            self.check_error(write(1, 0, A), errno, prepare)
            self.check_error(write(1, 0, A, FUA), errno, prepare)
            self.check_error(read(1, 0, 512), errno, prepare)
            self.check_error(request(ZEROES, 1, 0, 512), errno, prepare)
            self.check_error(request(3, 1), errno, prepare, [("flush",)])

    def test_every_reason_of_the_volume_has_a_number(self):
        for reason in VolumeError.SENTENCES:
            errno, sentence = failure_of(VolumeError(reason))
            self.assertTrue(errno in (EPERM, EIO, EINVAL, ENOSPC))
            self.assertEqual(sentence, VolumeError.SENTENCES[reason])

    # Ends

    def test_goodbye(self):
        for cut in (None, 1):
            volume = FakeVolume()
            client = Client(volume, STRUCTURED)
            client.send(write(1, 0, A) + DISC, cut)
            self.assertTrue(client.conversation.finished)
            self.assertIsNone(client.conversation.wanted())
            self.assertEqual(client.replies(), [ok(1)])

    def test_nothing_is_taken_after_goodbye(self):
        volume = FakeVolume()
        client = Client(volume, STRUCTURED)
        client.send(DISC + write(1, 0, A))
        self.assertEqual(volume.calls, [])

    def test_garbage(self):
        for cut in (None, 1):
            client = Client(FakeVolume(), STRUCTURED)
            with self.assertRaises(ProtocolError):
                client.send(write(1, 0, A) + b"?" * 28, cut)
            client.take()
            self.assertEqual(client.replies(), [ok(1)])
            self.assertTrue(client.conversation.finished)
            client.conversation.lost()

    def test_client_that_vanishes_in_a_write(self):
        for there in (5, 28, 29, 28 + 511):
            volume = FakeVolume()
            client = Client(volume, STRUCTURED)
            client.send(write(1, 0, A)[:there])
            client.conversation.received(0)
            self.assertTrue(client.conversation.finished)
            client.conversation.lost()
            self.assertEqual(volume.calls, [])


class TestLongRequests(unittest.TestCase):
    def test_write_of_1_mib_is_one_piece(self):
        data = b"0123456789abcdef" * 65536
        for cut in (None, 65537):
            volume = FakeVolume()
            client = Client(volume, STRUCTURED)
            client.send(write(1, 512, A) + write(2, 4096, data) + write(3, 0, A), cut)
            self.assertEqual(volume.calls[1], ("write", 4096, MIB))
            self.assertTrue(volume.data[4096 : 4096 + MIB] == data)
            self.assertEqual(client.replies(), [ok(1), ok(2), ok(3)])

    def test_longer_write_goes_on_in_pieces(self):
        data = b"0123456789abcdef" * 65536 * 2 + A
        for cut, flags in ((None, 0), (100_001, FUA)):
            volume = FakeVolume()
            client = Client(volume, STRUCTURED)
            client.send(write(1, 0, data, flags) + write(2, 3 * MIB, A), cut)
            pieces = [("write", 0, MIB), ("write", MIB, MIB), ("write", 2 * MIB, 512), ("write", 3 * MIB, 512)]
            self.assertEqual([call for call in volume.calls if call[0] == "write"], pieces)
            self.assertTrue(volume.data[: len(data)] == data)
            self.assertEqual(sorted(client.replies()), [ok(1), ok(2)])

    def test_piece_that_is_not_whole_is_dropped(self):
        volume = FakeVolume()
        client = Client(volume, STRUCTURED)
        client.send(write(1, 0, bytes(2 * MIB))[:-1])
        client.conversation.received(0)
        self.assertTrue(client.conversation.finished)
        self.assertEqual(volume.calls, [("write", 0, MIB)])
        self.assertEqual(client.replies(), [])

    def test_refused_payload_is_received_and_forgotten(self):
        header = request(1, 1, 0, 33 * MIB)
        volume = FakeVolume()
        client = Client(volume, STRUCTURED)
        client.send(header)
        for _ in range(33):
            client.send(bytes(MIB))
        client.send(write(2, 0, A))
        found = client.replies()
        self.assertEqual(error_of(found[0])[0], EINVAL)
        self.assertEqual(found[1:], [ok(2)])
        self.assertEqual(volume.calls, [("write", 0, 512)])

    def test_long_read_in_chunks(self):
        client = Client(FakeVolume(), STRUCTURED)
        client.send(read(1, 512, 600 * KIB) + write(2, 0, A))
        self.assert_chunks(client.replies(), 512, 600 * KIB, 3)

    def test_long_read_is_bounded_by_the_ring(self):
        volume = FakeVolume(9 * MIB)
        client = Client(volume, STRUCTURED)
        client.takes = False
        client.send(read(1, 0, 8 * MIB) + write(2, 0, A))
        self.assertTrue(len(volume.calls) < 6)
        client.takes = True
        client.pump()
        self.assert_chunks(client.replies(), 0, 8 * MIB, 32)

    def assert_chunks(self, found, offset, length, count):
        self.assertEqual(found[-2:], [(1, 0, (1, b"")), ok(2)])
        self.assertEqual(len(found), count + 2)
        for _, kind, (flags, payload) in found[:-2]:
            self.assertEqual((kind, flags, struct.unpack_from(">Q", payload, 0)[0]), (1, 0, offset))
            self.assertTrue(payload[8:16] == bytes((offset + i) * 7 & 255 for i in range(8)))
            offset += len(payload) - 8
            length -= len(payload) - 8
        self.assertEqual(length, 0)

    def test_long_simple_read(self):
        for length in (MIB, 3 * MIB + 512):
            volume = FakeVolume()
            client = Client(volume, SIMPLE)
            client.send(read(1, 512, length) + write(2, 0, A))
            self.assertEqual(bytes(client.got[:16]), struct.pack(">IIQ", 0x67446698, 0, 1))
            self.assertEqual(bytes(client.got[16:24]), bytes((512 + i) * 7 & 255 for i in range(8)))
            self.assertEqual(bytes(client.got[16 + length :]), struct.pack(">IIQ", 0x67446698, 0, 2))
