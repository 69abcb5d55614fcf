"""The gadget of board/usb on a real kernel (gadget.py, in the guest)."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 540


@pytest.mark.timeout(LIMIT_S + 60)
def test_gadget_on_a_real_kernel(tmp_path):
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    run = subprocess.run(
        ["tests/vm/run", "tests/vm/gadget.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert run.stdout.count("\nok ") >= 12, run.stdout
