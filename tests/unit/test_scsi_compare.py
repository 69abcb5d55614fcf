"""VERIFY, WRITE AND VERIFY, COMPARE AND WRITE, ORWRITE and PRE-FETCH."""

import struct
import unittest

from firmware.host.scsi.compare import first_difference
from tests.unit.fakes_scsi import BLOCK, CHECK, GOOD, MIB, FakeVolume, Host, pattern, sixteen, ten, twelve

FORMS = ((ten, 0x2F, 0x2E), (twelve, 0xAF, 0xAE), (sixteen, 0x8F, 0x8E))
FUA = 0x08
ALL_BYTES, ONE_BLOCK = 2, 6  # BYTCHK in byte 1


def compare_and_write(lba, blocks, flags=0):
    return struct.pack(">BBQ3xBBB", 0x89, flags, lba, blocks, 0, 0)


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 0x58]) + data[at + 1 :]


class VerifyTest(unittest.TestCase):
    def test_without_data_the_medium_is_read(self):
        for make, verify, _ in FORMS:
            host = Host()
            self.assertEqual(host.do(make(verify, 3, 5)), GOOD)
            self.assertEqual((host.moved, host.volume.calls), (0, [("read", 3 * BLOCK, 5 * BLOCK)]))

    def test_all_of_a_long_range_is_read(self):
        host = Host(FakeVolume(4 * MIB))
        self.assertEqual(host.do(ten(0x2F, 1, 8190)), GOOD)
        self.assertEqual(sum([call[2] for call in host.volume.calls]), 8190 * BLOCK)
        self.assertTrue(max([call[2] for call in host.volume.calls]) <= MIB)

    def test_comparison(self):
        for make, verify, _ in FORMS:
            host = Host()
            there = bytes(host.volume.data[2 * BLOCK : 7 * BLOCK])
            self.assertEqual(host.do(make(verify, 2, 5, ALL_BYTES), there), GOOD)
            self.assertEqual(host.task.length, 5 * BLOCK)
            for at in (0, 1, 511, 512, 2559):
                self.assertEqual(host.refused(make(verify, 2, 5, ALL_BYTES), changed(there, at)), "E/1D/00")
                self.assertEqual(host.information, at)
        self.assertEqual(host.volume.changes(), [])

    def test_comparison_of_more_than_a_window(self):
        host = Host(FakeVolume(4 * MIB))
        there = bytes(host.volume.data[: MIB + 4096])
        self.assertEqual(host.do(ten(0x2F, 0, 2056, ALL_BYTES), there), GOOD)
        for at in (200_000, MIB - 1, MIB, MIB + 4095):
            self.assertEqual(host.refused(ten(0x2F, 0, 2056, ALL_BYTES), changed(there, at)), "E/1D/00")
            self.assertEqual(host.information, at)

    def test_one_block_for_all(self):
        for make, verify, _ in FORMS:
            host = Host(FakeVolume(4 * MIB))
            host.volume.data[: 3 * MIB] = pattern(1) * (3 * MIB // BLOCK)
            self.assertEqual(host.do(make(verify, 0, 6000, ONE_BLOCK), pattern(1)), GOOD)
            self.assertEqual((host.task.length, host.moved), (BLOCK, BLOCK))
            for at in (0, 700, MIB, 5999 * BLOCK + 511):
                host.volume.data[at] ^= 1
                self.assertEqual(host.refused(make(verify, 0, 6000, ONE_BLOCK), pattern(1)), "E/1D/00")
                self.assertEqual(host.information, at)
                host.volume.data[at] ^= 1

    def test_what_it_refuses(self):
        host = Host()
        for make, verify, _ in FORMS:
            self.assertEqual(host.refused(make(verify, 0, 1, 4)), "5/24/00")
            self.assertEqual(host.refused(make(verify, 4096, 1)), "5/21/00")
            self.assertEqual(host.refused(make(verify, 0, 1, 0x20)), "5/24/00")
        host.volume.size = 1 << 40
        self.assertEqual(host.refused(twelve(0xAF, 0, 65537)), "5/24/00")

    def test_slow_reads(self):
        host = Host()
        host.volume.slow_reads = True
        there = bytes(host.volume.data[: 4 * BLOCK])
        host.begin(ten(0x2F, 0, 4, ALL_BYTES), changed(there, 1000))
        self.assertIsNone(host.task.status)
        host.volume.finish_read()
        self.assertEqual((host.task.status, host.sense, host.information), (CHECK, "E/1D/00", 1000))

    def test_first_difference(self):
        one = bytearray(10_000)
        for at in (0, 1, 4095, 4096, 9999):
            other = bytearray(one)
            other[at] = 1
            self.assertEqual(first_difference(memoryview(one), memoryview(other)), at)
        self.assertEqual(first_difference(memoryview(one), memoryview(bytearray(one))), -1)
        self.assertEqual(first_difference(memoryview(one)[:0], memoryview(one)[:0]), -1)


class WriteAndVerifyTest(unittest.TestCase):
    def test_it_writes_flushes_and_reads(self):
        for make, _, opcode in FORMS:
            for flags in (0, ALL_BYTES):
                host = Host()
                self.assertEqual(host.do(make(opcode, 2, 3, flags), pattern(3)), GOOD)
                self.assertEqual(host.volume.calls[:2], [("write", 2 * BLOCK, 3 * BLOCK), ("flush",)])
                self.assertEqual(host.volume.calls[2], ("read", 2 * BLOCK, 3 * BLOCK))

    def test_a_medium_that_lies(self):
        host = Host()
        host.volume.write = lambda offset, view: True
        meant = changed(bytes(host.volume.data[:1024]), 600)
        self.assertEqual(host.refused(ten(0x2E, 0, 2, ALL_BYTES), meant), "E/1D/00")
        self.assertEqual(host.information, 600)
        self.assertEqual(host.do(ten(0x2E, 0, 2), pattern(2)), GOOD)

    def test_more_than_a_window(self):
        host = Host(FakeVolume(4 * MIB))
        self.assertEqual(host.do(twelve(0xAE, 0, 2049, ALL_BYTES), pattern(2049)), GOOD)
        self.assertTrue(bytes(host.volume.data[: 2049 * BLOCK]) == pattern(2049))

    def test_what_it_refuses(self):
        host = Host()
        for make, _, opcode in FORMS:
            self.assertEqual(host.refused(make(opcode, 0, 1, ONE_BLOCK), pattern(1)), "5/24/00")
            self.assertEqual(host.refused(make(opcode, 4095, 2), pattern(2)), "5/21/00")


class CompareAndWriteTest(unittest.TestCase):
    def test_equal(self):
        for flags in (0, FUA):
            host = Host()
            there = bytes(host.volume.data[5 * BLOCK : 8 * BLOCK])
            self.assertEqual(host.do(compare_and_write(5, 3, flags), there + pattern(3)), GOOD)
            self.assertEqual(host.task.length, 6 * BLOCK)
            self.assertEqual(bytes(host.volume.data[5 * BLOCK : 8 * BLOCK]), pattern(3))
            flushes = [("flush",)] if flags else []
            self.assertEqual(host.volume.changes(), [("write", 5 * BLOCK, 3 * BLOCK)] + flushes)

    def test_not_equal(self):
        host = Host()
        there = bytes(host.volume.data[: 3 * BLOCK])
        for at in (0, 511, 1535):
            self.assertEqual(host.refused(compare_and_write(0, 3), changed(there, at) + pattern(3)), "E/1D/00")
            self.assertEqual(host.information, at)
        self.assertEqual(host.volume.changes(), [])

    def test_as_much_as_it_can(self):
        host = Host()
        there = bytes(host.volume.data[: 255 * BLOCK])
        self.assertEqual(host.do(compare_and_write(0, 255), there + pattern(255)), GOOD)
        self.assertEqual(host.volume.changes(), [("write", 0, 255 * BLOCK)])

    def test_a_host_that_means_something_else(self):
        host = Host()
        self.assertEqual(host.refused(compare_and_write(0, 1), bytes(2048), announced=2048), "5/24/00")
        self.assertEqual(host.moved, 0)
        there = bytes(host.volume.data[:512])
        self.assertEqual(host.do(compare_and_write(0, 1), there + pattern(1), announced=1024), GOOD)

    def test_no_blocks_and_too_far(self):
        host = Host()
        self.assertEqual(host.do(compare_and_write(0, 0), announced=0), GOOD)
        self.assertEqual(host.refused(compare_and_write(4095, 2), bytes(2048)), "5/21/00")
        self.assertEqual(host.volume.calls, [])


class OrWriteTest(unittest.TestCase):
    def test_bits_are_added(self):
        host = Host(FakeVolume(4 * MIB))
        size = 2049 * BLOCK
        before, ours = int.from_bytes(host.volume.data[:size], "little"), int.from_bytes(pattern(2049), "little")
        self.assertEqual(host.do(sixteen(0x8B, 0, 2049), pattern(2049)), GOOD)
        self.assertTrue(bytes(host.volume.data[:size]) == (before | ours).to_bytes(size, "little"))
        self.assertEqual(host.volume.changes(), [("write", 0, MIB), ("write", MIB, BLOCK)])


class PrefetchTest(unittest.TestCase):
    def test_prefetch(self):
        host = Host()
        for cdb in (ten(0x34, 0, 8), ten(0x34, 0, 0, 2), sixteen(0x90, 4095, 1), sixteen(0x90, 0, 0xFFF)):
            self.assertEqual(host.do(cdb), GOOD)
        self.assertEqual(host.refused(ten(0x34, 4095, 2)), "5/21/00")
        self.assertEqual(host.refused(sixteen(0x90, 4096, 1)), "5/21/00")
