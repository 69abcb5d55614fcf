"""Storage and lanes in memory for the unit tests; the simulator has its own, with power cuts."""


class MemoryStorage:
    """The storage interface over a bytearray; `calls` records what was done, `fail` names a call to fail."""

    trims = True

    def __init__(self, size: int):
        self.size = size
        self.bytes = bytearray(size)
        self.calls = []
        self.fail = ""
        self.slow = False  # try_read_into would have to wait

    def _called(self, *call):
        self.calls.append(call)
        if call[0] == self.fail:
            raise OSError(5, "planted fault in " + call[0])

    def read_into(self, offset, view):
        self._called("read", offset, len(view))
        assert 0 <= offset and offset + len(view) <= self.size
        view[:] = self.bytes[offset : offset + len(view)]

    def try_read_into(self, offset, view):
        if self.slow:
            return False
        self.read_into(offset, view)
        return True

    def write(self, offset, view):
        self._called("write", offset, len(view))
        assert 0 <= offset and offset + len(view) <= self.size
        self.bytes[offset : offset + len(view)] = view

    def zero(self, offset, length):
        self._called("zero", offset, length)
        self.bytes[offset : offset + length] = bytes(length)

    def trim(self, offset, length):
        self._called("trim", offset, length)
        self.bytes[offset : offset + length] = bytes(length)

    def sync(self):
        self._called("sync")

    def allocated(self, offset, length):
        return [(offset, length, True)]


class ManualLane:
    """A lane whose jobs run when the test says so."""

    def __init__(self, worker):
        self._worker = worker
        self.jobs = []

    @property
    def idle(self):
        return not self.jobs

    def submit(self, done, op, *args):
        self.jobs.append((done, op, args))

    def run(self, count=1000):
        """Runs up to `count` jobs, those that they start included."""
        while self.jobs and count:
            count -= 1
            done, op, args = self.jobs.pop(0)
            result = error = None
            try:
                result = drive(getattr(self._worker, op)(*args))
            except Exception as e:
                error = e
            done(result, error)


def drive(generator):
    """Runs a worker's generator to its end and returns its result."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value
