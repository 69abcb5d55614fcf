"""The USB disk of a pair under Linux's own drivers and other people's programs (each script runs in the guest).

`tests/vm/run tests/vm/conformance.py` runs all of libiscsi's tests for disks, which takes minutes; here are those that
differ most by transport: lengths, residues, what a host may not do.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 540
SUITES = "Inquiry ModeSense6 Read10 Write16 WriteAtomic16 WriteSame10 CompareAndWrite.InvalidDataOutSize Unmap".split()


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize(
    "words",
    [
        ("filesystems.py", "super-speed"),
        ("filesystems.py", "high-speed"),
        ("fio_verify.py",),
        ("probes.py",),
        ("medium.py",),
        ("conformance.py", *("LINUX." + suite for suite in SUITES)),
    ],
    ids=" ".join,
)
def test_in_the_guest(words, tmp_path):
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    command = ["tests/vm/run", "tests/vm/" + words[0], *words[1:]]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert "\n0 failed" in run.stdout, run.stdout
