"""Mode pages, and REPORT SUPPORTED OPERATION CODES."""

import struct
import unittest

from firmware.host.scsi.commands import COMMANDS
from tests.unit.fakes_scsi import CHECK, GOOD, Host, pattern, ten

CACHING = b"\x08\x12\x04" + bytes(17)
CONTROL = b"\x0a\x0a\x02\0\0\0\0\0\xff\xff\0\0"
EXCEPTIONS = b"\x1c\x0a" + bytes(10)
DESCRIPTOR = struct.pack(">II", 4096, 512)
NO_CACHE = b"\x08\x12\0" + bytes(17)
PROTECTED = b"\x0a\x0a\x02\0\x08\0\0\0\xff\xff\0\0"


class ModeSenseTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()

    def test_all_pages(self):
        pages = CACHING + CONTROL + EXCEPTIONS
        self.assertEqual(self.host.ask("1a 00 3f 00 ff 00"), b"\x37\0\x10\x08" + DESCRIPTOR + pages)
        self.assertEqual(self.host.ask("1a 08 3f 00 ff 00"), b"\x2f\0\x10\0" + pages)
        self.assertEqual(self.host.ask("1a 08 3f ff ff 00"), b"\x2f\0\x10\0" + pages)
        header = b"\0\x3a\0\x10\0\0\0\x08"
        self.assertEqual(self.host.ask("5a 00 3f 00 00 00 00 00 ff 00"), header + DESCRIPTOR + pages)
        header = b"\0\x42\0\x10\x01\0\0\x10"
        long = struct.pack(">Q4xI", 4096, 512)
        self.assertEqual(self.host.ask("5a 10 3f 00 00 00 00 00 ff 00"), header + long + pages)

    def test_one_page(self):
        self.assertEqual(self.host.ask("1a 08 08 00 ff 00")[4:], CACHING)
        self.assertEqual(self.host.ask("1a 08 0a 00 ff 00")[4:], CONTROL)
        self.assertEqual(self.host.ask("1a 08 1c ff ff 00")[4:], EXCEPTIONS)
        self.assertEqual(self.host.ask("1a 08 08 00 06 00"), b"\x17\0\x10\0\x08\x12")

    def test_changeable_and_default(self):
        self.host.unit.write_cache, self.host.unit.write_protect = False, True
        self.assertEqual(self.host.ask("1a 08 08 00 ff 00")[4:], NO_CACHE)
        self.assertEqual(self.host.ask("1a 08 0a 00 ff 00")[4:], PROTECTED)
        self.assertEqual(self.host.ask("1a 08 48 00 ff 00")[4:], CACHING)
        self.assertEqual(self.host.ask("1a 08 4a 00 ff 00")[4:], b"\x0a\x0a\0\0\x08" + bytes(7))
        self.assertEqual(self.host.ask("1a 08 88 00 ff 00")[4:], CACHING)
        self.assertEqual(self.host.ask("1a 08 8a 00 ff 00")[4:], CONTROL)

    def test_what_is_not_there(self):
        self.assertEqual(self.host.refused("1a 00 ff 00 ff 00"), "5/39/00")
        self.assertEqual(self.host.refused("1a 00 02 00 ff 00"), "5/24/00")
        self.assertEqual(self.host.refused("1a 00 08 01 ff 00"), "5/24/00")
        self.assertEqual(self.host.refused("1a 00 3f 01 ff 00"), "5/24/00")

    def test_protection_shows_in_the_header(self):
        self.assertEqual(Host(writable=False).ask("1a 00 08 00 ff 00")[2], 0x90)
        self.host.unit.write_protect = True
        self.assertEqual(self.host.ask("5a 00 08 00 00 00 00 00 ff 00")[3], 0x90)

    def test_without_a_medium(self):
        self.assertEqual(self.host.ask("1a 00 3f 00 ff 00", lun=1)[4:12], struct.pack(">II", 0, 512))


class ModeSelectTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()

    def _select(self, data, flags=0x10, announced=None):
        return self.host.do(bytes([0x15, flags, 0, 0, len(data), 0]), data, announced=announced)

    def _refused(self, data):
        self.assertEqual(self._select(data), CHECK)
        unit = self.host.unit
        self.assertEqual((unit.write_cache, unit.write_protect), (True, False))
        return self.host.sense

    def test_the_write_cache(self):
        self.assertEqual(self._select(bytes(4) + NO_CACHE), GOOD)
        self.assertEqual(self.host.volume.calls, [("flush",)])
        self.assertFalse(self.host.unit.write_cache)
        self.assertEqual(self._select(bytes(4) + CACHING), GOOD)
        self.assertTrue(self.host.unit.write_cache)
        self.assertEqual(self.host.volume.calls, [("flush",)])

    def test_a_cache_that_cannot_be_written(self):
        self.host.volume.failure = "failed"
        self.assertEqual(self._refused(bytes(4) + NO_CACHE), "4/44/00")

    def test_write_protection(self):
        self.assertEqual(self._select(bytes(4) + PROTECTED), GOOD)
        self.assertEqual(self.host.refused(ten(0x2A, 0, 1), pattern(1)), "7/27/02")
        self.assertEqual(self._select(bytes(4) + CONTROL), GOOD)
        self.assertEqual(self.host.do(ten(0x2A, 0, 1), pattern(1)), GOOD)

    def test_ten_bytes_descriptors_and_several_pages(self):
        for descriptor, is_long in ((b"", 0), (DESCRIPTOR, 0), (struct.pack(">Q4xI", 0, 512), 1)):
            data = struct.pack(">4xBxH", is_long, len(descriptor)) + descriptor + NO_CACHE + PROTECTED
            self.assertEqual(self.host.do(b"\x55\x10" + bytes(5) + bytes([0, len(data), 0]), data), GOOD)
            self.assertEqual((self.host.unit.write_cache, self.host.unit.write_protect), (False, True))
            self.host.unit.write_cache, self.host.unit.write_protect = True, False

    def test_what_was_sensed_can_be_selected(self):
        data = bytearray(self.host.ask("1a 00 3f 00 ff 00"))
        data[0] = data[2] = 0
        self.assertEqual(self._select(bytes(data)), GOOD)

    def test_nothing(self):
        self.assertEqual(self._select(b""), GOOD)
        self.assertEqual(self._select(bytes(4)), GOOD)

    def test_what_cannot_be_changed(self):
        for at, bit in [(at, 0x80) for at in range(2, 20)] + [(at, 0x04) for at in range(3, 20)]:
            page = bytearray(CACHING)
            page[at] ^= bit
            self.assertEqual(self._refused(bytes(4) + bytes(page)), "5/26/00")
            self.assertEqual(self.host.field, (False, 4 + at, None))
        self.assertEqual(self._refused(bytes(4) + NO_CACHE + b"\x0a\x0a" + bytes(10)), "5/26/00")

    def test_lists_that_are_none(self):
        for length in (1, 2, 3):
            self.assertEqual(self._refused(bytes(length)), "5/1A/00")
        self.assertEqual(self._refused(bytes(4) + CACHING[:-1]), "5/1A/00")
        self.assertEqual(self._refused(bytes(4) + b"\x08"), "5/1A/00")
        self.assertEqual(self._refused(b"\0\0\0\x08" + bytes(7)), "5/1A/00")
        self.assertEqual(self._refused(bytes(4) + b"\x08\x0a" + bytes(10)), "5/26/00")
        self.assertEqual(self._refused(bytes(4) + b"\x02\x0e" + bytes(14)), "5/26/00")
        self.assertEqual(self._refused(b"\0\0\0\x07" + bytes(7) + CACHING), "5/26/00")
        self.assertEqual(self._refused(b"\0\0\0\x08" + struct.pack(">II", 4096, 4096)), "5/26/00")
        self.assertEqual(self._refused(b"\0\0\0\x08" + struct.pack(">II", 9, 512)), "5/26/00")

    def test_pages_are_not_saved(self):
        self.assertEqual(self._select(bytes(4) + NO_CACHE, 0x11), CHECK)
        self.assertEqual((self.host.sense, self.host.field), ("5/24/00", (True, 1, 0)))
        self.assertTrue(self.host.unit.write_cache)

    def test_a_host_that_resets_does_not_get_its_cache_back_unasked(self):
        self._select(bytes(4) + NO_CACHE + PROTECTED)
        self.host.unit.reset()
        self.assertEqual((self.host.unit.write_cache, self.host.unit.write_protect), (False, True))
        self.host.unit.attached()
        self.assertEqual((self.host.unit.write_cache, self.host.unit.write_protect), (False, False))


def report(option, opcode=0, action=0, length=8192):
    return struct.pack(">BBBBHIBB", 0xA3, 0x0C, option, opcode, action, length, 0, 0)


class OpcodesTest(unittest.TestCase):
    def _all(self, host, size=8):
        data = host.ask(report(0x80 if size == 20 else 0))
        self.assertEqual(struct.unpack_from(">I", data)[0], len(data) - 4)
        return [struct.unpack_from(">BxHxBH", data, at) for at in range(4, len(data), size)]

    def test_all_that_are_reported_exist(self):
        host = Host()
        found = self._all(host)
        expected = sum([len(entry) if type(entry) is dict else 1 for entry in COMMANDS.values()])
        self.assertEqual(len(found), expected)
        for opcode, action, flags, length in found:
            data = host.ask(report(2 if flags & 1 else 1, opcode, action))
            self.assertEqual(struct.unpack_from(">BH", data, 1), (3, length))
            self.assertEqual(data[4], opcode)
            self.assertEqual(len(data), 4 + length)
            self.assertEqual(host.ask(report(3, opcode, action)), data)
            self.assertEqual(host.refused(report(1 if flags & 1 else 2, opcode, action)), "5/24/00")

    def test_the_length_of_each_cdb(self):
        lengths = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}
        for opcode, _, _, length in self._all(Host()):
            self.assertEqual(length, lengths[opcode >> 5])

    def test_timeouts(self):
        host = Host()
        for each in self._all(host, 20):
            self.assertEqual(each[2] & 2, 2)
        data = host.ask(report(0x81, 0x28))
        self.assertEqual(data[1:4], b"\x83\0\x0a")
        self.assertEqual(data[14:], b"\0\x0a" + bytes(10))

    def test_what_is_not_there(self):
        host = Host()
        for cdb in (report(1, 0x04), report(2, 0x9E, 0x11), report(3, 0x28, 5), report(3, 0x9E, 0x11), report(2, 0x7F)):
            self.assertEqual(host.ask(cdb), b"\0\x01\0\0")
        self.assertEqual(host.refused(report(4)), "5/24/00")

    def test_a_volume_that_does_not_trim(self):
        host = Host()
        before = len(self._all(host))
        host.volume.trims = False
        self.assertEqual(host.ask(report(1, 0x42)), b"\0\x01\0\0")
        self.assertEqual(len(self._all(host)), before - 2)

    def test_allocation_length(self):
        host = Host()
        self.assertEqual(len(host.ask(report(0, length=10))), 10)
        self.assertEqual(host.do(report(0, length=0)), GOOD)

    def test_every_bit_beside_the_usage_is_refused(self):
        host = Host()
        for opcode, entry in COMMANDS.items():
            for command in entry.values() if type(entry) is dict else (entry,):
                for at in range(1, len(command.usage)):
                    for bit in range(8):
                        if not command.usage[at] >> bit & 1 and not (type(entry) is dict and at == 1):
                            cdb = bytearray(len(command.usage))
                            cdb[0] = opcode
                            if type(entry) is dict:
                                cdb[1] = command.usage[1]
                            cdb[at] |= 1 << bit
                            self.assertEqual(host.refused(bytes(cdb)), "5/24/00")
                            self.assertEqual(host.field, (True, at, bit))
