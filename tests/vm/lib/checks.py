"""Named checks of one script, run in order in one boot; what each found and how long it took."""

import sys
import time
import traceback
from contextlib import contextmanager

from tests.vm.lib import shell


class Checks:
    """`names`: only checks whose name holds one of these words are run; all when there are none."""

    def __init__(self, names=()):
        self._names = list(names)
        self._began = time.monotonic()
        self.failed: list[str] = []

    def wants(self, name: str) -> bool:
        return not self._names or any(word in name for word in self._names)

    @contextmanager
    def check(self, name: str):
        """The block is one check: an exception fails it, and the script goes on behind it."""
        began, said = time.monotonic(), len(shell.kernel_says())
        try:
            yield
            verdict = "ok"
        except Exception:
            self.failed.append(name)
            verdict = "FAILED"
            traceback.print_exc(file=sys.stdout)
            print("".join("    kernel: %s\n" % line for line in shell.kernel_says()[said:].splitlines()[-25:]), end="")
        print("%-6s %s (%.1f s)" % (verdict, name, time.monotonic() - began), flush=True)

    def run(self, *functions, **arguments) -> None:
        """Each function is a check; the first line of its docstring names it."""
        for function in functions:
            name = function.__doc__.splitlines()[0].rstrip(".")
            if self.wants(name):
                with self.check(name):
                    function(**arguments)

    def end(self) -> int:
        """The exit code of the script."""
        print("%d failed, %.0f s" % (len(self.failed), time.monotonic() - self._began), flush=True)
        return 1 if self.failed else 0
