"""Surfaces behind their bulkheads, on a real loop with real threads."""

import threading
import time
import unittest
from pathlib import Path

from firmware import bulkhead, ports
from firmware.bulkhead import Bulkhead, wait_for
from tests.ports.conversations import spin

CPYTHON_ONLY = True
ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """Of a lane."""

    def __init__(self):
        self.go_on, self.go_further = threading.Event(), threading.Event()

    def hang(self):
        self.go_on.wait(20)
        yield

    def hang_later(self):
        self.go_further.wait(20)
        yield

    def answer(self):
        return 42
        yield


class Wordless(Exception):
    def __repr__(self):
        raise ValueError


class BulkheadTest(unittest.TestCase):
    def setUp(self):
        self.loop = ports.Loop()
        self.addCleanup(self.loop.close)
        self.alarms, self.told = {}, []
        self.bulkhead = Bulkhead("sun dial", self.loop, self.alarm)
        self.workers = []

    def alarm(self, source, sentence):
        self.alarms[source] = sentence
        self.told.append(sentence)

    def lane(self):
        worker = Worker()
        self.addCleanup(worker.go_on.set)
        self.addCleanup(worker.go_further.set)
        self.workers.append(worker)
        return self.bulkhead.lane(worker)

    def is_told(self, *words):
        return all(word in self.alarms.get("bug of sun dial", "") for word in words)

    def test_a_timer_that_raises_is_told_once_and_over_when_it_is_quiet(self):
        self.addCleanup(setattr, bulkhead, "QUIET_MS", bulkhead.QUIET_MS)
        turns = []

        def tick():
            self.bulkhead.call_after(5, tick)
            turns.append(1)
            if len(turns) < 5:
                raise KeyError("noon %d" % len(turns))

        self.bulkhead.call_after(0, tick)
        spin(self.loop, lambda: len(turns) == 10)
        self.assertTrue(self.is_told("sun dial", "KeyError('noon 1'"), self.alarms)
        self.assertEqual(len(self.told), 1)
        bulkhead.QUIET_MS = 100
        spin(self.loop, lambda: len(self.told) == 2)
        self.assertEqual(self.alarms, {"bug of sun dial": ""})

    def test_what_a_call_returns(self):
        self.assertEqual(self.bulkhead.run(max, 1, 2), 2)
        self.assertIsNone(self.bulkhead.run(max, 1, None))
        self.assertTrue(self.is_told("TypeError"))

    def test_an_error_without_words(self):
        def fail():
            raise Wordless

        self.bulkhead.run(fail)
        self.assertTrue(self.is_told("Wordless"))

    def test_a_listener_raises_when_who_tells_is_done(self):
        heard = []

        def listen(event):
            heard.append(event)
            raise ValueError(event)

        tell = self.bulkhead.listener(listen)
        self.loop.call_after(0, lambda: (tell("noon"), heard.append("told")))
        spin(self.loop, lambda: len(heard) == 2)
        self.assertEqual(heard, ["told", "noon"])
        self.assertTrue(self.is_told("noon"))

    def test_a_listener_that_breaks_by_being_told_of_it(self):
        heard = []

        def listen(event):
            heard.append(event)
            raise ValueError(len(heard))

        self.bulkhead = Bulkhead("sun dial", self.loop, lambda source, sentence: tell(sentence))
        tell = self.bulkhead.listener(listen)
        tell("noon")
        turns = []
        self.loop.call_after(100, turns.append, 1)
        spin(self.loop, lambda: turns)
        self.assertEqual(len(heard), 2)

    def test_what_a_lane_brings_back_raises(self):
        lane, done = self.lane(), []

        def fail(result, error):
            done.append(result)
            raise OSError(error)

        lane.submit(fail, "answer")
        lane.submit(fail, "answer")
        spin(self.loop, lambda: len(done) == 2)
        self.assertTrue(self.is_told("OSError") and lane.idle)
        lane.close()

    def test_a_job_that_hangs_does_not_keep_the_loop_from_waiting_awake(self):
        """Each command of a host would pay for the sleep and the waking."""
        spins, really = [], self.loop._spin
        self.loop._spin = lambda poll: spins.append(1) or really(poll)
        lane = self.lane()
        lane.submit(print, "hang")
        turns = []

        def turn():  # those that are due together would be one turn
            turns.append(1)
            self.loop.call_after(5, turn)

        turn()
        spin(self.loop, lambda: len(turns) >= 20)
        self.assertFalse(lane.idle)
        self.assertEqual(self.loop.jobs, 0)
        self.assertGreater(len(spins), 15)

    def test_a_job_that_carries_data_does(self):
        worker = Worker()
        lane = ports.ThreadLane(worker, self.loop)
        lane.submit(lambda result, error: None, "hang")
        self.assertEqual(self.loop.jobs, 1)
        worker.go_on.set()
        spin(self.loop, lambda: lane.idle)
        self.assertEqual(self.loop.jobs, 0)
        lane.close()

    def test_every_lane_of_a_surface_is_behind_one(self):
        """But for those of the data, and for the bus of USB."""
        files = [*(ROOT / "firmware").glob("*.py"), *(ROOT / "board").rglob("*.py")]
        found = {path.name for path in files if "ThreadLane(" in path.read_text()}
        self.assertEqual(found, {"appliance.py", "bulkhead.py", "disk.py", "voice.py"})

    def hurry(self, ms=50):
        """A medium hangs after 50 ms, or so many."""
        self.addCleanup(setattr, bulkhead, "_HANGS_MS", bulkhead._HANGS_MS)
        bulkhead._HANGS_MS = ms

    def pass_time(self, ms=200):
        later = []
        self.loop.call_after(ms, later.append, True)
        spin(self.loop, lambda: later)

    def test_a_medium_that_hangs_is_told_until_it_answers(self):
        self.hurry(2000)
        lane, answers = self.lane(), []
        lane.submit(lambda result, error: answers.append(result), "answer")
        self.pass_time(2500)
        self.assertEqual((answers, self.alarms), ([42], {}))
        self.hurry()
        lane.submit(lambda result, error: answers.append(result), "hang")
        spin(self.loop, lambda: self.alarms)
        self.assertIn("sun dial", self.alarms["medium of sun dial"])
        self.workers[0].go_on.set()
        spin(self.loop, lambda: len(answers) == 2)
        self.assertEqual(self.alarms, {"medium of sun dial": ""})

    def test_a_medium_is_told_of_while_any_lane_waits_for_it(self):
        self.hurry()
        answers = []
        for _ in range(2):
            self.lane().submit(lambda result, error: answers.append(result), "hang")
        self.pass_time()
        for number in (1, 0):
            self.assertIn("sun dial", self.alarms["medium of sun dial"])
            self.workers[number].go_on.set()
            spin(self.loop, lambda number=number: len(answers) == 2 - number)
        self.assertEqual(self.alarms, {"medium of sun dial": ""})

    def test_a_job_that_hangs_behind_another_one_is_told_as_well(self):
        self.hurry()
        lane, answers = self.lane(), []
        lane.submit(lambda result, error: answers.append(result), "hang")
        lane.submit(lambda result, error: answers.append(result), "hang_later")
        self.pass_time()
        self.workers[0].go_on.set()
        spin(self.loop, lambda: answers)
        self.assertEqual(self.alarms, {"medium of sun dial": ""})  # it has a time of its own
        self.pass_time()
        self.assertIn("sun dial", self.alarms["medium of sun dial"])

    def test_lanes_that_hang_are_waited_for_at_the_same_time(self):
        one, other, quick, hung = [self.lane() for _ in range(4)]
        for lane in (one, other, hung):
            lane.submit(print, "hang")
        began = time.monotonic()
        for lane in (one, other, quick):  # the last one was given up by its surface
            lane.close(3)
        self.assertLess(time.monotonic() - began, 1.5)
        wait_for([self.bulkhead])
        self.assertTrue(2.5 < time.monotonic() - began < 5.5)
