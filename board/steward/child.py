"""A process of the steward: how it is started, what it said last, how it ends."""

import ctypes
import importlib.util
import os
import signal
import subprocess
import sys

from firmware import errors

_LAST_BYTES = 2048
_PR_SET_PDEATHSIG = 1


class Child:
    """`module` of Python with `arguments`, running, and `variables` in its environment. It dies with the steward; what
    it says on stderr is passed on."""

    def __init__(self, module: str, *arguments: str, **variables: str):
        python = [sys.executable, "-m", module, *arguments]
        environment = _environment() | variables
        self._process = subprocess.Popen(
            python, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, preexec_fn=_die_with_parent
        )  # fmt: skip
        self._words = b""
        os.set_blocking(self.descriptor, False)

    @property
    def descriptor(self) -> int:
        """Readable when the child has said something, or ended."""
        return self._process.stderr.fileno()

    def hear(self) -> None:
        """Takes what the child said."""
        try:
            words = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return
        if words:
            self._words = (self._words + words)[-_LAST_BYTES:]
            os.write(2, words)

    def ended(self) -> "int | None":
        """The exit code, negative for a signal; None while it runs."""
        code = self._process.poll()
        if code is not None:
            self.hear()
        return code

    def ask_to_end(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> "int | None":
        """The exit code; after so long it is killed."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.hear()
        return self._process.returncode

    def close(self) -> None:
        self._process.stderr.close()

    @property
    def last_words(self) -> str:
        """The last line that it said, without who said it."""
        lines = self._words.decode("utf-8", "replace").strip().splitlines() or [""]
        return lines[-1].removeprefix("sosie: ")


def cause(code: int) -> str:
    """How it ended, for a person."""
    if code >= 0:
        return "exit code %d" % code
    try:
        return signal.Signals(-code).name
    except ValueError:
        return "signal %d" % -code


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _environment() -> dict:
    environment = dict(os.environ, **_ciphers())
    environment.pop("WATCHDOG_PID", None)  # it is the child who is watched, while it runs
    return environment


def _ciphers() -> dict:
    """What OpenSSL has to be told. The one file alone: its package brings all of the ports along, which the steward
    needs for nothing else, and a host waits for its disk."""
    path = os.path.dirname(os.path.abspath(errors.__file__)) + "/ports/cpython/ciphers.py"
    spec = importlib.util.spec_from_file_location("ciphers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.environment()
