"""Runs tests/unit under MicroPython: `micropython -X heapsize=128M tests/micropython/run_unit.py [module...]`.

A file with the line `CPYTHON_ONLY = True` is not loaded; it is named at the end. The last line is
`N passed, N failed`, and the exit code is 1 when something failed or nothing ran.
"""

import gc
import os
import sys
import time

_HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
_ROOT = _HERE + "/../.."
sys.path.insert(0, _HERE + "/shim")
sys.path.insert(0, _ROOT)

import unittest  # noqa: E402 -- the shim is found through the path above


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def report(self, name, error):
        if error is None:
            self.passed += 1
            return
        self.failed += 1
        print("FAILED", name)
        sys.print_exception(error)


def _for_cpython_only(path):
    with open(path) as text:
        return any(line.startswith("CPYTHON_ONLY = True") for line in text)


def _run_module(name, tally):
    """Imports tests.unit.<name> and runs its test cases."""
    try:
        __import__("tests.unit." + name)
    except Exception as error:
        tally.report(name + " (import)", error)
        return
    module = sys.modules["tests.unit." + name]
    for attribute in sorted(dir(module)):
        kind = getattr(module, attribute)
        if isinstance(kind, type) and issubclass(kind, unittest.TestCase) and kind is not unittest.TestCase:
            unittest.run_class(kind, lambda test, error: tally.report("%s.%s" % (name, test), error))
            gc.collect()


def main(wanted):
    folder = _ROOT + "/tests/unit"
    names = sorted(each[:-3] for each in os.listdir(folder) if each.startswith("test_") and each.endswith(".py"))
    names = [each for each in names if not wanted or each in wanted]
    kept_out = [each for each in names if _for_cpython_only("%s/%s.py" % (folder, each))]
    tally = Tally()
    for name in names:
        if name not in kept_out:
            before, began = tally.passed + tally.failed, time.ticks_ms()
            _run_module(name, tally)
            count, took = tally.passed + tally.failed - before, time.ticks_diff(time.ticks_ms(), began)
            print("%-40s %4d tests %6d ms" % (name, count, took))
    if kept_out:
        print("run on CPython only: %d files (%s)" % (len(kept_out), ", ".join(kept_out)))
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed or not tally.passed else 0


sys.exit(main(sys.argv[1:]))
