"""The console over the gadget's serial function (console.py, in the guest)."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 540


@pytest.mark.timeout(LIMIT_S + 60)
def test_console_over_usb(tmp_path):
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    run = subprocess.run(
        ["tests/vm/run", "tests/vm/console.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert run.stdout.count("ok ") >= 5, run.stdout
