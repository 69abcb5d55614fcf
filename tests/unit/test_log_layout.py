import unittest

from firmware.errors import Damaged
from firmware.log import layout
from firmware.log.layout import Descriptor, pack_header, pack_record, records, unpack_header

DISK = 1 << 30


def descriptor(number=7, length=528, flags=layout.COPIED):
    return Descriptor(number, 2, 1700000000000, length, 1, 0x12345678, 0x9ABCDEF0, flags)


class TestDescriptor(unittest.TestCase):
    def test_comes_back_as_it_was(self):
        packed = bytearray(layout.DESCRIPTOR_SIZE)
        descriptor().pack_into(packed, 0)
        found = Descriptor.unpack_from(packed, 0)
        self.assertEqual(
            (found.number, found.generation, found.time_ms, found.body_length, found.records),
            (7, 2, 1700000000000, 528, 1),
        )
        self.assertEqual((found.body_crc, found.previous_chain, found.flags), (0x12345678, 0x9ABCDEF0, layout.COPIED))
        self.assertEqual(found.chain, descriptor().chain)

    def test_every_flipped_bit_is_found(self):
        packed = bytearray(layout.DESCRIPTOR_SIZE)
        descriptor().pack_into(packed, 0)
        for bit in range(8 * len(packed)):
            packed[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(Damaged):
                Descriptor.unpack_from(packed, 0)
            packed[bit // 8] ^= 1 << bit % 8

    def test_absurd_lengths(self):
        for length in (0, layout.RECORD_SIZE - 1, layout.MAX_BODY + 1):
            packed = bytearray(layout.DESCRIPTOR_SIZE)
            descriptor(length=length).pack_into(packed, 0)
            with self.assertRaises(Damaged):
                Descriptor.unpack_from(packed, 0)


    def test_unknown_flags(self):
        for bit in range(1, 32):
            packed = bytearray(layout.DESCRIPTOR_SIZE)
            descriptor(flags=1 << bit).pack_into(packed, 0)
            with self.assertRaises(Damaged):
                Descriptor.unpack_from(packed, 0)


class TestHeader(unittest.TestCase):
    def setUp(self):
        self.packed = bytearray(layout.HEADER_SIZE)
        pack_header(self.packed, 0, 99, 4096, 5, descriptor())

    def test_comes_back_as_it_was(self):
        header = unpack_header(self.packed, 99)
        self.assertEqual((header.position, header.first, header.descriptor.number), (4096, 5, 7))

    def test_of_another_log(self):
        with self.assertRaises(Damaged):
            unpack_header(self.packed, 98)

    def test_every_flipped_bit_is_found(self):
        for bit in range(8 * 80):
            self.packed[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(Damaged):
                unpack_header(self.packed, 99)
            self.packed[bit // 8] ^= 1 << bit % 8


class TestRecords(unittest.TestCase):
    def body(self):
        body = bytearray(16 + 1024 + 16)
        pack_record(body, 0, layout.WRITE, 4096, 1024)
        body[16:1040] = b"x" * 1024
        pack_record(body, 1040, layout.TRIM, 8192, 1 << 20)
        return body

    def test_copies(self):
        body = bytearray(16 + 512 + 16)
        pack_record(body, 0, layout.COPY, 512, 512)
        pack_record(body, 528, layout.HOLE, 1024, 4096)
        self.assertEqual(list(records(body, DISK)), [(layout.COPY, 512, 512, 16), (layout.HOLE, 1024, 4096, 544)])
        with self.assertRaises(Damaged):
            list(records(body[:527], DISK))

    def test_come_in_order(self):
        self.assertEqual(
            list(records(self.body(), DISK)),
            [(layout.WRITE, 4096, 1024, 16), (layout.TRIM, 8192, 1 << 20, 1056)],
        )

    def test_every_cut_is_found(self):
        body = self.body()
        for end in range(1, len(body)):
            if end != 1040:  # the end of the first record
                with self.assertRaises(Damaged):
                    list(records(body[:end], DISK))

    def test_beyond_the_disk(self):
        with self.assertRaises(Damaged):
            list(records(self.body(), 8192 + (1 << 20) - 512))

    def test_unknown_kind_flags_and_empty_ranges(self):
        for kind, length in ((0, 512), (7, 512), (255, 512), (layout.ZERO, 0)):
            body = bytearray(16)
            pack_record(body, 0, kind, 0, length)
            with self.assertRaises(Damaged):
                list(records(body, DISK))


class TestMarks(unittest.TestCase):
    def body(self, payload, start=0, length=512):
        body = bytearray(16)
        pack_record(body, 0, layout.MARK, start, length)
        return body + payload

    def test_comes_back(self):
        for name in ("a", "before the upgrade", "x" * 63, "\u00e9" * 31, "\u2603\U0001f600"):
            payload = layout.pack_mark(name)
            self.assertEqual(len(payload), layout.MARK_SIZE)
            self.assertEqual(layout.unpack_mark(payload), name)
            self.assertEqual(list(records(self.body(payload), 512)), [(layout.MARK, 0, 512, 16)])

    def test_names_that_no_mark_has(self):
        for name in ("", "x" * 64, "\u00e9" * 32, "a\nb", "a\x00", "\x7f", "\x9b1m"):
            self.assertFalse(layout.is_mark_name(name), name)

    def test_what_is_no_mark_is_damage(self):
        good = layout.pack_mark("name")
        spoilt = (b"\x00" + good[1:], b"\x40" + b"x" * 64 + bytes(447), good[:-1] + b"x", b"\x03" + good[1:],
                  b"\xff" + b"x" * 511, b"\x02\xc3\x28" + bytes(509), b"\x03\xed\xa0\x80" + bytes(508),
                  b"\x01\n" + bytes(510), good[:-1])  # fmt: skip
        for payload in spoilt:
            with self.assertRaises(Damaged):
                list(records(self.body(payload), DISK))
        for start, length in ((512, 512), (0, 1024)):
            with self.assertRaises(Damaged):
                list(records(self.body(good + bytes(512), start, length), DISK))


class TestSizes(unittest.TestCase):
    def test_groups_take_whole_blocks(self):
        self.assertEqual(layout.group_size(1), 4096)
        self.assertEqual(layout.group_size(4096 - 128), 4096)
        self.assertEqual(layout.group_size(4096 - 127), 8192)
        self.assertTrue(layout.group_size(layout.MAX_BODY) <= layout.MAX_GROUP)
