"""The handshake of NBD: every stream whole, cut into bytes and with data behind it."""

import struct
import unittest

from firmware.errors import ProtocolError
from tests.unit.fakes_nbd import (
    DISC,
    GREETING,
    HELLO,
    MIB,
    SIMPLE,
    STRUCTURED,
    Client,
    FakeVolume,
    contexts,
    go,
    option,
    write,
)

ACK, SERVER, INFO, META = 1, 2, 3, 4
UNSUP, POLICY, INVALID, UNKNOWN = 0x80000001, 0x80000002, 0x80000003, 0x80000006
FLAGS = 1 | 4 | 8 | 32 | 64 | 256 | 2048
DF = 128
EXPORT = struct.pack(">HQH", 0, 4 * MIB, FLAGS)
BLOCK_SIZE = struct.pack(">HIII", 3, 512, 4096, 32 * MIB)
CONTEXT = b"base:allocation"


def parse(got):
    """[(option, type, data)] of the option replies behind the greeting."""
    assert bytes(got[:18]) == GREETING
    found, at = [], 18
    while at < len(got):
        magic, kind, reply, length = struct.unpack_from(">QIII", got, at)
        assert magic == 0x3E889045565A9
        found.append((kind, reply, bytes(got[at + 20 : at + 20 + length])))
        at += 20 + length
    return found


class TestHandshake(unittest.TestCase):
    def check(self, stream, expected, finished=False, volume=None):
        """`expected`: (option, type, data), or (option, type) where the data is a sentence."""
        volume = volume or FakeVolume()
        for cut in (None, 1, 13):
            client = Client(volume)
            client.send(HELLO + stream, cut)
            found = parse(client.got)
            self.assertEqual(len(found), len(expected))
            self.assertEqual(client.conversation.finished, finished)
            for i, reply in enumerate(found):
                self.assertEqual(reply[: len(expected[i])], expected[i])
                self.assertTrue(len(expected[i]) == 3 or len(reply[2]) > 20)

    def test_go(self):
        for name in (b"", b"disk"):
            self.check(go(name), [(7, INFO, EXPORT), (7, INFO, BLOCK_SIZE), (7, ACK, b"")])

    def test_go_then_requests_in_the_same_bytes(self):
        volume = FakeVolume()
        client = Client(volume)
        client.send(SIMPLE + write(5, 512, b"x" * 512) + DISC)
        self.assertEqual(bytes(client.got[-16:]), struct.pack(">IIQ", 0x67446698, 0, 5))
        self.assertEqual(volume.data[512:1024], b"x" * 512)
        self.assertTrue(client.conversation.finished)

    def test_info_with_name(self):
        name = (6, INFO, b"\0\1disk")
        wanted = [(6, INFO, EXPORT), (6, INFO, BLOCK_SIZE), name, (6, ACK, b"")]
        self.check(go(b"", (1, 3, 77), 6) + option(2), wanted + [(2, ACK, b"")], True)

    def test_df_is_offered_with_structured_replies_only(self):
        export = struct.pack(">HQH", 0, 4 * MIB, FLAGS | DF)
        self.check(option(8) + go(), [(8, ACK, b""), (7, INFO, export), (7, INFO, BLOCK_SIZE), (7, ACK, b"")])

    def test_unknown_export(self):
        self.check(go(b"nope") + go(b"Disk", (), 6), [(7, UNKNOWN), (6, UNKNOWN)])

    def test_board_that_takes_no_host(self):
        volume = FakeVolume()
        volume.ready, volume.refusal = False, "this board is a twin; promote it first"
        refusal = volume.refusal.encode()
        self.check(go() + go(kind=6), [(7, POLICY, refusal), (6, POLICY, refusal)], volume=volume)
        self.check(option(1, b"disk"), [], True, volume)

    def test_export_name(self):
        for flags, zeroes in ((1, bytes(124)), (3, b"")):
            for cut in (None, 1):
                client = Client(FakeVolume())
                client.send(struct.pack(">I", flags) + option(1), cut)
                self.assertEqual(bytes(client.got), GREETING + struct.pack(">QH", 4 * MIB, FLAGS) + zeroes)
                self.assertFalse(client.conversation.finished)
        self.check(option(1, b"nope"), [], True)

    def test_list_abort(self):
        self.check(option(3), [(3, SERVER, b"\0\0\0\4disk"), (3, ACK, b"")])
        self.check(option(2, b"bye"), [(2, ACK, b"")], True)
        self.check(option(3, b"x"), [(3, INVALID)])

    def test_unknown_and_refused_options(self):
        self.check(option(5) + option(77, b"x" * 65536) + option(11), [(5, POLICY), (77, UNSUP), (11, UNSUP)])

    def test_list_meta_context(self):
        found = (9, META, b"\0\0\0\0" + CONTEXT)
        for queries in ([], [b"base:"], [b"x-y:z", CONTEXT]):
            self.check(option(8) + contexts(9, queries), [(8, ACK, b""), found, (9, ACK, b"")])
        self.check(contexts(9, [b"qemu:dirty", b"nonsense"]), [(9, ACK, b"")])

    def test_set_meta_context(self):
        chosen = (10, META, b"\0\0\0\1" + CONTEXT)
        self.check(option(8) + contexts(10, [CONTEXT, CONTEXT]), [(8, ACK, b""), chosen, (10, ACK, b"")])
        self.check(option(8) + contexts(10, [b"base:"]), [(8, ACK, b""), (10, ACK, b"")])
        self.check(option(8) + contexts(10, [], b"nope"), [(8, ACK, b""), (10, UNKNOWN)])
        self.check(contexts(10, [CONTEXT]), [(10, INVALID)])

    def test_failed_set_meta_context_forgets_the_one_before(self):
        client = Client(FakeVolume(), STRUCTURED[: -len(go())] + contexts(10, [CONTEXT], b"nope") + go())
        client.send(struct.pack(">IHHQQI", 0x25609513, 0, 7, 1, 0, 512))
        self.assertEqual(client.replies()[0][1], 0x8001)

    def test_broken_data_of_options(self):
        for kind in (6, 7, 9, 10):
            for data in (b"", b"\0\0\0", b"\0\0\0\5disk", b"\0\0\0\4disk\0\1", b"\xff" * 4, b"\0\0\0\0" + b"\xff" * 4):
                self.check(option(8) + option(kind, data), [(8, ACK, b""), (kind, INVALID)])
        for kind in (9, 10):
            self.check(option(8) + contexts(kind, [CONTEXT])[:-1] + b"", [(8, ACK, b"")])  # not whole yet
        self.check(option(8, b"x"), [(8, INVALID)])

    def test_garbage_ends_the_connection(self):
        for stream in (b"\0\0\0\4", b"GET ", HELLO + b"GET / HTTP/1.0\r\n\r\n", HELLO + option(3, b"x" * 65537)):
            for cut in (None, 1):
                client = Client(FakeVolume())
                with self.assertRaises(ProtocolError):
                    client.send(stream, cut)
                self.assertTrue(client.conversation.finished)
                self.assertIsNone(client.conversation.wanted())

    def test_client_that_takes_no_replies_is_not_heard(self):
        client = Client(FakeVolume())
        client.send(HELLO)
        client.takes, asked = False, 0
        while not client.pending:
            client.send(option(3) * 1000)
            asked += 1000
        self.assertIsNone(client.conversation.wanted())
        self.assertTrue(asked < 60_000)
        client.takes = True
        client.pump()
        self.assertEqual(len(client.got), 18 + asked * 48)

    def test_who_never_enters_the_transmission_is_not_kept(self):
        for stream in (b"", HELLO, HELLO + option(3)):
            client = Client(FakeVolume())
            client.send(stream)
            self.assertEqual(client.conversation.poll(500), 10500)
            self.assertEqual(client.conversation.poll(10499), 10500)
            self.assertFalse(client.conversation.finished)
            self.assertIsNone(client.conversation.poll(10500))
            self.assertTrue(client.conversation.finished)

    def test_a_host_may_be_silent_for_as_long_as_it_likes(self):
        client = Client(FakeVolume())
        client.conversation.poll(500)
        client.send(HELLO + go())
        self.assertIsNone(client.conversation.poll(600))
        self.assertIsNone(client.conversation.poll(1 << 40))
        self.assertFalse(client.conversation.finished)
