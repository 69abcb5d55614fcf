"""The part of `unittest` that tests/unit use, for MicroPython, which has none.

`TestCase` with the assertions below, setUp, tearDown and addCleanup. `run_class` runs one class and
reports to a callback.
"""


class _Raises:
    """Context manager of assertRaises; `exception` is what was raised."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            raise AssertionError("%r was not raised" % (self.wanted,))
        if isinstance(self.wanted, tuple):
            matches = any(issubclass(kind, each) for each in self.wanted)
        else:
            matches = issubclass(kind, self.wanted)
        self.exception = value
        return matches


class TestCase:
    def __init__(self):
        self._cleanups = []

    def setUp(self):
        pass

    def tearDown(self):
        pass

    def addCleanup(self, call, *args):
        self._cleanups.append((call, args))

    def fail(self, message=None):
        raise AssertionError(message or "fail() was called")

    def assertEqual(self, first, second, message=None):
        if not first == second:
            self.fail(message or "%r != %r" % (first, second))

    def assertNotEqual(self, first, second, message=None):
        if first == second:
            self.fail(message or "%r == %r" % (first, second))

    def assertTrue(self, value, message=None):
        if not value:
            self.fail(message or "%r is not true" % (value,))

    def assertFalse(self, value, message=None):
        if value:
            self.fail(message or "%r is not false" % (value,))

    def assertIn(self, member, container, message=None):
        if member not in container:
            self.fail(message or "%r not in %r" % (member, container))

    def assertNotIn(self, member, container, message=None):
        if member in container:
            self.fail(message or "%r in %r" % (member, container))

    def assertIsNone(self, value, message=None):
        if value is not None:
            self.fail(message or "%r is not None" % (value,))

    def assertRaises(self, wanted):
        return _Raises(wanted)


def run_class(kind, report) -> None:
    """Runs every test_ method of `kind` on a fresh instance; report(name, error) with error None when it passed."""
    for name in sorted(dir(kind)):
        if name.startswith("test"):
            report("%s.%s" % (kind.__name__, name), _run_one(kind(), name))


def _run_one(case, name):
    try:
        case.setUp()
        try:
            getattr(case, name)()
        finally:
            case.tearDown()
            while case._cleanups:
                call, args = case._cleanups.pop()
                call(*args)
    except Exception as error:
        return error
    return None
