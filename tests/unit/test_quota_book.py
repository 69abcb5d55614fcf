"""What a quota's day has used is on its way to the file while the links go on, and a bad file stops nothing."""

import unittest

from firmware.errors import Refused
from firmware.pace import Pace
from firmware.quotabook import AGAIN_MS, QuotaBook, pack, unpack
from firmware.schedule import DAY
from tests.unit.fakes_storage import ManualLane
from tests.unit.test_pace import MIB, THURSDAY, Clock, always

STEP = 16 * MIB  # of the quota below


class File:
    """What Notebook is to its lane."""

    def __init__(self):
        self.records = []
        self.broken = False

    def change(self, rewrite):
        if self.broken:
            raise Refused("quota_file = /q cannot be written (No space left on device); make room there")
        self.records.append(unpack(rewrite(None)))
        return
        yield


class Lane(ManualLane):
    closed = False

    def close(self, patience_s):
        """As a thread's: the jobs are done, and nobody is told."""
        self.jobs = [(_nobody, op, args) for _, op, args in self.jobs]
        self.run()
        self.closed = True


def _nobody(result, error):
    pass


class Books(unittest.TestCase):
    def setUp(self):
        self.file, self.alarms, self.timers = File(), [], []
        self.lane = Lane(self.file)
        self.pace = Pace(always(0), 1024 * MIB, Clock())

    def open(self, data=None, error=None):
        def later(ms, call):
            self.timers.append((ms, call))

        book = QuotaBook(self.pace, "/q", self.lane, later, self.alarms.append, data, error)
        self.pace.poll(0)
        self.lane.run()
        return book

    def pass_time(self):
        timers, self.timers = self.timers, []
        for ms, call in timers:
            self.assertEqual(ms, AGAIN_MS)
            call()
        self.lane.run()

    def test_it_goes_on_where_it_was(self):
        self.open(pack((THURSDAY, 1000 * MIB, STEP, 0)))
        self.assertEqual(self.pace.used, 1000 * MIB)
        self.assertFalse(self.pace.takes(25 * MIB, False))
        self.assertEqual(self.alarms, [""])

    def test_a_restart_while_the_clock_is_set_back_does_not_forget_the_day_that_it_came_from(self):
        self.open(pack((THURSDAY, 1000 * MIB, 0, 0))).close()
        self.pace = Pace(always(0), 1024 * MIB, Clock((THURSDAY - 3) * DAY))
        book = self.open(pack(self.file.records[-1]))
        self.pace.count(24 * MIB)
        self.lane.run()
        self.assertEqual({record[0] for record in self.file.records}, {THURSDAY})
        book.close()
        self.assertEqual(self.file.records[-1], (THURSDAY, 1024 * MIB, 0, 0))
        for day, goes in ((THURSDAY, False), (THURSDAY + 1, True)):
            self.pace = Pace(always(0), 1024 * MIB, Clock(day * DAY))
            self.open(pack((THURSDAY, 1024 * MIB, 0, 0)))
            self.pace.takes(MIB, False)
            self.lane.run()
            self.assertEqual(self.pace.takes(MIB, False), goes)

    def test_a_file_that_cannot_be_read_is_an_alarm(self):
        self.open(None, Refused("quota_file = /q cannot be read (Input/output error); name another place"))
        self.assertIn("today's quota is counted anew", self.alarms[0])
        self.assertTrue(self.pace.takes(MIB, False))
        self.assertTrue(self.file.records)

    def test_a_file_that_makes_no_sense_is_an_alarm(self):
        long = b"1 " + b"9" * 30 + b"\n"
        for data in (b"", b"1\n", b"1 23", b"1 2 3 4 5\n", b"one two\n", b"-1 5\n", long, b"\xff", b"7" * 5000):
            self.alarms.clear()
            self.open(data)
            self.assertIn("/q does not hold a day and its bytes; delete it, or name another; today", self.alarms[0])
            self.assertEqual(self.pace.used, 0)

    def test_a_record_comes_back(self):
        for record in ((20006, 0, 0, 0), (20007, 5 << 40, 64 * MIB, 7)):
            self.assertEqual(unpack(pack(record)), record)

    def test_a_file_of_an_earlier_version(self):
        for line in (b"%d %d\n", b"%d %d 0\n"):
            self.assertEqual(unpack(line % (THURSDAY, 1000 * MIB)), (THURSDAY, 1000 * MIB, 0, 0))

    def test_of_what_comes_while_it_writes_the_last_counts(self):
        self.open()
        before = len(self.file.records)
        for _ in range(100):
            self.pace.count(8 * MIB)
        self.assertEqual(len(self.lane.jobs), 1)
        self.lane.run()
        self.assertEqual(len(self.file.records), before + 2)
        self.assertTrue(800 * MIB <= self.file.records[-1][1] <= 816 * MIB)

    def test_a_full_partition_is_an_alarm_and_heals(self):
        self.open()
        self.file.broken = True
        self.pace.count(100 * MIB)
        self.lane.run()
        self.assertIn("No space left", self.alarms[-1])
        self.assertTrue(self.pace.takes(MIB, False))
        self.assertFalse(self.pace.takes(100 * MIB, False))
        self.lane.run()
        self.assertTrue(self.pace.takes(100 * MIB, False))  # it does not wait for what cannot be kept
        self.file.broken = False
        self.pace.count(150 * MIB)
        self.lane.run()
        self.assertEqual(self.alarms[-1], "")

    def test_it_heals_while_nothing_is_sent(self):
        self.open()
        self.file.broken = True
        self.pace.count(100 * MIB)
        self.lane.run()
        self.pass_time()
        self.assertIn("a restart would count today's quota anew", self.alarms[-1])
        self.assertEqual(len(self.timers), 1)
        self.file.broken = False
        self.pass_time()
        self.assertEqual((self.alarms[-1], self.timers), ("", []))
        self.assertEqual(self.file.records[-1], (THURSDAY, 100 * MIB + STEP, STEP, 0))

    def test_a_clean_end(self):
        book = self.open()
        self.pace.count(100 * MIB)
        self.pace.count(7)
        book.close()
        self.assertEqual(self.file.records[-1], (THURSDAY, 100 * MIB + 7, 0, 0))
        self.assertTrue(self.lane.closed)

    def test_nothing_is_tried_after_the_end(self):
        book = self.open()
        self.file.broken = True
        self.pace.count(100 * MIB)
        self.lane.run()
        self.pace.quota = 0  # so that the end has no record of its own to write
        book.close()
        self.pass_time()
        self.assertEqual((self.lane.jobs, self.timers), ([], []))


if __name__ == "__main__":
    unittest.main()
