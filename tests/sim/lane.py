"""Lanes whose work is stepped by the scheduler: one storage call of one lane at a time."""

from collections import deque

from firmware.errors import Damaged


class SimLane:
    """FIFO. The worker may be ahead of the loop: finished jobs wait until their `done` is called as an event."""

    def __init__(self, worker, plain_arguments: bool = False):
        self.worker = worker
        self._plain = plain_arguments  # as over the socket pair of a process
        self._queue = deque()
        self._running = None
        self._finished = deque()
        self.can_step = self.can_finish = False  # attributes: the scheduler asks them at every step

    def submit(self, done, op: str, *args) -> None:
        if self._plain:
            _assert_plain(args)
        self._queue.append((done, getattr(self.worker, op), args))
        self.can_step = True

    @property
    def idle(self) -> bool:
        return not (self.can_step or self.can_finish)

    def step(self) -> None:
        """Runs the job in front up to its next yield. PowerCut passes through."""
        if not self._running:
            done, method, args = self._queue.popleft()
            self._running = (done, method(*args))
        done, work = self._running
        try:
            next(work)
            return
        except StopIteration as end:
            self._end(done, end.value, None)
        except (OSError, Damaged) as error:
            self._end(done, None, error)

    def finish(self) -> None:
        """Tells the loop about the oldest finished job."""
        done, result, error = self._finished.popleft()
        self.can_finish = bool(self._finished)
        done(result, error)

    def _end(self, done, result, error) -> None:
        if self._plain:
            _assert_plain(result)
        self._running = None
        self._finished.append((done, result, error))
        self.can_step, self.can_finish = bool(self._queue), True


def _assert_plain(value) -> None:
    """What a process can be told or tell: numbers, strings, tuples and lists of them."""
    if isinstance(value, (tuple, list)):
        for item in value:
            _assert_plain(item)
        return
    assert value is None or isinstance(value, (int, str, bytes, BaseException)), "%r cannot cross to a process" % value
