"""What a quota's day has used is on its way to the file while the links go on, and a bad file stops nothing."""

import unittest

from firmware.errors import Refused
from firmware.pace import Pace
from firmware.quotabook import QuotaBook
from tests.unit.fakes_storage import ManualLane
from tests.unit.test_pace import MIB, THURSDAY, Clock, always


class File:
    """What QuotaFile is to its lane."""

    def __init__(self):
        self.records = []
        self.broken = False

    def write(self, record):
        if self.broken:
            raise Refused("quota_file /q cannot be written (No space left on device)")
        self.records.append(record)
        return
        yield


class Lane(ManualLane):
    closed = False

    def close(self, patience_s):
        self.run()
        self.closed = True


class Books(unittest.TestCase):
    def setUp(self):
        self.file, self.alarms = File(), []
        self.lane = Lane(self.file)
        self.pace = Pace(always(0), 1024 * MIB, Clock())

    def open(self, record=None, error=None):
        book = QuotaBook(self.pace, self.lane, self.alarms.append, record, error)
        self.pace.poll(0)
        self.lane.run()
        return book

    def test_it_goes_on_where_it_was(self):
        self.open((THURSDAY, 1000 * MIB))
        self.assertEqual(self.pace.used, 1000 * MIB)
        self.assertFalse(self.pace.takes(25 * MIB, False))
        self.assertEqual(self.alarms, [""])

    def test_a_file_that_makes_no_sense_is_an_alarm(self):
        self.open(None, Refused("quota_file /q does not hold a day"))
        self.assertIn("today's quota is counted anew", self.alarms[0])
        self.assertTrue(self.pace.takes(MIB, False))
        self.assertTrue(self.file.records)

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
        self.file.broken = False
        self.pace.count(100 * MIB)
        self.lane.run()
        self.assertEqual(self.alarms[-1], "")

    def test_a_clean_end(self):
        book = self.open()
        self.pace.count(100 * MIB)
        self.pace.count(7)
        book.close()
        self.assertEqual(self.file.records[-1], (THURSDAY, 100 * MIB + 7))
        self.assertTrue(self.lane.closed)


if __name__ == "__main__":
    unittest.main()
