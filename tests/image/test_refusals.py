"""Bad input: each is one sentence on every surface, touches no disk, and is over when its cause is."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.image.lib.machine import Disk
from tests.image.lib.pair import DISK_BYTES, Pair
from tests.image.lib.surfaces import wait_for_words
from tests.process import boards as process
from tools import pairfile

pytestmark = pytest.mark.timeout(1800)
CONF = "sosie.conf"
RING = 6  # the partition of the journal


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


def test_disks_that_are_missing_or_not_meant_and_keys_of_another_pair(left, other, tmp_path):
    """A missing disk may be plugged in at any time; one that was served and pulled out is served after a restart.

    Keys on the card of a paired board may be a mistake: it keeps its own, and says so while it serves.
    """
    lay_keys(left, tmp_path)
    own = left.disks.pop()
    before = digest(own), digest(other)
    left.switch_on()
    wait_for_words(left, "no disk is attached")
    left.machine.plug(own)
    left.wait_for("it serves the disk", lambda status: status["serving"])
    wait_for_words(left, "the card brings keys in its folder pair")
    left.machine.pull(own)
    wait_for_words(left, "taken out")
    left.cut()
    for name in left.card.names("pair"):
        left.card.remove(name)
    left.disks = [other]
    left.switch_on()
    wait_for_words(left, "belongs to the disk")
    left.machine.pull(other)
    own.port = 3
    left.machine.plug(own)
    left.wait_for("it serves the disk, which is in another port now", lambda status: status["serving"])
    left.cut()
    assert (digest(own), digest(other)) == before


def lay_keys(board, folder: Path) -> None:
    pairfile.make(str(folder / "other.pair"), "left", "right").install("left", str(folder / "keys"))
    for file in (folder / "keys").iterdir():
        board.card.write("pair/" + file.name, file.read_bytes())


def test_a_ring_of_another_board(left, tmp_path):
    """Its partition was copied onto this card."""
    foreign = ring_of("paris", tmp_path)
    length = foreign.stat().st_size
    own = left.card.extract(RING, tmp_path / "own", length)
    left.card.replace(RING, foreign)
    before = digest(left.disks[0])
    left.switch_on()
    wait_for_words(left, "belongs to the board paris")
    assert not left.status()["serving"]
    left.cut()
    assert left.card.extract(RING, tmp_path / "after", length).read_bytes() == foreign.read_bytes()
    assert digest(left.disks[0]) == before
    left.card.replace(RING, own)


def ring_of(name: str, folder: Path) -> Path:
    board = process.Board(folder, name, role="primary", peer="127.0.0.1:9").start()
    board.stop()
    return board.journal
