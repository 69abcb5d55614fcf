"""Each coverage-guided target for a short time; and the driver itself, on planted faults."""

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.fuzz import targets
from tests.fuzz.targets.__main__ import load

SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))

guided = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python or processor"
)


def run(name, seconds, **environment):
    command = [sys.executable, "-m", "tests.fuzz.targets", name, "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **environment))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", targets.NAMES)
def test_every_seed_by_itself(name):
    target = load(name)
    for seed in target.seeds():
        assert len(seed) <= target.MAX_INPUT
        target.one(seed)


@guided
@pytest.mark.timeout(SECONDS + 230)
@pytest.mark.parametrize("name", targets.NAMES)
def test_target(name):
    code, output = run(name, SECONDS)
    assert code == 0, output
    assert "no fault" in output


@guided
@pytest.mark.parametrize(
    "kind, word", [("error", "IndexError: planted"), ("hang", "libFuzzer: timeout"), ("memory", "out-of-memory")]
)
def test_a_planted_fault_is_found(tmp_path, kind, word):
    code, output = run("planted", 20, SOSIE_PLANTED=kind, TMPDIR=str(tmp_path))
    assert code == 1 and word in output
    if kind != "memory":
        assert [each.read_bytes() for each in tmp_path.glob("planted-fault-*")] == [b"seed"]
