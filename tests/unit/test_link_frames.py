"""The frames' bytes: against the tables of PROTOCOL.md, against every flipped bit, and at their limits."""

import struct
import unittest

from firmware.checksum import crc32
from firmware.errors import ProtocolError
from firmware.link import frames
from firmware.link.frames import HEADER_SIZE, FrameHeader, Hello
from firmware.link.link import ALLOWED
from firmware.log.layout import DESCRIPTOR_SIZE
from firmware.pair.identity import TWIN, Identity

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
PROTOCOL = HERE + "/../../firmware/link/PROTOCOL.md"


def tables():
    """{heading: [(offset, size or 0 for n, field)]} of PROTOCOL.md."""
    found, heading = {}, ""
    with open(PROTOCOL) as text:
        for line in text:
            if line.startswith("#"):
                heading = line.strip("# \n")
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) == 4 and cells[0][:1] in "0123456789" and cells[0]:
                size = 0 if cells[1] == "n" else int(cells[1])
                found.setdefault(heading, []).append((int(cells[0]), size, cells[2]))
    return found


def value(raw, row):
    offset, size, _ = row
    return int.from_bytes(bytes(raw[offset : offset + size]), "little")


def hello():
    who = Identity(bytes(range(16)), bytes(range(16, 32)), "right", TWIN, 0x1122334455667788)
    who.generation, who.fork_number, who.fork_chain, who.fenced = 0x21222324, 0x3132333435363738, 0x41424344, True
    return Hello(who, 0x5152535455565758, 0x61626364, 3, 0x71727374, 0x81828384)


def frame(kind, payload, sequence=0, codec=0):
    buffer = bytearray(HEADER_SIZE) + payload
    frames.pack_header(buffer, kind, codec, len(payload), sequence, len(payload))
    return buffer


class Tables(unittest.TestCase):
    def rows(self, heading, end=None):
        """The rows of a table, which must follow one another without a gap, up to `end`."""
        rows = tables()[heading]
        at = 0
        for offset, size, _ in rows:
            self.assertEqual(offset, at, heading)
            at += size
        if end is not None:
            self.assertEqual(at, end, heading)
        return {name: (offset, size, name) for offset, size, name in rows}

    def check(self, heading, raw, end, wanted):
        rows = self.rows(heading, end)
        for name in wanted:
            self.assertEqual(value(raw, rows[name]), wanted[name], heading + " " + name)

    def test_preamble(self):
        raw = bytearray(frames.PREAMBLE_SIZE)
        frames.pack_preamble(raw)
        magic = int.from_bytes(b"SosieLnk", "little")
        self.check("Preamble", raw, frames.PREAMBLE_SIZE, {"magic": magic, "version": 1, "zero": 0})

    def test_frame(self):
        payload = b"payload of which 10 bytes are fixed"
        raw = bytearray(HEADER_SIZE) + payload
        frames.pack_header(raw, frames.GROUP, 2, 0x01020304, 0x05060708, 10)
        wanted = {"type": 3, "flags": 0, "codec": 2, "zero": 0, "length": 0x01020304, "sequence": 0x05060708}
        wanted["fixed_crc"], wanted["header_crc"] = crc32(payload[:10]), crc32(bytes(raw[:16]))
        self.check("Frame", raw, HEADER_SIZE, wanted)

    def test_hello(self):
        raw = bytearray(200)
        self.assertEqual(hello().pack_into(raw, 0), frames.HELLO_SIZE + 5)
        wanted = {
            "pair_id": int.from_bytes(bytes(range(16)), "little"),
            "board_id": int.from_bytes(bytes(range(16, 32)), "little"),
            "generation": 0x21222324,
            "fork_number": 0x3132333435363738,
            "fork_chain": 0x41424344,
            "disk_size": 0x1122334455667788,
            "number": 0x5152535455565758,
            "chain": 0x61626364,
            "capabilities": 0x81828384,
            "window_bytes": 0x71727374,
            "role": 2,
            "fenced": 1,
            "codecs": 3,
            "name_length": 5,
        }
        self.check("HELLO (type 1)", raw, frames.HELLO_SIZE, wanted)
        self.assertEqual(bytes(raw[80:85]), b"right")

    def test_ready(self):
        raw = bytearray(frames.READY_SIZE)
        frames.pack_ready(raw, 0, 0x0102030405060708, 0x11121314)
        self.check("READY (type 2)", raw, frames.READY_SIZE, {"number": 0x0102030405060708, "chain": 0x11121314})

    def test_ack(self):
        raw = bytearray(frames.ACK_SIZE)
        frames.pack_ack(raw, 0, 0x0302030405060708, 0x0202030405060708, 0x0102030405060708)
        wanted = {"received": 0x0302030405060708, "durable": 0x0202030405060708, "played": 0x0102030405060708}
        self.check("ACK (type 4)", raw, frames.ACK_SIZE, wanted)

    def test_ping_and_pong(self):
        raw = bytearray(frames.BEAT_SIZE)
        frames.pack_beat(raw, 0, 0x0102030405060708, 0x1112131415161718)
        for heading in ("PING (type 5)", "PONG (type 6)"):
            self.check(heading, raw, frames.BEAT_SIZE, {"token": 0x0102030405060708, "written": 0x1112131415161718})

    def test_error(self):
        raw = bytearray(100)
        self.assertEqual(frames.pack_error(raw, 0, 0x0102, 0x1112131415161718, "no"), frames.ERROR_SIZE + 2)
        wanted = {"code": 0x0102, "zero": 0, "number": 0x1112131415161718}
        self.check("ERROR (type 7)", raw, frames.ERROR_SIZE, wanted)
        self.assertEqual(bytes(raw[12:14]), b"no")

    def test_status(self):
        self.assertEqual(tables()["STATUS (type 9)"], [(0, 0, "report")])

    def test_group(self):
        self.rows("GROUP (type 3)", DESCRIPTOR_SIZE)

    def test_types_and_codes(self):
        with open(PROTOCOL) as text:
            written = text.read()
        for name in ("HELLO", "READY", "GROUP", "ACK", "PING", "PONG", "ERROR", "BYE", "STATUS"):
            self.assertIn("### %s (type %d)\n" % (name, getattr(frames, name)), written)
        for name in ("REFUSED", "PROTOCOL", "DAMAGED", "UNREADABLE", "BUSY"):
            self.assertIn("| %d    | %s " % (getattr(frames, name), name), written)

    def test_states(self):
        names = {1: "GREETING", 2: "AGREEING", 3: "SENDING", 4: "RECEIVING"}
        kinds = {getattr(frames, name): name for name in "HELLO READY GROUP ACK PING PONG ERROR BYE STATUS".split()}
        with open(PROTOCOL) as text:
            rows = [[cell.strip() for cell in line.split("|")] for line in text if line.startswith("| ")]
        written = {row[1]: row[3].replace("preamble, then ", "") for row in rows if len(row) == 5}
        for state in ALLOWED:
            self.assertEqual(", ".join(kinds[kind] for kind in ALLOWED[state]), written[names[state]])


class Headers(unittest.TestCase):
    def refused(self, raw, sequence=0):
        with self.assertRaises(ProtocolError):
            FrameHeader(memoryview(raw)[:HEADER_SIZE], sequence)

    def sealed(self, kind, flags, codec, zero, length, sequence):
        raw = struct.pack("<BBBBIII", kind, flags, codec, zero, length, sequence, 0)
        return raw + struct.pack("<I", crc32(raw))

    def test_every_flipped_bit_is_found(self):
        raw = frame(frames.ACK, bytes(24))
        FrameHeader(memoryview(raw)[:HEADER_SIZE], 0)
        for bit in range(8 * HEADER_SIZE):
            raw[bit // 8] ^= 1 << bit % 8
            self.refused(raw)
            raw[bit // 8] ^= 1 << bit % 8

    def test_every_flipped_bit_of_a_payload_is_found(self):
        raw = frame(frames.ACK, bytes(24))
        header = FrameHeader(memoryview(raw)[:HEADER_SIZE], 0)
        header.check(memoryview(raw)[HEADER_SIZE:])
        for bit in range(8 * HEADER_SIZE, 8 * len(raw)):
            raw[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(ProtocolError):
                header.check(memoryview(raw)[HEADER_SIZE:])
            raw[bit // 8] ^= 1 << bit % 8

    def test_unknown_types_flags_and_codecs(self):
        self.refused(self.sealed(0, 0, 0, 0, 0, 0))
        for kind in range(10, 256):
            self.refused(self.sealed(kind, 0, 0, 0, 16, 0))
        self.refused(self.sealed(frames.PING, 1, 0, 0, 16, 0))
        self.refused(self.sealed(frames.PING, 0, 1, 0, 16, 0))
        self.refused(self.sealed(frames.PING, 0, 0, 1, 16, 0))
        FrameHeader(memoryview(self.sealed(frames.PING, 0, 0, 0, 16, 0)), 0)

    def test_lengths_that_a_type_cannot_have(self):
        for kind in frames.LENGTHS:
            shortest, longest = frames.LENGTHS[kind]
            FrameHeader(memoryview(self.sealed(kind, 0, 0, 0, shortest, 0)), 0)
            FrameHeader(memoryview(self.sealed(kind, 0, 0, 0, longest, 0)), 0)
            self.refused(self.sealed(kind, 0, 0, 0, longest + 1, 0))
            if shortest:
                self.refused(self.sealed(kind, 0, 0, 0, shortest - 1, 0))

    def test_a_frame_lost_or_repeated(self):
        raw = frame(frames.PING, bytes(16), 7)
        FrameHeader(memoryview(raw)[:HEADER_SIZE], 7)
        self.refused(raw, 6)
        self.refused(raw, 8)


class Payloads(unittest.TestCase):
    def test_hello_comes_back(self):
        raw = bytearray(200)
        length = hello().pack_into(raw, 0)
        found = Hello.unpack(memoryview(raw)[:length])
        self.assertEqual((found.number, found.chain), (0x5152535455565758, 0x61626364))
        self.assertEqual((found.codecs, found.window_bytes, found.capabilities), (3, 0x71727374, 0x81828384))
        who = found.identity
        self.assertEqual((who.name, who.role, who.fenced, who.disk_size), ("right", TWIN, True, 0x1122334455667788))

    def test_impossible_hellos(self):
        raw = bytearray(200)
        length = hello().pack_into(raw, 0)
        for at, byte in ((76, 0), (76, 3), (77, 2), (79, 4), (79, 6), (80, 0xFF)):
            broken = bytearray(raw[:length])
            broken[at] = byte
            with self.assertRaises(ProtocolError):
                Hello.unpack(memoryview(broken))

    def test_acks_that_contradict_themselves(self):
        for numbers in ((1, 2, 0), (2, 1, 2), (0, 0, 1)):
            raw = bytearray(frames.ACK_SIZE)
            frames.pack_ack(raw, 0, *numbers)
            with self.assertRaises(ProtocolError):
                frames.unpack_ack(raw)

    def test_a_sentence_cannot_steer_a_terminal(self):
        raw = bytearray(100)
        length = frames.pack_error(raw, 0, 1, 5, "a\x1b[2Jb\nc\x7f")
        self.assertEqual(frames.unpack_error(memoryview(raw)[:length]), (1, 5, "a?[2Jb?c?"))

    def test_a_long_sentence_is_cut(self):
        raw = bytearray(frames.MAX_FIXED)
        for letter in ("x", "\u00e9", "\U0001f642"):
            length = frames.pack_error(raw, 0, 1, 0, letter * 2000)
            self.assertTrue(frames.ERROR_SIZE + 900 < length <= frames.ERROR_SIZE + frames.MAX_SENTENCE)
            sentence = frames.unpack_error(memoryview(raw)[:length])[2]
            self.assertEqual(sentence, letter * len(sentence))


if __name__ == "__main__":
    unittest.main()
