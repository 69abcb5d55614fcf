"""The kernel's dm-log-writes on top of a board's disk, by NBD and by USB, against the log that the board exports."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 540


@pytest.mark.timeout(LIMIT_S + 60)
def test_both_logs_tell_the_same(tmp_path):
    environment = dict(os.environ, OUT=str(tmp_path), VM_LIMIT_S=str(LIMIT_S))
    run = subprocess.run(
        ["tests/vm/run", "tests/vm/log_writes.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, "exit code %d\n%s\n%s" % (run.returncode, run.stdout, run.stderr)
    assert run.stdout.count("ok ") >= 2, run.stdout
