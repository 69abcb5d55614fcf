"""`sosie run --restart` with boards of cardboard: who is started again, and who is not."""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tools import run

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def supervise(tmp_path):
    """Runs Python `lines` under a supervisor; they find how often they were started before in `count`."""
    processes = []

    def start(lines):
        starts = tmp_path / "starts"
        board = "import os, signal, sys, time\nwith open(%r, 'a+') as file:\n    file.write('x')\n" % str(starts)
        board += "    file.seek(0)\n    count = len(file.read())\n" + lines
        script = "import sys; from tools.run import Supervisor; sys.exit(Supervisor([sys.executable, '-c', %r]).run())"
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([sys.executable, "-c", script % board], cwd=CHECKOUT, text=True, **pipes)
        processes.append(process)
        process.starts = starts
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_one_that_is_killed_is_started_again(supervise):
    process = supervise("os.kill(os.getpid(), signal.SIGKILL) if count < 3 else sys.exit(0)")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert process.starts.read_text() == "xxx"
    assert errors.count("the board died (SIGKILL) and is started again in") == 2


@pytest.mark.parametrize("code", [0, 1, 2])
def test_one_that_ended_by_itself_is_not(supervise, code):
    process = supervise("sys.exit(%d)" % code)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert process.starts.read_text() == "x"


def test_a_signal_reaches_the_board_and_is_the_end(supervise):
    obeys = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint('up', flush=True)\ntime.sleep(60)"
    process = supervise(obeys)
    assert process.stdout.readline() == "up\n"
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert time.monotonic() - begin < 20
    assert process.starts.read_text() == "x"


def test_one_that_dies_at_each_start_is_given_time(supervise):
    process = supervise("print(time.monotonic(), flush=True)\nos.abort() if count < 4 else sys.exit(0)")
    output, errors = process.communicate(timeout=60)
    times = [float(line) for line in output.split()]
    pauses = [float(each) for each in re.findall(r"is started again in ([\d.]+) s", errors)]
    assert len(pauses) == 3 and 0 < pauses[0] < pauses[1] < pauses[2]
    assert all(later - sooner > pause for sooner, later, pause in zip(times, times[1:], pauses))


def test_a_board_knows_which_ciphers_suit_the_processor(tmp_path, monkeypatch):
    seen = []
    monkeypatch.delenv("OPENSSL_CONF", raising=False)
    monkeypatch.setattr(run.os, "environ", dict(os.environ))
    monkeypatch.setattr(run.os, "execv", lambda *_: seen.append(run.os.environ["OPENSSL_CONF"]))
    monkeypatch.setattr(run, "Supervisor", lambda command: argparse.Namespace(run=lambda: 0))
    run.run(argparse.Namespace(conf=str(tmp_path / "board.conf"), restart=False))
    assert seen and os.path.isfile(seen[0])
