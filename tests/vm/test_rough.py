"""Rough handling of a USB disk that is being written (rough.py, in the guest)."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize("speed, cases", [
    ("high-speed", ["killed", "reset", "unplugged", "unbound", "late"]),
    ("super-speed", ["killed", "stopped", "elsewhere"]),
])
def test_a_host_keeps_its_disk_or_sees_it_leave(speed, cases):
    environment = dict(os.environ, VM_LIMIT_S=str(LIMIT_S))
    run = subprocess.run(
        ["tests/vm/run", "tests/vm/rough.py", speed, *cases], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert "both disks hold all" in run.stdout
