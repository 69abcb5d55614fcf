"""`sosie usb` against a real board on a real kernel's bus (usb_tool.py, in the guest)."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 540


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize("speed", ["high", "super"])
def test_sosie_usb(speed, tmp_path):
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    command = ["tests/vm/run", "tests/vm/usb_tool.py", speed]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
