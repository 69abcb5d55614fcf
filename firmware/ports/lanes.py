"""The lane that every runtime has, and what all lanes share."""


def run_job(worker, op: str, args):
    """Run a worker's generator method to its end; (result, None), or (None, the exception it raised)."""
    try:
        steps = getattr(worker, op)(*args)
        while True:
            next(steps)
    except StopIteration as end:
        return end.value, None
    except Exception as error:  # the board decides what a failed job means, and a bug must not vanish in a thread
        return None, error


def run_within(worker, op: str, args, patience_s: float):
    """run_job() on a runtime without threads: however long it takes."""
    return run_job(worker, op, args)


class InlineLane:
    """Jobs run at once, in the caller's thread; `done` is called from the loop as ever.

    `brief`, `keep` and `spins` are what the other lanes take, so that this one can stand in for them.
    """

    def __init__(self, worker, loop, brief=None, keep=(), spins=False):
        self._worker = worker
        self._loop = loop
        self._pending = 0

    @property
    def idle(self) -> bool:
        """Whether every `done` has been called."""
        return not self._pending

    def submit(self, done, op: str, *args) -> None:
        self._pending += 1
        result, error = run_job(self._worker, op, args)
        self._loop.soon(self._deliver, done, result, error)

    def close(self, patience_s: "float | None" = None) -> None:
        pass

    def _deliver(self, done, result, error) -> None:
        self._pending -= 1
        done(result, error)
