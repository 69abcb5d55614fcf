"""The thread lane: few, large jobs that spend their time in system calls without the interpreter's lock."""

import sys
import threading
import time
from queue import SimpleQueue

from ..lanes import run_job
from .mailbox import Mailbox

# Handing a job over and its result back costs some 75 us. A job that is about as short is run in line,
# which is a gain as long as the medium is quick; beyond this the loop would be held up for too long.
_INLINE_BELOW_NS = 1000000
_FORGET = 16
# A thread asks for the interpreter's lock after each of its system calls; by default the loop may keep it for 5 ms.
_SWITCH_S = 0.0002


class ThreadLane:
    """Jobs run in FIFO order in one thread.

    `brief`: the operations that may be run in line while they prove to be short, as names, or as
    {name: small(*args) -> bool} where it depends on the arguments. They never overtake a job.
    `keep` is for ProcessLane only. `spins`: the loop may go on waiting awake (Loop) while a job is under way, for it
    takes hardly any of the processor, and perhaps for ever: that of a surface, which waits for a finger or a sensor.
    """

    def __init__(self, worker, loop, brief=(), keep=(), spins=False):
        sys.setswitchinterval(_SWITCH_S)
        self._worker = worker
        self._loop = loop
        self._weight = 0 if spins else 1  # in Loop.jobs
        self._brief = brief if isinstance(brief, dict) else dict.fromkeys(brief or (), _always)
        self._expected_ns = {}
        self._pending = 0
        self._jobs = SimpleQueue()
        self._mailbox = Mailbox(loop)
        self._thread = threading.Thread(target=self._work, name=type(worker).__name__, daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether every `done` has been called."""
        return not self._pending

    def submit(self, done, op: str, *args) -> None:
        small = self._brief.get(op)
        brief = small is not None and small(*args)
        self._pending += 1
        if brief and self._pending == 1 and self._expected_ns.get(op, _INLINE_BELOW_NS) < _INLINE_BELOW_NS:
            result, error = self._run_measured(op, args)
            self._loop.soon(self._deliver, done, result, error)
        else:
            self._loop.jobs += self._weight
            self._jobs.put((done, op, args, brief))

    def close(self, patience_s: "float | None" = None) -> None:
        """Wait for the jobs that were submitted; `done` is not called for what has not been delivered yet. After
        `patience_s` they are left to themselves, and end with the process."""
        self._jobs.put(None)
        self._thread.join(patience_s)
        if not self._thread.is_alive():
            self._mailbox.close()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            done, op, args, brief = job
            result, error = self._run_measured(op, args) if brief else run_job(self._worker, op, args)
            self._mailbox.post(self._deliver_late, done, result, error)

    def _run_measured(self, op: str, args):
        began = time.perf_counter_ns()
        outcome = run_job(self._worker, op, args)
        took = time.perf_counter_ns() - began
        expected = self._expected_ns.get(op, took)
        # Quick to believe that a medium is slow, slow to believe that it is quick again.
        self._expected_ns[op] = took if took > expected else expected + (took - expected) // _FORGET
        return outcome

    def _deliver_late(self, done, result, error) -> None:
        self._loop.jobs -= self._weight
        self._deliver(done, result, error)

    def _deliver(self, done, result, error) -> None:
        self._pending -= 1
        done(result, error)


def run_within(worker, op: str, args, patience_s: float):
    """run_job() in a thread of its own; None when it takes longer: what hangs ends with the process."""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run_job(worker, op, args)), daemon=True)
    thread.start()
    thread.join(patience_s)
    return outcomes[0] if outcomes else None


def _always(*args) -> bool:
    return True
