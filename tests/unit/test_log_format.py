"""The journal's bytes against the tables of FORMAT.md."""

import unittest

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.log import layout, superblock
from firmware.log.arena import Arena
from firmware.log.group import Group
from firmware.log.layout import Descriptor, Point, pack_header, pack_record
from firmware.log.ledger import Ledger, private_words
from firmware.log.superblock import Superblock
from firmware.pair import identity
from firmware.pair.identity import PRIMARY, Identity

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
FORMAT = HERE + "/../../firmware/log/FORMAT.md"


def cells():
    """Yields (heading, cells) of every row of a table."""
    heading = ""
    with open(FORMAT) as text:
        for line in text:
            if line.startswith("#"):
                heading = line.strip("# \n")
            elif line.startswith("|"):
                yield heading, [cell.strip() for cell in line.split("|")[1:-1]]


def rows(heading):
    """[(offset, size or 0 for n, field)] of the byte table below that heading."""
    found = []
    for where, row in cells():
        if where == heading and len(row) == 4 and row[0].isdigit() and not row[2].startswith("sectors *"):
            if row[1].isdigit() or row[1] == "n":
                found.append((int(row[0]), 0 if row[1] == "n" else int(row[1]), row[2]))
    return found


def descriptor():
    return Descriptor(0x0102030405060708, 0x11121314, 0x2122232425262728, 528, 0x31323334, 0x41424344, 0x51525354, 1)


def _bytes(words, at, count):
    return b"".join(words[i].to_bytes(4, "little") for i in range(at, at + count))


def label():
    return Identity(
        bytes(range(16)), bytes(range(16, 32)), "left", PRIMARY, 0x1122334455667788, 0x21222324,
        0x3132333435363738, 0x41424344, True, 0x5152535455565758, 0x6162636465666768,
    )  # fmt: skip


class Tables(unittest.TestCase):
    def check(self, heading, raw, end, wanted):
        """The rows follow one another without a gap up to `end`, and hold `wanted` in `raw`."""
        at, names = 0, []
        for offset, size, name in rows(heading):
            self.assertEqual(offset, at, heading)
            at = 508 if heading == "Superblock" and not size else at + size
            value = int.from_bytes(bytes(raw[offset : offset + size]), "little")
            if size:
                self.assertEqual(value, 0 if name == "zero" else wanted.get(name), heading + " " + name)
                names.append(name)
        self.assertEqual(at, end, heading)
        for name in wanted:
            self.assertIn(name, names)

    def test_descriptor(self):
        raw = bytearray(layout.DESCRIPTOR_SIZE)
        descriptor().pack_into(raw, 0)
        wanted = {
            "number": 0x0102030405060708,
            "generation": 0x11121314,
            "flags": layout.COPIED,
            "time_ms": 0x2122232425262728,
            "body_length": 528,
            "records": 0x31323334,
            "body_crc": 0x41424344,
            "previous_chain": 0x51525354,
            "chain": crc32(bytes(raw[:40])),
        }
        self.check("Descriptor", raw, layout.DESCRIPTOR_SIZE, wanted)

    def test_header(self):
        raw = bytearray(b"\xff" * layout.HEADER_SIZE)
        pack_header(raw, 0, 0x6162636465666768, 0x7172737475767778, 0x0102030405060700, descriptor())
        packed = bytearray(layout.DESCRIPTOR_SIZE)
        descriptor().pack_into(packed, 0)
        wanted = {
            "magic": int.from_bytes(b"SOSG", "little"),
            "version": 1,
            "log_id": 0x6162636465666768,
            "position": 0x7172737475767778,
            "first": 0x0102030405060700,
            "descriptor": int.from_bytes(bytes(packed), "little"),
            "crc": crc32(bytes(raw[:76])),
        }
        self.check("Header", raw, layout.HEADER_SIZE, wanted)

    def test_record(self):
        raw = bytearray(layout.RECORD_SIZE)
        pack_record(raw, 0, layout.HOLE, 0x0102030405060708 * 512, 0x11121314 * 512)
        wanted = {"kind": 5, "flags": 0, "sectors": 0x11121314, "sector": 0x0102030405060708}
        self.check("Record", raw, layout.RECORD_SIZE, wanted)

    def test_record_kinds(self):
        written = {row[1]: int(row[0]) for heading, row in cells() if heading == "Record" and row[1].isalpha()
                   and row[0].isdigit()}
        self.assertEqual(
            written, {name: getattr(layout, name) for name in ("WRITE", "ZERO", "TRIM", "COPY", "HOLE", "MARK")}
        )

    def test_mark(self):
        raw = layout.pack_mark("N" * 62)
        wanted = {"length": 62, "name": int.from_bytes(b"N" * 62, "little")}
        self.check("Mark", raw, layout.MARK_SIZE, wanted)
        self.assertEqual(rows("Mark")[1][1], layout.MAX_MARK)

    def test_ledger_and_entry(self):
        words = private_words(64 << 10)
        ledger = Ledger(words, 64 << 10)
        ledger.begin(0x0102030405060708, 0x11121314)
        ledger.expect(0x11121314, 0x21222324)
        ledger.fail()
        wanted = {
            "magic": int.from_bytes(b"SOSL", "little"),
            "version": 1,
            "log_id": 0x0102030405060708,
            "slots": 16,
            "failed": 1,
            "life": 0x11121314,
            "next_life": 0x21222324,
        }
        self.check("Ledger", _bytes(words, 0, 8), 32, wanted)
        group = Group(Arena(bytearray(64 << 10)), 3 * 4096, 8192)
        group.number = 0x100000005
        ledger.open(group, 7)
        group.add(layout.WRITE, 0, 512, bytes(512))
        wanted = {"number": 5, "block": 3, "used": 528, "generation": 7}
        self.check("Entry", _bytes(words, 8 + 5 * 4, 4), 16, wanted)

    def test_superblock_and_point(self):
        block = Superblock(0x0102030405060708, 0x1112131415161718, b"label")
        block.sequence, block.group_limit, block.life = 0x2122232425262728, 0x31323334, 0x41424344
        block.played, block.acked, block.durable = Point(1, 2, 3), Point(4, 5, 6), Point(7, 8, 9)
        raw = block.pack()
        wanted = {
            "magic": int.from_bytes(b"SOSIELOG", "little"),
            "version": 1,
            "flags": 1,
            "group_limit": 0x31323334,
            "label_length": 5,
            "sequence": 0x2122232425262728,
            "log_id": 0x0102030405060708,
            "ring_offset": superblock.RING_OFFSET,
            "ring_size": 0x1112131415161718,
            "life": 0x41424344,
            "played": 1 + (2 << 64) + (3 << 128),
            "acked": 4 + (5 << 64) + (6 << 128),
            "durable": 7 + (8 << 64) + (9 << 128),
            "crc": crc32(bytes(raw[:508])),
        }
        self.check("Superblock", raw, layout.SECTOR, wanted)
        self.check("Point", raw[56:], 24, {"number": 1, "position": 2, "chain": 3})
        self.assertEqual(bytes(raw[128:133]), b"label")
        self.assertEqual(superblock.SLOTS, (0, 64 << 10))

    def test_label(self):
        raw = label().pack()
        wanted = {
            "size": 76,
            "primary": 1,
            "fenced": 1,
            "name_length": 4,
            "generation": 0x21222324,
            "fork_number": 0x3132333435363738,
            "fork_chain": 0x41424344,
            "disk_size": 0x1122334455667788,
            "pair_id": int.from_bytes(bytes(range(16)), "little"),
            "board_id": int.from_bytes(bytes(range(16, 32)), "little"),
            "copied": 0x5152535455565758,
            "whole": 0x6162636465666768,
        }
        self.check("Label", raw, 76, wanted)
        self.assertEqual(raw[76:], b"left")
        self.assertTrue(76 + identity.MAX_NAME <= superblock.MAX_LABEL)


class Labels(unittest.TestCase):
    def test_comes_back_as_it_was(self):
        self.assertEqual(identity.unpack(label().pack()).pack(), label().pack())

    def test_cut_short(self):
        packed = label().pack()
        for length in range(len(packed)):
            with self.assertRaises(Damaged):
                identity.unpack(packed[:length])

    def test_of_a_later_firmware(self):
        packed = bytearray(label().pack())
        packed[0] += 8
        with self.assertRaises(Refused):
            identity.unpack(bytes(packed[:76]) + bytes(8) + bytes(packed[76:]))


if __name__ == "__main__":
    unittest.main()
