"""Lanes of the simulator: first in, first out, one step at a time."""

import unittest

from tests.sim.lane import SimLane

CPYTHON_ONLY = True  # the simulator itself is no part of what runs on a board


class LaneTest(unittest.TestCase):
    class Worker:
        def __init__(self):
            self.steps = []

        def work(self, name):
            for i in range(2):
                self.steps.append((name, i))
                yield
            return name

        def fail(self):
            raise OSError(5, "no")
            yield

    def test_first_in_first_out_one_step_at_a_time(self):
        worker, ended = self.Worker(), []
        lane = SimLane(worker)
        lane.submit(lambda result, error: ended.append((result, error)), "work", "a")
        lane.submit(lambda result, error: ended.append((result, error)), "fail")
        self.assertFalse(lane.idle)
        lane.step()
        self.assertEqual(worker.steps, [("a", 0)])
        while lane.can_step:
            lane.step()
        self.assertEqual(ended, [])
        while lane.can_finish:
            lane.finish()
        self.assertEqual(ended[0], ("a", None))
        self.assertTrue(isinstance(ended[1][1], OSError))
        self.assertTrue(lane.idle)
