"""The bytes of the chronicle's file against the tables of its FORMAT.md."""

import unittest

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.status.chronicle import layout
from firmware.status.chronicle.layout import EVENTS, MINUTES, SECONDS, Event, Page, Sample

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
FORMAT = HERE + "/../../firmware/status/chronicle/FORMAT.md"


def rows(heading):
    """[[cell]] of the table below that heading."""
    found, where = [], ""
    with open(FORMAT) as text:
        for line in text:
            if line.startswith("#"):
                where = line.strip("# \n")
            elif line.startswith("|") and where == heading and line[2].isdigit():
                found.append([cell.strip() for cell in line.split("|")[1:-1]])
    return found


def page(count=2):
    its = Page(MINUTES, 0x0102030405060708 & 0xFFFFFFFFFF, count, bytes(range(32)) * count)
    its.sequence, its.segment, its.sure, its.base_ms = 0x1112131415, 0x21222324, True, -0x31323334
    its.card_bytes, its.host_bytes = 0x4142434445464748, 0x5152535455565758
    return its


class Tables(unittest.TestCase):
    def check(self, heading, raw, end, wanted):
        """The rows follow one another without a gap up to `end`, and hold `wanted` in `raw`."""
        at, seen = 0, []
        for offset, size, name, _ in rows(heading):
            self.assertEqual(int(offset), at, heading)
            if size == "n":
                continue
            at += int(size)
            value = int.from_bytes(bytes(raw[int(offset) : at]), "little")
            self.assertEqual(value, 0 if name == "zero" else wanted.get(name), heading + " " + name)
            seen.append(name)
        self.assertEqual(at, end, heading)
        for name in wanted:
            self.assertIn(name, seen)

    def test_head(self):
        raw = layout.pack_head()
        wanted = {"magic": int.from_bytes(b"SOSIECHR", "little"), "version": 1, "page": 4096}
        wanted.update(seconds=40, minutes=100, events=114, crc=crc32(bytes(raw[:28])))
        self.check("Head", raw, 4096, wanted)

    def test_page(self):
        raw = page().pack()
        wanted = {
            "magic": int.from_bytes(b"SOSC", "little"),
            "version": 1,
            "kind": 2,
            "flags": 1,
            "sequence": 0x1112131415,
            "first": 0x0405060708,
            "count": 2,
            "segment": 0x21222324,
            "base_ms": (1 << 64) - 0x31323334,
            "card_bytes": 0x4142434445464748,
            "host_bytes": 0x5152535455565758,
            "records": int.from_bytes(bytes(range(32)) * 2 + bytes(3964), "little"),
            "crc": crc32(bytes(raw[:4092])),
        }
        self.check("Page", raw, 4096, wanted)

    def test_sample(self):
        raw = bytearray(32)
        Sample(1, 2 << 40, 3, 4, 5, 60, 7, True).pack_into(raw, 0)
        wanted = {"time_s": 1, "segment": 7, "backlog": 2 << 40, "lag_ms": 3, "write_rate": 4, "sent_rate": 5}
        wanted.update(seconds=60, flags=1)
        self.check("Sample", raw, 32, wanted)
        Sample(1, None, None, 4, 5).pack_into(raw, 0)
        self.assertEqual(bytes(raw[8:20]), b"\xff" * 12)

    def test_event(self):
        raw = Event(-2, "left is fenced", 3, 4, True, 5).pack()
        wanted = {"id": 5, "ms": (1 << 64) - 2, "segment": 4, "more": 3, "length": 14, "flags": 1}
        self.check("Event", raw, 28, wanted)
        self.assertEqual(raw[28:], b"left is fenced")

    def test_where_the_rings_are(self):
        where = [(int(row[0]), row[1]) for row in rows("The chronicle's file, byte by byte")]
        rings = [(layout.FIRST_SLOT[kind], layout.SLOTS[kind]) for kind in (SECONDS, MINUTES, EVENTS)]
        self.assertEqual([number for number, _ in where], [0] + [first for first, _ in rings] + [255])
        for (first, count), (_, words) in zip(rings, where[1:]):
            self.assertIn(": %d pages" % count, words)
        for (first, count), (following, _) in zip(rings, where[2:]):
            self.assertEqual(first + count, following)
        self.assertEqual(layout.HEADS, (0, 255))
        self.assertEqual(layout.FILE_SIZE, 1 << 20)


class Reading(unittest.TestCase):
    def test_a_page_comes_back_as_it_was(self):
        its = layout.unpack_page(page(125).pack())
        self.assertEqual((its.kind, its.first, its.end), (MINUTES, 0x0405060708, 0x0405060785))
        self.assertEqual(its.sequence, 0x1112131415)
        self.assertEqual((its.segment, its.sure, its.base_ms), (0x21222324, True, -0x31323334))
        self.assertEqual(bytes(its.records), bytes(range(32)) * 125)
        self.assertEqual(its.pack(), page(125).pack())

    def test_every_byte_of_a_page_counts(self):
        good = page().pack()
        for at in range(0, 4096, 7):
            raw = bytearray(good)
            raw[at] ^= 0x10
            with self.assertRaises(Damaged):
                layout.unpack_page(raw)

    def test_impossible_pages(self):
        for change in (
            {"kind": 4}, {"kind": 0}, {"count": 0}, {"count": 126}, {"first": 1 << 48}, {"sequence": 1 << 48},
            {"kind": EVENTS, "count": 144},
        ):  # fmt: skip
            its = page()
            its.records = b""
            for name in change:
                setattr(its, name, change[name])
            with self.assertRaises(Damaged):
                layout.unpack_page(its.pack())

    def test_a_head_of_another_firmware(self):
        for at in (8, 12, 16, 20, 24):
            raw = layout.pack_head()
            raw[at] += 1
            with self.assertRaises(Damaged):
                layout.check_head(raw)
            layout.seal(raw, 28)
            with self.assertRaises(Refused):
                layout.check_head(raw)
        layout.check_head(layout.pack_head())

    def test_what_is_too_large_for_a_sample(self):
        raw = bytearray(32)
        Sample(1, 1 << 70, 1 << 40, 1 << 33, -5, 1 << 20).pack_into(raw, 0)
        its = Sample.unpack_from(raw, 0)
        self.assertEqual((its.backlog, its.lag_ms), ((1 << 64) - 2, (1 << 32) - 2))
        self.assertEqual((its.write_rate, its.sent_rate, its.seconds), ((1 << 32) - 1, 0, 65535))
        Sample(1, None, None, 0, 0).pack_into(raw, 0)
        its = Sample.unpack_from(raw, 0)
        self.assertEqual((its.backlog, its.lag_ms), (None, None))

    def test_events(self):
        told = [Event(n * 1000, "é" * n, n % 3, 1, n % 2 == 0, n) for n in range(1, 41)]
        its = Page(EVENTS, 1, 40, b"".join([each.pack() for each in told]))
        again = layout.unpack_events(layout.unpack_page(its.pack()))
        self.assertEqual([each.pack() for each in again], [each.pack() for each in told])

    def test_impossible_events(self):
        good = Event(1, "left", 0, 0, True, 7).pack()
        long = good[:24] + b"\xff\xff" + good[26:]
        later = good[:7] + b"\x01" + good[8:]
        no_text = good[:28] + b"\xff\xfe\xfd\xfc"
        for records, count in ((good, 2), (long, 1), (later, 1), (no_text, 1), (good * 125, 126)):
            found = layout.unpack_page(Page(EVENTS, 7, count, records).pack())
            with self.assertRaises(Damaged):
                layout.unpack_events(found)


if __name__ == "__main__":
    unittest.main()
