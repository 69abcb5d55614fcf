"""UNMAP, WRITE SAME and GET LBA STATUS: trims and zeroes reach the volume as what they are."""

import struct
import unittest

from tests.unit.fakes_scsi import BLOCK, GOOD, MIB, FakeVolume, Host, pattern, sixteen, ten

UNMAP, NDOB, ANCHOR = 0x08, 0x01, 0x10
ZEROES = bytes(BLOCK)


def unmap_list(*ranges):
    body = b"".join([struct.pack(">QI4x", lba, blocks) for lba, blocks in ranges])
    return struct.pack(">HH4x", len(body) + 6, len(body)) + body


def unmap(length):
    return ten(0x42, 0, length)


class UnmapTest(unittest.TestCase):
    def test_each_range_is_one_trim(self):
        host = Host()
        data = unmap_list((8, 16), (100, 0), (4095, 1), (8, 8))
        self.assertEqual(host.do(unmap(len(data)), data), GOOD)
        self.assertEqual(host.task.length, len(data))
        trims = [call for call in host.volume.calls if call[2]]
        self.assertEqual(trims, [("trim", 4096, 8192), ("trim", 4095 * BLOCK, BLOCK), ("trim", 4096, 4096)])

    def test_nothing_to_do(self):
        host = Host()
        self.assertEqual(host.do(unmap(0)), GOOD)
        self.assertEqual(host.do(unmap(8), bytes(8)), GOOD)
        self.assertEqual(host.do(unmap(8), unmap_list()), GOOD)
        self.assertEqual(host.volume.calls, [])

    def test_all_or_nothing_is_checked_first(self):
        host = Host()
        for bad in ((4095, 2), (4097, 0), ((1 << 64) - 1, 1), (1 << 60, 0xFFFFFFFF)):
            data = unmap_list((0, 8), bad)
            self.assertEqual(host.refused(unmap(len(data)), data), "5/21/00")
        self.assertEqual(host.volume.calls, [])

    def test_lists_that_are_none(self):
        host = Host()
        self.assertEqual(host.refused(unmap(7), bytes(7)), "5/1A/00")
        data = unmap_list((0, 8), (8, 8))
        self.assertEqual(host.refused(unmap(24), data), "5/1A/00")
        many = unmap_list(*[(0, 1)] * 257)
        self.assertEqual(host.refused(unmap(len(many)), many), "5/26/00")
        self.assertEqual(host.refused(bytes([0x42, 1]) + unmap(24)[2:]), "5/24/00")  # ANCHOR
        self.assertEqual(host.volume.calls, [])

    def test_as_many_as_there_may_be(self):
        host = Host()
        data = unmap_list(*[(i, 1) for i in range(256)])
        self.assertEqual(host.do(unmap(len(data)), data), GOOD)
        self.assertEqual(len(host.volume.calls), 256)

    def test_a_volume_that_does_not_trim(self):
        host = Host()
        host.volume.trims = False
        self.assertEqual(host.refused(unmap(24)), "5/20/00")


class WriteSameTest(unittest.TestCase):
    FORMS = ((ten, 0x41), (sixteen, 0x93))

    def test_zeroes_are_one_record(self):
        for make, opcode in self.FORMS:
            for flags, kind in ((0, "zero"), (UNMAP, "trim")):
                host = Host()
                self.assertEqual(host.do(make(opcode, 3, 4000, flags), ZEROES, announced=BLOCK), GOOD)
                self.assertEqual(host.volume.calls, [(kind, 3 * BLOCK, 4000 * BLOCK)])

    def test_zeroes_that_are_not_sent(self):
        host = Host()
        self.assertEqual(host.do(sixteen(0x93, 3, 9, NDOB), announced=0), GOOD)
        self.assertEqual(host.do(sixteen(0x93, 3, 9, NDOB | UNMAP)), GOOD)
        self.assertEqual(host.moved, 0)
        self.assertEqual(host.volume.calls, [("zero", 3 * BLOCK, 9 * BLOCK), ("trim", 3 * BLOCK, 9 * BLOCK)])
        self.assertEqual(host.refused(ten(0x41, 3, 9, NDOB), ZEROES), "5/24/00")

    def test_data_are_written_again_and_again(self):
        for make, opcode in self.FORMS:
            for flags in (0, UNMAP):
                host = Host(FakeVolume(4 * MIB))
                self.assertEqual(host.do(make(opcode, 1, 5000, flags), pattern(1)), GOOD)
                self.assertTrue(bytes(host.volume.data[BLOCK : 5001 * BLOCK]) == pattern(1) * 5000)
                self.assertEqual(max([call[2] for call in host.volume.calls]), MIB)
                self.assertEqual(len(host.volume.calls), 3)

    def test_a_short_one(self):
        for blocks in (1, 2, 3, 255, 256):
            host = Host()
            self.assertEqual(host.do(ten(0x41, 7, blocks), pattern(1)), GOOD)
            self.assertEqual(host.volume.calls, [("write", 7 * BLOCK, blocks * BLOCK)])
            self.assertEqual(bytes(host.volume.data[7 * BLOCK : (7 + blocks) * BLOCK]), pattern(1) * blocks)

    def test_what_it_refuses(self):
        host = Host()
        for make, opcode in self.FORMS:
            self.assertEqual(host.refused(make(opcode, 0, 0), ZEROES), "5/24/00")
            self.assertEqual(host.field[1], 7 if make is ten else 10)
            self.assertEqual(host.refused(make(opcode, 4095, 2), ZEROES), "5/21/00")
            self.assertEqual(host.refused(make(opcode, 0, 1, ANCHOR), ZEROES), "5/24/00")
            self.assertEqual(host.refused(make(opcode, 0, 1, ANCHOR | UNMAP), ZEROES), "5/24/00")
            for announced in (256, 1024, 0):
                self.assertEqual(host.refused(make(opcode, 0, 1), bytes(1024), announced=announced), "5/24/00")
        host.volume.trims = False
        self.assertEqual(host.refused(ten(0x41, 0, 1, UNMAP), ZEROES), "5/24/00")
        self.assertEqual(host.field, (True, 1, 3))
        self.assertEqual(host.volume.calls, [])


class LbaStatusTest(unittest.TestCase):
    def _status(self, host, lba, allocation_length):
        data = host.ask(struct.pack(">BBQIBB", 0x9E, 0x12, lba, allocation_length, 0, 0))
        count = (len(data) - 8) // 16
        self.assertEqual(struct.unpack_from(">I", data)[0], 4 + 16 * count)
        return [struct.unpack_from(">QIB", data, 8 + 16 * i) for i in range(count)]

    def test_mapped_and_not(self):
        host = Host()
        host.volume.status = [(4096, True), (8192, False), (2 * MIB - 4096 - 12288, True)]
        expected = [(8, 8, 0), (16, 16, 1), (32, 4064, 0)]
        self.assertEqual(self._status(host, 8, 1000), expected)
        self.assertEqual(self._status(host, 8, 24), expected[:1])
        self.assertEqual(self._status(host, 8, 40), expected[:2])

    def test_what_is_not_known_is_mapped(self):
        host = Host()
        self.assertEqual(self._status(host, 4090, 24), [(4090, 6, 0)])

        def fail(offset, length):
            raise OSError(5)

        host.volume.block_status = fail
        self.assertEqual(self._status(host, 0, 24), [(0, 4096, 0)])

    def test_limits(self):
        host = Host()
        self.assertEqual(host.refused(struct.pack(">BBQIBB", 0x9E, 0x12, 4096, 24, 0, 0)), "5/21/00")
        self.assertEqual(len(host.ask(struct.pack(">BBQIBB", 0x9E, 0x12, 0, 5, 0, 0))), 5)
        host.volume.trims = False
        self.assertEqual(host.refused(struct.pack(">BBQIBB", 0x9E, 0x12, 0, 24, 0, 0)), "5/24/00")
