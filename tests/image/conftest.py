"""The image that these tests boot: SOSIE_IMAGE names one that was built, or it is built here."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.lib.cuts import Cuts
from tests.image.lib.host import Writes
from tests.image.lib.mischief import Mischief
from tests.image.lib.pair import DISK_BYTES, Pair
from tests.process.boards import ROOT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows what its boards said."""
    report = yield
    if report.failed:
        for pair in (each for each in item.funcargs.values() if isinstance(each, Pair)):
            report.sections += [("what %s said" % board.name, board.says()) for board in pair.boards]
    return report


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Path:
    if os.environ.get("SOSIE_IMAGE"):
        return Path(os.environ["SOSIE_IMAGE"])
    path = tmp_path_factory.mktemp("image") / "qemu.img"
    subprocess.run([sys.executable, "-m", "tools.image", "--board", "qemu", "--out", path], cwd=ROOT, check=True)
    return path


@pytest.fixture(scope="module")
def pair(image, tmp_path_factory):
    """Two cards, not switched on yet. The tests of a file share it, in the order in which they stand there."""
    made = Pair(image, tmp_path_factory.mktemp("pair"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def cut_pair(image, tmp_path_factory):
    """The pair of test_cuts.py, with which test_drills.py goes on, and which that ends: starting one takes minutes."""
    made = Pair(image, tmp_path_factory.mktemp("pair"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def writes():
    """What its server wrote."""
    return Writes(DISK_BYTES)


@pytest.fixture(scope="session")
def running(image, tmp_path_factory):
    """A pair that mirrors, whose disks are on its cards, for test_pair.py and test_pair_besieged.py, which ends it."""
    folder = tmp_path_factory.mktemp("pair")
    wire = folder / "theirs", folder / "ours"
    made = Pair(image, folder, twin={"wire": wire}, line=Mischief, on_cards=True)
    try:
        made.switch_on()
        made.wait_mirroring()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def dice():
    """SEED repeats a run."""
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print("SEED=%d" % seed, flush=True)
    return random.Random(seed)


@pytest.fixture(scope="module")
def cuts():
    return Cuts()
