"""The demo itself, from end to end: live where this machine can mount, and by nbdcopy."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tools.demo import show
from tools.demo.copyhost import COMMANDS
from tools.demo.workshop import missing_commands

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = [sys.executable, os.path.join(CHECKOUT, "tools", "sosie"), "demo"]

pytestmark = [
    pytest.mark.skipif(bool(missing_commands(COMMANDS)), reason="e2fsprogs or libnbd-bin is not installed"),
    pytest.mark.timeout(180),
]


def leftovers(folder) -> "list[str]":
    """What a demo that worked in `folder` has left of itself on this machine."""
    with open("/proc/self/mounts") as mounts:
        found = [line for line in mounts if str(folder) in line]
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as command:
                line = command.read().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found + os.listdir(folder)


def test_demo_holds_and_leaves_nothing(tmp_path):
    done = subprocess.run(DEMO, env=dict(os.environ, TMPDIR=str(tmp_path)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert not [c for c in done.stdout if ord(c) < 32 and c != "\n"]
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "images equal (cmp)" in done.stdout and "Proven in" in done.stdout
    assert leftovers(tmp_path) == []


def test_demo_where_nothing_may_be_mounted(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(show, "why_not_live", lambda workshop: "mounting needs root")
    code = show.main([])
    text = capsys.readouterr().out
    assert code == 0, text
    assert "No live mount here (mounting needs root)" in text
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("number, after_s", [(signal.SIGINT, 2), (signal.SIGTERM, 7)])
def test_interrupted_demo_leaves_nothing(tmp_path, number, after_s):
    demo = subprocess.Popen(DEMO, env=dict(os.environ, TMPDIR=str(tmp_path)), stdout=subprocess.PIPE, text=True)
    first = demo.stdout.readline()  # before it, Python itself may be what is interrupted
    time.sleep(after_s)
    demo.send_signal(number)
    text, _ = demo.communicate(timeout=60)
    assert demo.returncode == show.INTERRUPTED, first + text
    assert leftovers(tmp_path) == []
