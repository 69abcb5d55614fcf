import errno
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from firmware.errors import Damaged
from firmware.ports import FileStorage, InlineLane, Loop, ProcessLane, ThreadLane
from firmware.ports.cpython import threads
from tests.ports.conversations import spin


class Worker:
    """Jobs of every kind that a lane may meet."""

    def add(self, a, b):
        yield
        yield
        return a + b

    def fail(self, error):
        yield
        raise error

    def nap(self, seconds):
        time.sleep(seconds)
        return threading.get_ident()
        yield

    def take(self, ms):
        _Clock.now += ms * 1000000
        return threading.get_ident()
        yield

    def die(self):
        os._exit(3)
        yield

    def unpicklable(self):
        return lambda: None
        yield

    def descriptors(self):
        found = []
        for name in os.listdir("/proc/self/fd"):
            try:
                found.append((int(name), os.readlink("/proc/self/fd/" + name)))
            except OSError:  # the one that lists
                pass
        return found
        yield

    def whoami(self):
        return os.getpid()
        yield


class _Clock:
    """A clock that moves only when a job takes its time."""

    now = 0

    @classmethod
    def perf_counter_ns(cls):
        return cls.now


class EveryLane:
    kind = None

    def setUp(self):
        self.loop = Loop()
        self.lane = self.kind(Worker(), self.loop)
        self.ends = []

    def tearDown(self):
        self.loop.close()
        self.lane.close()

    def submit(self, op, *args):
        before = len(self.ends)
        self.lane.submit(lambda result, error: self.ends.append((result, error)), op, *args)
        self.assertEqual(len(self.ends), before, "done was called inside submit")

    def run_all(self, count):
        spin(self.loop, lambda: len(self.ends) >= count, 20)
        self.assertTrue(self.lane.idle)

    def test_jobs_end_in_the_order_of_their_submission(self):
        self.assertTrue(self.lane.idle)
        for n in range(3000):
            self.submit("add", n, 1)
        self.assertFalse(self.lane.idle)
        self.run_all(3000)
        self.assertEqual(self.ends, [(n + 1, None) for n in range(3000)])

    def test_exceptions_come_back_and_the_next_job_runs(self):
        self.submit("fail", OSError(errno.ENOSPC, "full"))
        self.submit("fail", Damaged("at byte 7"))
        self.submit("no_such_job")
        self.submit("add", 1, 2)
        self.run_all(4)
        self.assertEqual(self.ends[0][1].errno, errno.ENOSPC)
        self.assertEqual((type(self.ends[1][1]), str(self.ends[1][1])), (Damaged, "at byte 7"))
        self.assertTrue(isinstance(self.ends[2][1], AttributeError))
        self.assertEqual(self.ends[3], (3, None))

    def test_large_arguments_and_results_pass(self):
        self.submit("add", b"x" * 3000000, b"y" * 2000000)
        self.submit("add", b"a", b"b")
        self.run_all(2)
        self.assertEqual(self.ends, [(b"x" * 3000000 + b"y" * 2000000, None), (b"ab", None)])

    def test_a_job_may_be_submitted_when_another_is_done(self):
        def again(result, error):
            self.ends.append((result, error))
            if result < 50:
                self.lane.submit(again, "add", result, 1)

        self.lane.submit(again, "add", 0, 1)
        self.run_all(50)


class Inline(EveryLane, unittest.TestCase):
    kind = InlineLane


class Thread(EveryLane, unittest.TestCase):
    kind = ThreadLane

    def test_the_loop_goes_on_while_a_job_takes_its_time(self):
        ticks = []
        self.submit("nap", 0.2)
        for ms in (10, 20, 30):
            self.loop.call_after(ms, ticks.append, ms)
        self.run_all(1)
        self.assertEqual(ticks, [10, 20, 30])


class BriefThread(EveryLane, unittest.TestCase):
    """Everything may run in line: order and reports are the same."""

    def setUp(self):
        self.addCleanup(setattr, threads, "time", threads.time)
        threads.time = _Clock
        super().setUp()

    def kind(self, worker, loop):
        return ThreadLane(worker, loop, brief={"add", "fail", "take"})

    def took_here(self, ms):
        """Whether a job that takes `ms` was run in this thread."""
        self.ends.clear()
        self.submit("take", ms)
        self.run_all(1)
        return self.ends[0][0] == threading.get_ident()

    def test_a_job_runs_in_line_once_it_has_proved_short_and_while_it_stays_so(self):
        self.assertFalse(self.took_here(0))
        self.assertTrue(self.took_here(0))
        self.assertTrue(self.took_here(8))  # nobody could know
        self.assertFalse(self.took_here(0))
        for _ in range(100):
            self.took_here(0)
        self.assertTrue(self.took_here(0))

    def test_it_never_overtakes_a_job_in_the_thread(self):
        self.took_here(0)
        self.ends.clear()
        self.lane._brief.pop("fail")
        self.submit("fail", OSError(1, "first"))
        self.submit("take", 0)
        self.run_all(2)
        self.assertEqual(self.ends[0][1].errno, 1)

    def test_arguments_may_say_whether_a_job_is_small(self):
        self.lane._brief["take"] = lambda ms: ms == 0
        self.assertFalse(self.took_here(0))
        self.assertTrue(self.took_here(0))
        self.assertFalse(self.took_here(8))
        self.assertTrue(self.took_here(0))

    def test_the_report_comes_before_the_loop_waits(self):
        self.took_here(0)
        self.ends.clear()
        waits = []
        self.lane.submit(lambda result, error: (waits.append(self.waited), self.loop.stop()), "take", 0)
        self.waited = False
        self.loop._poller = self
        self.loop.run()
        self.assertEqual(waits, [False])

    def poll(self, timeout):
        self.waited = True
        return []

    def unregister(self, descriptor):
        pass


class Process(EveryLane, unittest.TestCase):
    kind = ProcessLane

    def test_its_death_is_an_error_for_every_pending_and_later_job(self):
        self.submit("add", 1, 2)
        self.submit("die")
        self.submit("add", 3, 4)
        self.run_all(3)
        self.submit("add", 5, 6)
        self.submit("add", 7, 8)
        self.run_all(5)
        self.assertEqual(self.ends[0], (3, None))
        for result, error in self.ends[1:]:
            self.assertEqual((result, error.errno), (None, errno.EIO))

    def test_a_kill_from_outside_is_noticed_when_idle_too(self):
        self.submit("whoami")
        self.run_all(1)
        os.kill(self.ends[0][0], signal.SIGKILL)
        self.submit("add", 1, 2)
        self.run_all(2)
        self.assertEqual(self.ends[1][1].errno, errno.EIO)

    def test_a_result_that_cannot_travel_is_an_error(self):
        self.submit("unpicklable")
        self.submit("add", 1, 2)
        self.run_all(2)
        self.assertTrue(isinstance(self.ends[0][1], RuntimeError))
        self.assertEqual(self.ends[1], (3, None))

    def test_a_stop_is_not_for_the_child_to_decide(self):
        self.submit("whoami")
        self.run_all(1)
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(self.ends[0][0], number)
        self.submit("add", 1, 2)
        self.run_all(2)
        self.assertEqual(self.ends[1], (3, None))

    def test_closing_waits_for_the_job_that_runs(self):
        self.submit("whoami")
        self.run_all(1)
        self.lane.submit(lambda *end: None, "nap", 0.1)
        self.loop.call_after(20, self.loop.stop)
        self.loop.run()
        began = time.monotonic()
        self.lane.close()
        self.assertTrue(time.monotonic() - began < 10)
        with self.assertRaises(ProcessLookupError):
            os.kill(self.ends[0][0], 0)


class ProcessDescriptors(unittest.TestCase):
    def test_the_child_has_what_its_worker_needs_and_no_more(self):
        loop = Loop()
        path = "/tmp/sosie-test-lane-%d" % os.getpid()
        with open(path, "wb") as file:
            file.truncate(1 << 20)
        self.addCleanup(os.unlink, path)
        storage = FileStorage(path)
        self.addCleanup(storage.close)
        other = os.open("/dev/zero", os.O_RDONLY)
        self.addCleanup(os.close, other)
        lane = ProcessLane(Worker(), loop, keep=(storage,))
        self.addCleanup(lane.close)
        ends = []
        lane.submit(lambda *end: ends.append(end), "descriptors")
        spin(loop, lambda: ends)
        beyond_standard = [name for number, name in ends[0][0] if number > 2]
        self.assertEqual(sorted(name.split(":")[0] for name in beyond_standard), sorted([path, "socket"]))


PARENT = """
import time
from firmware.ports import Loop, ProcessLane
from tests.ports.test_lanes import Worker
loop = Loop()
lane = ProcessLane(Worker(), loop)
lane.submit(lambda pid, error: print(pid, flush=True), "whoami")
lane.submit(lambda *end: None, "nap", 60)
loop.run()
"""


class ParentsDeath(unittest.TestCase):
    def test_the_child_goes_with_its_parent_in_the_middle_of_a_job(self):
        parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
        child = int(parent.stdout.readline())
        time.sleep(0.1)
        os.kill(child, 0)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        end = time.monotonic() + 30
        while _is_alive(child):
            self.assertTrue(time.monotonic() < end, "the child outlives its parent")
            time.sleep(0.01)


def _is_alive(process: int) -> bool:
    try:
        with open("/proc/%d/stat" % process) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
