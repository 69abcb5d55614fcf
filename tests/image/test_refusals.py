"""Bad input: each is one sentence on every surface, touches no disk, and is over when its cause is."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.image.lib.machine import Disk
from tests.image.lib.pair import DISK_BYTES, Pair
from tests.image.lib.surfaces import wait_for_words

pytestmark = pytest.mark.timeout(600)
CONF = "sosie.conf"


@pytest.fixture(scope="module")
def left(pair: Pair):
    """The primary, alone, with a disk full of somebody's data."""
    pair.left.disks[0].path.write_bytes(os.urandom(DISK_BYTES))
    return pair.left


@pytest.fixture(scope="module")
def other(pair: Pair) -> Disk:
    path = pair.folder / "other.disk"
    path.write_bytes(os.urandom(DISK_BYTES))
    return Disk(path, "DISK-other", port=2)


def digest(disk: Disk) -> str:
    return hashlib.sha256(Path(disk.path).read_bytes()).hexdigest()


def test_a_broken_line_is_named(left):
    sound = left.card.read(CONF)
    number = len(sound.splitlines()) + 1
    left.card.write(CONF, sound.rstrip(b"\n") + b"\nrole = boss\n")
    before = digest(left.disks[0])
    left.switch_on()
    wait_for_words(left, "line %d" % number)
    assert left.status()["state"] == "failed" and not left.status()["serving"]
    left.cut()
    assert digest(left.disks[0]) == before
    left.card.write(CONF, sound)


def test_disks_that_are_missing_or_not_meant(left, other):
    """A missing disk may be plugged in at any time; one that was served and pulled out is served after a restart."""
    own = left.disks.pop()
    before = digest(own), digest(other)
    left.switch_on()
    wait_for_words(left, "no disk is attached")
    left.machine.plug(own)
    left.wait_for("it serves the disk", lambda status: status["serving"])
    left.machine.pull(own)
    wait_for_words(left, "taken out")
    left.cut()
    left.disks = [other]
    left.switch_on()
    wait_for_words(left, "belongs to the disk")
    left.machine.pull(other)
    own.port = 3
    left.machine.plug(own)
    left.wait_for("it serves the disk, which is in another port now", lambda status: status["serving"])
    left.cut()
    assert (digest(own), digest(other)) == before
