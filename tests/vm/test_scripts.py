"""The USB disk on real kernels: each script runs in a guest of its own and prints a line for each of its checks.

`tests/vm/run tests/vm/conformance.py` runs all of libiscsi's tests for disks, which takes minutes; here are those that
differ most by transport: lengths, residues, what a host may not do.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 1800
SUITES = "Inquiry ModeSense6 Read10 Write16 WriteAtomic16 WriteSame10 CompareAndWrite.InvalidDataOutSize Unmap".split()

OK, DONE = "ok ", "0 failed"

# What runs, and what it prints at least so many times when all of it ran.
SCRIPTS = [
    ("gadget.py", OK, 13),
    ("filesystems.py super-speed", DONE, 1),
    ("filesystems.py high-speed", DONE, 1),
    ("fio_verify.py", DONE, 1),
    ("probes.py", DONE, 1),
    ("medium.py", DONE, 1),
    ("conformance.py " + " ".join("LINUX." + suite for suite in SUITES), DONE, 1),
    ("console.py", OK, 5),
    ("rootless.py", OK, 5),
    ("usb_tool.py high", OK, 5),
    ("usb_tool.py super", OK, 5),
    ("rough.py high-speed killed reset unplugged unbound late", "both disks hold all", 1),
    ("rough.py super-speed killed stopped elsewhere", "both disks hold all", 1),
    ("log_writes.py", OK, 2),
]


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize("words, said, times", SCRIPTS, ids=[words for words, *_ in SCRIPTS])
def test_in_the_guest(words, said, times, tmp_path):
    script, *arguments = words.split()
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    command = ["tests/vm/run", "tests/vm/" + script, *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert ("\n" + run.stdout).count("\n" + said) >= times, run.stdout
