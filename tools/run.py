"""`sosie run`: a board in the foreground, and started again when it dies, if that is asked for."""

import os
import signal
import subprocess
import sys
import time

from firmware.ports.cpython import ciphers

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEANT = (0, 1, 2)  # exit codes of a board that ended by itself: stopped, storage failed, cannot start
_SOON_S, _LATER_S = 0.2, 5.0
_STEADY_S = 30.0  # who ran for so long may come back at once


def run(options) -> int:
    """Runs the board of `options.conf`; the exit code. Does not return without `options.restart`."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [CHECKOUT, os.environ.get("PYTHONPATH")]))
    os.environ["PYTHONSAFEPATH"] = "1"
    for name, value in ciphers.environment().items():
        os.environ.setdefault(name, value)
    command = [sys.executable, "-m", "firmware", os.path.abspath(options.conf)]
    if not options.restart:
        os.execv(sys.executable, command)
    return Supervisor(command).run()


class Supervisor:
    """Keeps one process running. SIGTERM, Ctrl-C and the end of the terminal are passed on to it, and are the end."""

    def __init__(self, command: list):
        self._command = command
        self._board = None
        self._is_stopping = False

    def run(self) -> int:
        """The exit code of the board when it ended by itself or was told to; 1 when it was dead by then."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        pause_s = _SOON_S
        while True:
            begin = time.monotonic()
            self._board = subprocess.Popen(self._command, start_new_session=True)
            code = self._board.wait()
            if code in MEANT:
                return code
            if self._is_stopping:
                return 1
            # A host gives a disk that does not answer 30 seconds: a first death costs it next to none of them.
            pause_s = _SOON_S if time.monotonic() - begin > _STEADY_S else min(2 * pause_s, _LATER_S)
            _say("the board died (%s) and is started again in %.1f s" % (_cause(code), pause_s))
            time.sleep(pause_s)
            if self._is_stopping:
                return 1

    def _stop(self, number, _) -> None:
        self._is_stopping = True
        if self._board is not None and self._board.poll() is None:
            self._board.send_signal(signal.SIGTERM)


def _say(sentence: str) -> None:
    try:
        print("sosie: " + sentence, file=sys.stderr, flush=True)
    except OSError:
        pass  # the terminal is gone


def _cause(code: int) -> str:
    return "exit code %d" % code if code >= 0 else signal.Signals(-code).name
