"""Reads and writes in all their forms: ranges, limits, FUA, write cache, write protection, flushes."""

import struct
import unittest

from tests.unit.fakes_scsi import BLOCK, CHECK, GOOD, MIB, FakeVolume, Host, pattern, sixteen, ten, twelve

FUA, DPO = 0x08, 0x10
BLOCKS = 4096  # of the fake volume
FORMS = ((ten, 0x28, 0x2A), (twelve, 0xA8, 0xAA), (sixteen, 0x88, 0x8A))
ATOMIC = ">BBQHHBB"


def six(opcode, lba, blocks):
    return struct.pack(">BBHBB", opcode, lba >> 16, lba & 0xFFFF, blocks, 0)


class FormsTest(unittest.TestCase):
    def test_all_forms_read_what_all_forms_write(self):
        for make, _, write in FORMS:
            host = Host()
            self.assertEqual(host.do(make(write, 7, 3), pattern(3)), GOOD)
            for other, read, _ in FORMS:
                self.assertEqual(host.ask(other(read, 7, 3)), pattern(3))
            self.assertEqual(host.ask(six(0x08, 7, 3)), pattern(3))

    def test_six_bytes(self):
        host = Host(FakeVolume(64 * MIB))
        self.assertEqual(host.do(six(0x0A, 0x12345, 0), pattern(256)), GOOD)
        self.assertEqual(host.volume.changes(), [("write", 0x12345 * BLOCK, 256 * BLOCK)])
        self.assertEqual(host.ask(six(0x08, 0x12345, 0)), pattern(256))
        self.assertEqual(host.refused(six(0x08, 0x1FFFFF, 1)), "5/21/00")

    def test_the_end(self):
        host = Host()
        for make, read, write in FORMS:
            self.assertEqual(len(host.ask(make(read, BLOCKS - 1, 1))), BLOCK)
            self.assertEqual(host.do(make(write, BLOCKS - 2, 2), pattern(2)), GOOD)
            for lba, blocks in ((BLOCKS - 1, 2), (BLOCKS, 1), (BLOCKS + 1, 0), (0xFFFFFFFF, 1), (0x80000000, 0)):
                self.assertEqual(host.refused(make(read, lba, blocks)), "5/21/00")
                self.assertEqual(host.refused(make(write, lba, blocks), bytes(1024)), "5/21/00")

    def test_addresses_near_two_to_the_sixty_four(self):
        host = Host()
        for lba in ((1 << 64) - 1, (1 << 64) - 8, 1 << 63, 1 << 55, 1 << 54):
            for opcode in (0x88, 0x8A, 0x8F, 0x8E, 0x90, 0x91, 0x93, 0x8B):
                for blocks in (1, 8, 0xFFFFFFFF):
                    self.assertEqual(host.refused(sixteen(opcode, lba, blocks), bytes(4096)), "5/21/00")
            self.assertEqual(host.refused(struct.pack(">BBQ3xBBB", 0x89, 0, lba, 1, 0, 0)), "5/21/00")
            self.assertEqual(host.refused(struct.pack(ATOMIC, 0x9C, 0, lba, 0, 1, 0, 0)), "5/21/00")
            self.assertEqual(host.refused(struct.pack(">BBQIBB", 0x9E, 0x12, lba, 24, 0, 0)), "5/21/00")
        self.assertEqual(host.volume.calls, [])

    def test_too_much_at_once(self):
        host = Host()
        host.volume.size = 1 << 40
        for make, read, write in FORMS[1:]:
            for opcode in (read, write):
                self.assertEqual(host.refused(make(opcode, 0, 65537)), "5/24/00")
                self.assertEqual(host.field[1], 10 if make is sixteen else 6)
        host.task.begin(0, twelve(0xAA, 0, 65536))
        self.assertEqual(host.task.length, 32 * MIB)
        host.task.abort()

    def test_protection_information_is_refused(self):
        host = Host()
        for make, read, write in FORMS:
            for protect in range(1, 8):
                self.assertEqual(host.refused(make(read, 0, 1, protect << 5)), "5/24/00")
                self.assertEqual(host.refused(make(write, 0, 1, protect << 5), pattern(1)), "5/24/00")


class DurabilityTest(unittest.TestCase):
    def test_fua(self):
        for make, read, write in FORMS:
            for flags, flushes in ((0, 0), (DPO, 0), (FUA, 1), (FUA | DPO, 1)):
                host = Host()
                self.assertEqual(host.do(make(write, 0, 1, flags), pattern(1)), GOOD)
                self.assertEqual(host.volume.calls, [("write", 0, BLOCK)] + [("flush",)] * flushes)
                self.assertEqual(host.ask(make(read, 0, 1, flags)), pattern(1))

    def test_a_through_write_is_not_good_before_it_is_durable(self):
        host = Host()
        host.volume.slow_flushes = True
        host.begin(ten(0x2A, 0, 1, FUA), pattern(1))
        self.assertIsNone(host.task.status)
        host.volume.finish_flush()
        self.assertEqual(host.task.status, GOOD)

    def test_without_write_cache_every_change_is_flushed(self):
        unmap = b"\0\x16\0\x10" + bytes(4) + struct.pack(">QI4x", 1, 1)
        for cdb, data in (
            (ten(0x2A, 0, 1), pattern(1)),
            (sixteen(0x8A, 0, 1), pattern(1)),
            (six(0x0A, 0, 1), pattern(1)),
            (ten(0x41, 0, 1), pattern(1)),
            (ten(0x42, 0, 24), unmap),
            (sixteen(0x8B, 0, 1), pattern(1)),
            (struct.pack(ATOMIC, 0x9C, 0, 0, 0, 1, 0, 0), pattern(1)),
        ):
            host = Host()
            self.assertEqual(host.do(cdb, data), GOOD)
            self.assertEqual(len(host.volume.changes()), 1)
            host.unit.write_cache = False
            self.assertEqual(host.do(cdb, data), GOOD)
            self.assertEqual(host.volume.changes()[2:], [("flush",)])

    def test_synchronize_cache(self):
        for cdb in (ten(0x35, 0, 0), ten(0x35, 5, 9, 4), sixteen(0x91, 0, 0), sixteen(0x91, BLOCKS, 0)):
            host = Host()
            self.assertEqual(host.do(cdb), GOOD)
            self.assertEqual(host.volume.calls, [("flush",)])
        self.assertEqual(Host().refused(ten(0x35, BLOCKS, 1)), "5/21/00")

    def test_immediately(self):
        for cdb in (ten(0x35, 0, 0, 2), sixteen(0x91, 0, 0, 2)):
            host = Host()
            host.volume.slow_flushes = True
            self.assertEqual(host.do(cdb), GOOD)
            host.volume.finish_flush()
            self.assertEqual(host.resumptions, 0)


class AtomicTest(unittest.TestCase):
    def test_write_atomic(self):
        host = Host()
        self.assertEqual(host.do(struct.pack(ATOMIC, 0x9C, 0, 3, 0, 2048, 0, 0), bytes(MIB)), GOOD)
        self.assertEqual(host.volume.calls, [("write", 3 * BLOCK, MIB)])
        self.assertEqual(host.do(struct.pack(ATOMIC, 0x9C, FUA, 3, 0, 1, 0, 0), pattern(1)), GOOD)
        self.assertEqual(host.volume.calls[1:], [("write", 3 * BLOCK, BLOCK), ("flush",)])

    def test_what_it_refuses(self):
        host = Host()
        self.assertEqual(host.refused(struct.pack(ATOMIC, 0x9C, 0, 0, 0, 2049, 0, 0)), "5/24/00")
        self.assertEqual(host.field, (True, 12, None))
        self.assertEqual(host.refused(struct.pack(ATOMIC, 0x9C, 0, 0, 8, 16, 0, 0)), "5/24/00")  # a boundary
        self.assertEqual(host.refused(struct.pack(ATOMIC, 0x9C, 0, BLOCKS, 0, 1, 0, 0)), "5/21/00")


class ProtectedTest(unittest.TestCase):
    WRITES = (
        ten(0x2A, 0, 1), twelve(0xAA, 0, 1), sixteen(0x8A, 0, 1), six(0x0A, 0, 1), ten(0x41, 0, 1), ten(0x42, 0, 24),
        ten(0x2E, 0, 1), sixteen(0x89, 0, 1), sixteen(0x8B, 0, 1), sixteen(0x93, 0, 1),
        struct.pack(ATOMIC, 0x9C, 0, 0, 0, 1, 0, 0),
    )  # fmt: skip

    def test_a_medium_that_may_only_be_read(self):
        host = Host(writable=False)
        for cdb in self.WRITES:
            self.assertEqual(host.refused(cdb, bytes(1024)), "7/27/00")
        self.assertEqual(host.do(ten(0x28, 0, 1)), GOOD)
        self.assertEqual(host.do(ten(0x35, 0, 0)), GOOD)

    def test_a_host_that_protects_itself(self):
        host = Host()
        host.unit.write_protect = True
        for cdb in self.WRITES:
            self.assertEqual(host.refused(cdb, bytes(1024)), "7/27/02")
        self.assertEqual(host.do(ten(0x28, 0, 1)), GOOD)
        self.assertEqual(host.volume.changes(), [])
        host.unit.attached()
        self.assertEqual(host.do("00 00 00 00 00 00"), CHECK)
        self.assertEqual(host.do(ten(0x2A, 0, 1), pattern(1)), GOOD)
