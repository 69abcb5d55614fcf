"""The image that these tests boot: SOSIE_IMAGE names one that was built, or it is built here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.lib.pair import Pair
from tests.process.boards import ROOT


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
