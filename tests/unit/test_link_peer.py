"""A peer that breaks the rules: every frame is well formed here, and wrong where it stands."""

import unittest

from firmware.checksum import crc32
from firmware.errors import ProtocolError
from firmware.link import codec, frames
from firmware.link.frames import HEADER_SIZE, Hello
from firmware.log.layout import DESCRIPTOR_SIZE, Descriptor
from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_link import FakeBoard, pair

# zlib.compress(bytes(10000), 9)
ZEROES = b"x\xda\xed\xc1\x01\r\x00\x00\x00\xc2\xa0\xf7Om\x0e7\xa0" + bytes(9) + b"\xe0\xdf\x00'\x10\x00\x01"


class Forger:
    """Speaks the protocol by hand to a link on `board`; without a role it stops before HELLO."""

    def __init__(self, board, role, generation=1, number=0, chain=0, codecs=3, capabilities=0):
        self.link = board.link()
        self.sequence = 0
        preamble = bytearray(frames.PREAMBLE_SIZE)
        frames.pack_preamble(preamble)
        self.feed(preamble)
        if role is None:
            return
        buffer = bytearray(frames.MAX_FIXED)
        who = FakeBoard(role, "forger", None, generation).identity
        length = Hello(who, number, chain, codecs, 1 << 20, capabilities).pack_into(buffer, HEADER_SIZE)
        self.say(frames.HELLO, buffer[HEADER_SIZE : HEADER_SIZE + length])
        self.drain()

    def feed(self, data) -> None:
        at = 0
        while at < len(data):
            view = self.link.wanted()
            count = min(len(view), len(data) - at)
            view[:count] = data[at : at + count]
            at += count
            self.link.received(count)

    def drain(self) -> None:
        """Lets the link say all it has to say."""
        while True:
            data = self.link.outgoing()
            if data is None:
                return
            self.link.sent(data.length if hasattr(data, "length") else len(data))

    def frame(self, kind, payload, codec_number=0, fixed=None) -> bytes:
        fixed = len(payload) if fixed is None else fixed
        buffer = bytearray(HEADER_SIZE) + payload
        frames.pack_header(buffer, kind, codec_number, len(payload), self.sequence, fixed)
        self.sequence += 1
        return bytes(buffer)

    def say(self, kind, payload=b"", codec_number=0, fixed=None) -> None:
        self.feed(self.frame(kind, payload, codec_number, fixed))

    def ready(self, number=0, chain=0) -> "Forger":
        payload = bytearray(frames.READY_SIZE)
        frames.pack_ready(payload, 0, number, chain)
        self.say(frames.READY, payload)
        self.drain()
        return self

    def ack(self, received, durable, played=0) -> None:
        payload = bytearray(frames.ACK_SIZE)
        frames.pack_ack(payload, 0, received, durable, played)
        self.say(frames.ACK, payload)

    def group(self, descriptor, body, codec_number=0) -> None:
        payload = bytearray(DESCRIPTOR_SIZE) + body
        descriptor.pack_into(payload, 0)
        self.say(frames.GROUP, payload, codec_number, DESCRIPTOR_SIZE)


def described(number, body, previous=0, generation=1, length=None):
    return Descriptor(number, generation, 5, len(body) if length is None else length, 1, crc32(body), previous)


BODY = b"sixteen bytes or more"


class ToTheTwin(unittest.TestCase):
    def setUp(self):
        self.board = FakeBoard(TWIN, "right")
        self.peer = Forger(self.board, PRIMARY).ready()

    def refused(self, *arguments):
        with self.assertRaises(ProtocolError):
            self.peer.group(*arguments)
        self.assertEqual(self.board.journal.queue, [])

    def test_the_right_one_is_taken(self):
        self.peer.group(described(1, BODY), BODY)
        self.assertEqual(self.board.journal.received_number, 1)

    def test_a_group_too_early(self):
        self.refused(described(2, BODY), BODY)

    def test_a_group_again(self):
        self.peer.group(described(1, BODY), BODY)
        self.board.settle()
        self.refused(described(1, BODY), BODY)

    def test_a_frame_replayed_byte_by_byte(self):
        payload = bytearray(16)
        once = self.peer.frame(frames.PING, payload)
        self.peer.feed(once)
        with self.assertRaises(ProtocolError):
            self.peer.feed(once)

    def test_a_group_of_another_log(self):
        self.refused(described(1, BODY, 77), BODY)

    def test_a_group_that_follows_another_one_than_the_last(self):
        self.peer.group(described(1, BODY), BODY)
        self.board.settle()
        self.refused(described(2, BODY, 77), BODY)

    def test_a_newer_generation_than_was_agreed(self):
        self.refused(described(1, BODY, 0, 2), BODY)

    def test_generations_run_forwards(self):
        board = FakeBoard(TWIN, "right")
        peer = Forger(board, PRIMARY, 5).ready()
        first, second = described(1, BODY, 0, 2), None
        peer.group(first, BODY)
        second = described(2, BODY, first.chain, 5)
        peer.group(second, BODY)
        with self.assertRaises(ProtocolError):
            peer.group(described(3, BODY, second.chain, 4), BODY)

    def test_lengths_that_contradict(self):
        self.refused(described(1, BODY), BODY + b"!")
        self.setUp()
        self.refused(described(1, BODY), BODY[:-1])

    def test_a_body_that_did_not_shrink(self):
        self.refused(described(1, BODY), BODY, codec.ZLIB)

    def test_a_compressed_body_that_is_no_shorter(self):
        stored = b"x\x01\x01\x15\x00\xea\xff" + BODY + b"[=\x08\x1c"
        self.refused(described(1, BODY), stored, codec.ZLIB)

    def test_many_groups_in_one_read(self):
        stream, chain = b"", 0
        for number in range(1, 1001):
            descriptor = described(number, BODY, chain)
            chain = descriptor.chain
            payload = bytearray(DESCRIPTOR_SIZE) + BODY
            descriptor.pack_into(payload, 0)
            stream += self.peer.frame(frames.GROUP, payload, 0, DESCRIPTOR_SIZE)
        self.peer.feed(stream)
        self.board.settle()
        self.assertEqual(self.board.journal.head.chain, chain)

    def test_a_codec_that_was_not_offered(self):
        self.refused(described(1, BODY), BODY[:10], 3)
        self.setUp()
        self.refused(described(1, BODY), BODY[:10], 255)

    def test_a_bomb(self):
        for length in (len(ZEROES) + 1, 9999, 10001, 1 << 20):
            self.refused(described(1, bytes(length)), ZEROES, codec.ZLIB)
            self.setUp()
        self.peer.group(described(1, bytes(10000)), ZEROES, codec.ZLIB)
        self.board.settle()
        self.assertEqual(self.board.journal.head.number, 1)

    def test_a_damaged_descriptor(self):
        payload = bytearray(DESCRIPTOR_SIZE) + BODY
        described(1, BODY).pack_into(payload, 0)
        payload[20] ^= 1
        with self.assertRaises(ProtocolError):
            self.peer.say(frames.GROUP, payload, 0, DESCRIPTOR_SIZE)

    def test_frames_out_of_turn(self):
        for kind, length in ((frames.HELLO, 86), (frames.READY, 12), (frames.ACK, 24)):
            self.setUp()
            with self.assertRaises(ProtocolError):
                self.peer.say(kind, bytes(length))

    def test_the_peer_is_told(self):
        self.refused(described(2, BODY), BODY)
        told = bytes(self.peer.link.outgoing())
        self.assertEqual(told[0], frames.ERROR)
        self.assertIn("group 2 does not follow group 0", str(told[HEADER_SIZE + frames.ERROR_SIZE :], "utf-8"))

    def test_many_pings_pile_up_nothing(self):
        self.peer.link.poll(0)
        self.peer.drain()
        for token in range(1000):
            payload = bytearray(16)
            frames.pack_beat(payload, 0, token, 7)
            self.peer.say(frames.PING, payload)
        answer = bytes(self.peer.link.outgoing())
        self.assertEqual((answer[0], frames.unpack_beat(answer[HEADER_SIZE:])[0]), (frames.PONG, 999))
        self.peer.link.sent(len(answer))
        self.assertIsNone(self.peer.link.outgoing())


class ToThePrimary(unittest.TestCase):
    def setUp(self):
        self.board, _ = pair(3)
        self.peer = Forger(self.board, TWIN).ready()

    def test_acks_for_what_was_never_sent(self):
        with self.assertRaises(ProtocolError):
            self.peer.ack(4, 0)
        self.assertEqual(self.board.journal.acked.number, 0)

    def test_acks_for_what_is_still_being_sent(self):
        board, _ = pair(2)
        peer = Forger(board, TWIN)
        payload = bytearray(frames.READY_SIZE)
        peer.say(frames.READY, payload)
        self.assertEqual(board.part.sent_number, 0)
        head = peer.link.outgoing()
        peer.link.sent(len(head))
        with self.assertRaises(ProtocolError):
            peer.ack(1, 1)
        self.assertEqual(board.journal.acked.number, 0)

    def test_acks_that_go_back(self):
        for later in ((1, 1, 1), (2, 1, 1), (2, 2, 0)):
            self.setUp()
            self.peer.ack(2, 2, 1)
            with self.assertRaises(ProtocolError):
                self.peer.ack(*later)
            self.assertEqual(self.board.journal.acked.number, 2)

    def test_a_damaged_group_that_was_not_on_its_way(self):
        self.peer.ack(3, 2)
        for number in (0, 2, 4):
            payload = bytearray(frames.ERROR_SIZE)
            frames.pack_error(payload, 0, frames.DAMAGED, number, "")
            with self.assertRaises(ProtocolError):
                self.peer.say(frames.ERROR, payload)
            self.setUp()
            self.peer.ack(3, 2)
        self.assertEqual(self.board.suspects, [])

    def test_groups_towards_the_primary(self):
        with self.assertRaises(ProtocolError):
            self.peer.group(described(4, BODY), BODY)

    def test_frames_out_of_turn(self):
        for kind, length in ((frames.HELLO, 86), (frames.READY, 12)):
            self.setUp()
            with self.assertRaises(ProtocolError):
                self.peer.say(kind, bytes(length))

    def test_before_the_greeting(self):
        for kind, length in ((frames.READY, 12), (frames.ACK, 24), (frames.PING, 16), (frames.GROUP, 64)):
            board, _ = pair()
            forger = Forger(board, None)
            with self.assertRaises(ProtocolError):
                forger.say(kind, bytes(length))

    def test_what_comes_after_the_last_word_is_ignored(self):
        self.peer.say(frames.BYE)
        self.assertTrue(self.peer.link.finished)
        self.peer.feed(bytes(100))
        self.assertIsNone(self.peer.link.outgoing())


if __name__ == "__main__":
    unittest.main()
