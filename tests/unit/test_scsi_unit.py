"""Logical units: identity, unit attention conditions, media that come and go, what REQUEST SENSE tells."""

import struct
import unittest

from firmware.host.scsi.sense import OUT_OF_RANGE, CheckCondition, invalid_field, invalid_parameter
from tests.unit.fakes_scsi import CHECK, GOOD, MIB, FakeVolume, Host, pattern, ten

READY = "00 00 00 00 00 00"
INQUIRY = "12 00 00 00 ff 00"
SENSE = "03 00 00 00 ff 00"
CAPACITY = "25 00 00 00 00 00 00 00 00 00"
LUNS = "a0 00 00 00 00 00 00 00 01 00 00 00"
EJECT, LOAD, STOP, START = ("1b 00 00 00 %02x 00" % each for each in (2, 3, 0, 1))
PREVENT, ALLOW = "1e 00 00 00 01 00", "1e 00 00 00 00 00"


def sense_code(data):
    return "%X/%02X/%02X" % (data[2], data[12], data[13])


class InquiryTest(unittest.TestCase):
    def test_standard(self):
        data = Host().ask(INQUIRY)
        self.assertEqual(len(data), 96)
        self.assertEqual(data[:8], b"\0\0\x06\x02\x5b\0\0\0")
        self.assertEqual(data[8:36], b"SOSIE   Disk            1   ")
        self.assertEqual(struct.unpack(">HHHH", data[58:66]), (0x00A0, 0x0460, 0x04C0, 0x1730))
        self.assertEqual(Host(removable=True).ask(INQUIRY)[1], 0x80)

    def test_allocation_length(self):
        host = Host()
        whole = host.ask(INQUIRY)
        for length in (0, 1, 5, 36, 95, 96, 97):
            self.assertEqual(host.ask(bytes([0x12, 0, 0, 0, length, 0])), whole[:length])
        self.assertEqual(host.ask("12 00 00 ff ff 00"), whole)

    def test_a_page_without_evpd(self):
        host = Host()
        self.assertEqual(host.refused("12 00 80 00 ff 00"), "5/24/00")
        self.assertEqual(host.field, (True, 2, None))

    def test_pages(self):
        host = Host()
        pages = host.ask("12 01 00 00 ff 00")
        self.assertEqual(pages, b"\0\0\0\x06\0\x80\x83\xb0\xb1\xb2")
        for page in pages[4:]:
            data = host.ask(bytes([0x12, 1, page, 0, 255, 0]))
            self.assertEqual((data[0], data[1]), (0, page))
            self.assertEqual(len(data), 4 + struct.unpack_from(">H", data, 2)[0])
        self.assertEqual(host.refused("12 01 c0 00 ff 00"), "5/24/00")

    def test_serial_number_and_names(self):
        host = Host()
        self.assertEqual(host.ask("12 01 80 00 ff 00")[4:], b"serial-1")
        data = host.ask("12 01 83 00 ff 00")
        self.assertEqual(data[4:8], b"\x02\x01\0\x20")
        self.assertEqual(data[8:40], b"SOSIE   Disk            serial-1")
        self.assertEqual(data[40:44], b"\x01\x03\0\x08")
        self.assertEqual(data[44] >> 4, 3)
        self.assertTrue(data[44:52] != Host().ask("12 01 83 00 ff 00", lun=1)[-8:])

    def test_block_limits(self):
        data = Host().ask("12 01 b0 00 ff 00")
        fields = struct.unpack(">BBHIIIIIIIQIIIII", data[4:])
        self.assertEqual(fields[:6], (1, 255, 8, 65536, 2048, 65536))
        self.assertEqual(fields[6:10], (0xFFFFFFFF, 256, 8, 0x80000000))
        self.assertEqual(fields[10:], (0xFFFFFFFF, 2048, 1, 1, 0, 0))

    def test_a_volume_that_does_not_trim(self):
        host = Host()
        self.assertEqual(host.ask("12 01 b2 00 ff 00")[4:], b"\0\xe4\x02\0")
        host.volume.trims = False
        self.assertEqual(host.ask("12 01 b2 00 ff 00")[4:], bytes(4))
        self.assertEqual(host.ask("12 01 b0 00 ff 00")[20:36], bytes(16))

    def test_it_does_not_rotate(self):
        self.assertEqual(Host().ask("12 01 b1 00 ff 00")[4:8], b"\0\x01\0\0")


class NoUnitTest(unittest.TestCase):
    def test_commands_for_nobody(self):
        host = Host()
        for cdb in (READY, CAPACITY, ten(0x28, 0, 1), "ff 00 00 00 00 00", "1a 00 3f 00 ff 00"):
            self.assertEqual(host.refused(cdb, lun=2), "5/25/00")

    def test_what_works_nevertheless(self):
        host = Host()
        self.assertEqual(host.ask(INQUIRY, lun=2)[0], 0x7F)
        self.assertEqual(host.ask("12 01 00 00 ff 00", lun=2), b"\x7f\0\0\x01\0")
        self.assertEqual(host.refused("12 01 80 00 ff 00", lun=2), "5/24/00")
        self.assertEqual(sense_code(host.ask(SENSE, lun=3)), "5/25/00")
        self.assertEqual(len(host.ask(LUNS, lun=7)), 24)

    def test_report_luns(self):
        host = Host()
        self.assertEqual(host.ask(LUNS), struct.pack(">I4xBB6xBB6x", 16, 0, 0, 0, 1))
        self.assertEqual(host.ask("a0 00 01 00 00 00 00 00 01 00 00 00"), bytes(8))
        self.assertEqual(len(host.ask("a0 00 02 00 00 00 00 00 00 10 00 00")), 16)
        self.assertEqual(host.refused("a0 00 03 00 00 00 00 00 01 00 00 00"), "5/24/00")
        self.assertEqual(host.refused("a0 00 00 00 00 00 00 00 00 0f 00 00"), "5/24/00")
        self.assertEqual(host.field, (True, 6, None))


class AttentionTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.host.unit.attached()

    def test_it_is_told_once(self):
        self.assertEqual(self.host.refused(READY), "6/29/00")
        self.assertEqual(self.host.do(READY), GOOD)

    def test_before_reads_and_writes(self):
        for cdb in (ten(0x28, 0, 1), ten(0x2A, 0, 1), "ff 00 00 00 00 00"):
            self.host.unit.attached()
            self.assertEqual(self.host.refused(cdb), "6/29/00")
        self.assertEqual(self.host.volume.calls, [])

    def test_some_commands_leave_it_alone(self):
        for cdb in (INQUIRY, "12 01 80 00 ff 00", LUNS):
            self.assertEqual(self.host.do(cdb), GOOD)
        self.assertEqual(self.host.refused(READY), "6/29/00")

    def test_request_sense_takes_it(self):
        self.assertEqual(sense_code(self.host.ask(SENSE)), "6/29/00")
        self.assertEqual(self.host.do(READY), GOOD)
        self.assertEqual(sense_code(self.host.ask(SENSE)), "0/00/00")

    def test_a_reset_says_more_than_a_medium_that_changed(self):
        self.host.do(READY)
        self.host.unit.change_medium(self.host.volume)
        self.host.unit.reset()
        self.assertEqual(self.host.refused(READY), "6/29/00")
        self.assertEqual(self.host.do(READY), GOOD)

    def test_reset_before_medium_changed(self):
        self.host.volume.refusal = "a twin"
        self.host.refused(READY)
        self.host.unit.reset()
        self.host.volume.refusal = ""
        self.assertEqual([self.host.refused(READY) for _ in range(2)], ["6/29/00", "6/28/00"])
        self.assertEqual(self.host.do(READY), GOOD)


class SenseTest(unittest.TestCase):
    def test_it_is_kept_for_request_sense(self):
        host = Host()
        self.assertEqual(host.refused(ten(0x28, 4096, 1)), "5/21/00")
        self.assertEqual(host.ask(SENSE), host.task.sense)
        self.assertEqual(sense_code(host.ask(SENSE)), "0/00/00")

    def test_the_next_command_ends_that(self):
        for cdb in (READY, ten(0x28, 0, 1), INQUIRY):
            host = Host()
            host.refused(ten(0x28, 4096, 1))
            self.assertEqual(host.do(cdb), GOOD)
            self.assertEqual(sense_code(host.ask(SENSE)), "0/00/00")

    def test_it_belongs_to_its_unit(self):
        host = Host()
        host.refused(ten(0x28, 4096, 1))
        self.assertEqual(sense_code(host.ask(SENSE, lun=1)), "0/00/00")

    def test_of_a_write_that_failed_after_its_data(self):
        host = Host()
        host.volume.failure = "failed"
        self.assertEqual(host.refused(ten(0x2A, 0, 1), pattern(1)), "3/0C/00")
        self.assertEqual(sense_code(host.ask(SENSE)), "3/0C/00")

    def test_a_transport_that_delivers_it(self):
        host = Host(autosense=True)
        host.refused(ten(0x28, 4096, 1))
        self.assertEqual(sense_code(host.ask(SENSE)), "0/00/00")

    def test_descriptor_format(self):
        host = Host()
        host.refused("12 00 80 00 ff 00")
        data = host.ask("03 01 00 00 ff 00")
        self.assertEqual(data, b"\x72\x05\x24\0\0\0\0\x08" + b"\x02\x06\0\0\xc0\0\x02\0")
        self.assertEqual(host.ask("03 01 00 00 ff 00"), b"\x72" + bytes(7))

    def test_allocation_length(self):
        host = Host()
        self.assertEqual(len(host.ask("03 00 00 00 12 00")), 18)
        self.assertEqual(host.ask("03 00 00 00 04 00"), b"\x70\0\0\0")

    def test_bytes(self):
        self.assertEqual(CheckCondition(OUT_OF_RANGE).fixed(), b"\x70\0\x05\0\0\0\0\x0a\0\0\0\0\x21\0\0\0\0\0")
        self.assertEqual(CheckCondition(OUT_OF_RANGE, 7).fixed()[:7], b"\xf0\0\x05\0\0\0\x07")
        self.assertEqual(CheckCondition(OUT_OF_RANGE, 1 << 32).fixed()[:7], b"\x70\0\x05\0\0\0\0")
        self.assertEqual(CheckCondition(OUT_OF_RANGE, 1 << 32).descriptors()[8:], b"\0\x0a\x80\0\0\0\0\1\0\0\0\0")
        self.assertEqual(invalid_field(2, 5).fixed()[12:], b"\x24\0\0\xcd\0\x02")
        self.assertEqual(invalid_parameter(300).fixed()[12:], b"\x26\0\0\x80\x01\x2c")


class MediumTest(unittest.TestCase):
    def test_a_twin_that_is_promoted(self):
        volume = FakeVolume()
        volume.refusal = "a twin"
        host = Host(volume)
        host.unit.attached()
        self.assertEqual(host.refused(READY), "6/29/00")
        for cdb in (READY, CAPACITY, ten(0x28, 0, 1), ten(0x2A, 0, 1), ten(0x35, 0, 0), ten(0x42, 0, 8)):
            self.assertEqual(host.refused(cdb), "2/3A/00")
        self.assertFalse(host.unit.seen)
        self.assertTrue(host.unit.missed)
        volume.refusal = ""
        self.assertEqual(host.refused(READY), "6/28/00")
        self.assertEqual(host.do(READY), GOOD)
        self.assertFalse(host.unit.seen)
        for _ in range(16):
            self.assertFalse(host.unit.seen)
            host.ask(ten(0x28, 0, 1))
        self.assertTrue(host.unit.seen)

    def test_one_that_is_fenced(self):
        host = Host()
        host.ask(ten(0x28, 0, 1))
        host.volume.refusal = "fenced"
        self.assertEqual(host.refused(ten(0x28, 0, 1)), "2/3A/00")
        self.assertFalse(host.unit.seen)

    def test_becoming_ready(self):
        host = Host()
        host.volume.refusal, host.unit.becoming_ready = "starting", lambda: True
        self.assertEqual(host.refused(READY), "2/04/01")
        self.assertFalse(host.unit.missed)
        self.assertEqual(host.refused(READY, lun=1), "2/3A/00")

    def test_seen(self):
        for cdb in (ten(0x2A, 0, 1), "8a 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00"):
            host = Host()
            for asked in (INQUIRY, READY, CAPACITY, ten(0x28, 0, 1)):
                host.do(asked)
            self.assertFalse(host.unit.seen)
            host.do(cdb, pattern(1))
            self.assertTrue(host.unit.seen)

    def test_what_a_host_has_set_can_be_handed_over(self):
        for number in range(16):
            unit = Host().unit
            self.assertEqual(unit.settings, 0)
            unit.settings = number
            self.assertEqual(unit.settings, number)
            self.assertEqual((unit.write_cache, unit.write_protect), (not number & 1, bool(number & 2)))
            self.assertEqual(unit.calm, not number & 4)

    def test_what_a_host_sets_is_remembered_before_it_is_told(self):
        host, told = Host(), []
        host.unit.remember = lambda number: told.append((number, host.task.status))
        sense = host.ask("1a 08 08 00 18 00")  # the caching page as it is, without block descriptors
        select = bytes(4) + sense[4:6] + bytes([sense[6] & ~4]) + sense[7:]  # and without WCE
        self.assertEqual(host.do(bytes([0x15, 0x10, 0, 0, len(select), 0]), select), GOOD)
        self.assertEqual(told[-1], (1, None))

    def test_a_view_comes_and_goes(self):
        host = Host()
        self.assertEqual(host.refused(READY, lun=1), "2/3A/00")
        self.assertEqual(host.ask(INQUIRY, lun=1)[:2], b"\0\x80")
        host.empty.change_medium(FakeVolume(MIB))
        self.assertEqual(host.refused(READY, lun=1), "6/28/00")
        self.assertEqual(host.ask(CAPACITY, lun=1), struct.pack(">II", 2047, 512))
        self.assertEqual(host.refused(ten(0x2A, 0, 1), pattern(1), lun=1), "7/27/00")
        self.assertEqual(len(host.ask(ten(0x28, 2047, 1), lun=1)), 512)
        host.empty.change_medium(None)
        self.assertEqual(host.refused(READY, lun=1), "2/3A/00")

    def test_eject_flushes_and_lets_go(self):
        host = Host()
        host.ask(ten(0x28, 0, 1))
        host.volume.slow_flushes = True
        host.begin(EJECT)
        self.assertFalse(host.unit.ejected)
        host.volume.finish_flush()
        self.assertEqual(host.task.status, GOOD)
        self.assertTrue(host.unit.ejected)
        self.assertFalse(host.unit.seen)
        self.assertEqual(host.refused(READY), "2/3A/00")
        self.assertEqual(host.refused(ten(0x28, 0, 1)), "2/3A/00")

    def test_an_eject_that_cannot_be_durable(self):
        host = Host()
        host.volume.failure = "failed"
        self.assertEqual(host.refused(EJECT), "4/44/00")
        self.assertFalse(host.unit.ejected)

    def test_load(self):
        host = Host()
        host.do(EJECT)
        self.assertEqual(host.do(LOAD), GOOD)
        self.assertEqual(host.do(READY), GOOD)
        host.do(EJECT)
        host.unit.attached()
        self.assertEqual(host.refused(READY), "6/29/00")
        self.assertEqual(host.do(READY), GOOD)

    def test_prevent(self):
        host = Host()
        self.assertEqual(host.do(PREVENT), GOOD)
        self.assertEqual(host.refused(EJECT), "5/53/02")
        self.assertEqual(host.refused(LOAD), "5/53/02")
        self.assertEqual(host.do(READY), GOOD)
        self.assertEqual(host.do(ALLOW), GOOD)
        self.assertEqual(host.do(EJECT), GOOD)
        for end in (host.unit.reset, host.unit.attached):
            host.unit.prevented = True
            end()
            self.assertFalse(host.unit.prevented)

    def test_stop_flushes(self):
        host = Host()
        self.assertEqual(host.do(STOP), GOOD)
        self.assertEqual(host.volume.calls, [("flush",)])
        self.assertEqual(host.do(START), GOOD)
        self.assertEqual(host.do("1b 00 00 00 04 00"), GOOD)  # NO_FLUSH
        self.assertEqual(host.do("1b 00 00 00 32 00"), GOOD)  # a power condition
        self.assertEqual(host.volume.calls, [("flush",)])
        self.assertEqual(host.do(READY), GOOD)


class CapacityTest(unittest.TestCase):
    def test_ten(self):
        host = Host()
        self.assertEqual(host.ask(CAPACITY), struct.pack(">II", 4095, 512))
        self.assertEqual(host.refused("25 00 00 00 00 01 00 00 00 00"), "5/24/00")
        self.assertEqual(len(host.ask("25 00 00 00 00 01 00 00 01 00")), 8)

    def test_sixteen(self):
        host = Host()
        data = host.ask("9e 10 00 00 00 00 00 00 00 00 00 00 00 ff 00 00")
        self.assertEqual(data, struct.pack(">QIBBH16x", 4095, 512, 0, 3, 0xC000))
        self.assertEqual(len(host.ask("9e 10 00 00 00 00 00 00 00 00 00 00 00 0c 00 00")), 12)
        host.volume.trims = False
        self.assertEqual(host.ask("9e 10 00 00 00 00 00 00 00 00 00 00 00 ff 00 00")[14:16], b"\0\0")

    def test_a_disk_of_more_than_two_tebibytes(self):
        host = Host()
        host.volume.size = (1 << 42) + 512
        self.assertEqual(host.ask(CAPACITY)[:4], b"\xff\xff\xff\xff")
        data = host.ask("9e 10 00 00 00 00 00 00 00 00 00 00 00 ff 00 00")
        self.assertEqual(struct.unpack_from(">Q", data)[0], 1 << 33)

    def test_format_capacities(self):
        host = Host()
        self.assertEqual(host.ask("23 00 00 00 00 00 00 00 ff 00"), struct.pack(">3xBII", 8, 4096, 0x02000200))
        self.assertEqual(host.ask("23 00 00 00 00 00 00 00 ff 00", lun=1)[8], 3)


class StrangeCdbTest(unittest.TestCase):
    def test_unknown(self):
        host = Host()
        for opcode in (0x04, 0x16, 0x48, 0x5E, 0x7F, 0xA1, 0xC0, 0xFF):
            self.assertEqual(host.refused(bytes([opcode]) + bytes(15)), "5/20/00")
        for cdb in ("9e 11" + " 00" * 14, "a3 1f" + " 00" * 10):
            self.assertEqual(host.refused(cdb), "5/24/00")
            self.assertEqual(host.field, (True, 1, 4))

    def test_reserved_bits(self):
        host = Host()
        self.assertEqual(host.refused("00 00 00 08 00 00"), "5/24/00")
        self.assertEqual(host.field, (True, 3, 3))
        self.assertEqual(host.refused("00 00 00 00 00 04"), "5/24/00")  # NACA
        self.assertEqual(host.refused(ten(0x28, 0, 1, 0x20)), "5/24/00")  # RDPROTECT
        self.assertEqual(host.field, (True, 1, 5))

    def test_the_lun_where_hosts_of_old_put_it(self):
        host = Host()
        self.assertEqual(host.do("12 20 00 00 24 00", lun=1), GOOD)
        self.assertEqual(host.do("12 20 00 00 24 00", lun=0), CHECK)

    def test_too_short(self):
        host = Host()
        for cdb in (b"\x28", b"\x9e", b"\xa3", b"\x28" + bytes(8), b"\x88" + bytes(9), b"\x12\0\0\0\xff"):
            self.assertEqual(host.refused(cdb), "5/24/00")
            self.assertEqual(host.task.status, CHECK)
