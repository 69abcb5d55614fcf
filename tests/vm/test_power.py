"""The whole appliance in a machine that loses its power: host, USB disk, primary, link and twin, all at once.

The boards' disks and journals outlive the machine; the boards are then started here, on what is left of them.
"""

import os
import random
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.process.boards import Board, free_port
from tests.process.oracle import History
from tests.vm import child
from tests.vm.lib import rough

ROOT = Path(__file__).resolve().parents[2]
DISKS = "32M 64M 32M 64M"  # of left: disk, journal; of right
LIMIT_S = 900  # of the machine


def cut(folder: Path, word: str, *arguments: str, after: int) -> int:
    """Runs power.py until it has told `after` times of something, switches the machine off in the middle of what
    follows; the last number that was told."""
    environment = dict(os.environ, VM_DISKS=DISKS, VM_DISK_DIR=str(folder), VM_LIMIT_S=str(LIMIT_S), OUT=str(folder))
    with open(folder / "machine.log", "wb") as log:
        machine = child.start(
            ["tests/vm/run", "tests/vm/power.py", *arguments],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    last, count = 0, 0
    try:
        for line in machine.stdout:
            if line.startswith(word + " "):
                last, count = int(line.split()[1]), count + 1
            if count >= after:
                break
        time.sleep(random.random() / 2)
    finally:
        child.end(machine)  # SIGKILL to all of it
    last = max([last] + [int(line.split()[1]) for line in machine.stdout if line.startswith(word + " ")])
    assert count >= after, "the machine ended early:\n" + (folder / "machine.log").read_text(errors="replace")
    return last


class Remains:
    """The pair on the disks that the machine left behind."""

    def __init__(self, folder: Path):
        link = "127.0.0.1:%d" % free_port()
        self.left = self._board(folder, "left", 0, role="primary", peer=link)
        self.right = self._board(folder, "right", 2, role="twin", listen=link)

    @staticmethod
    def _board(folder: Path, name: str, first: int, **lines) -> Board:
        files = {"disk": folder / ("disk%d.img" % first), "journal": folder / ("disk%d.img" % (first + 1))}
        board = Board(folder, name, attach="none", disk_size=None, journal_size=None, **files, **lines)
        board.image = files["disk"]
        return board

    def play_twin(self) -> Path:
        """What a standby server would find on the twin's disk if the primary never came back."""
        self.right.start()
        self.right.stop()
        return self.right.image

    def rejoin(self) -> None:
        """Both boards come back, and the twin gets what the primary still had."""
        self.right.start()
        self.left.start()
        deadline = time.monotonic() + 180
        while not self._drained():
            assert time.monotonic() < deadline, (self.left.status(), self.right.status())
            time.sleep(0.1)
        self.left.stop()
        self.right.stop()
        assert self.left.image.read_bytes() == self.right.image.read_bytes()

    def _drained(self) -> bool:
        status = self.left.status()
        return status["link"]["state"] == "up" and not status["backlog"]["groups"]

    def end(self) -> None:
        self.left.end()
        self.right.end()


@pytest.fixture
def remains(tmp_path):
    boards = Remains(tmp_path)
    yield boards
    boards.end()


@pytest.mark.timeout(LIMIT_S + 300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_writes_are_a_prefix_on_both_disks(tmp_path, remains, seed):
    flushed = cut(tmp_path, "flushed", "writes", str(seed), after=5 * seed)
    history = planned(seed, flushed + 500)
    twin = history.prefix_of(remains.play_twin().read_bytes())
    remains.rejoin()
    both = history.prefix_of(remains.left.image.read_bytes())
    assert twin <= both
    assert both >= flushed, "write %d was flushed, the disks hold those up to %d" % (flushed, both)


def planned(seed: int, count: int) -> History:
    """The writes that the guest made, and more."""
    history = History(32 << 20)
    for _, (offset, length, _) in zip(range(count), rough.plan(history.size, random.Random(seed))):
        history.add(offset, length)
    return history


@pytest.mark.timeout(LIMIT_S + 300)
def test_a_database_survives(tmp_path, remains):
    committed = cut(tmp_path, "committed", "database", after=25)
    assert orders(tmp_path, remains.play_twin()) >= 0
    remains.rejoin()
    count = orders(tmp_path, remains.right.image)
    assert count >= committed, "order %d was committed, the twin's disk holds %d" % (committed, count)


def orders(folder: Path, image: Path) -> int:
    """How many orders a server finds that mounts a copy of the image; they are the first ones, without a gap."""
    copy = folder / "copy.img"
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    # What was lost with the host's memory is in the file system's own journal: only that is played.
    assert subprocess.run(["e2fsck", "-fp", copy], capture_output=True).returncode <= 1
    subprocess.run(["e2fsck", "-fn", copy], check=True, capture_output=True)
    for name in ("orders.db", "orders.db-journal"):
        (folder / name).unlink(missing_ok=True)
        subprocess.run(["debugfs", "-R", "dump /%s %s" % (name, folder / name), copy], check=True, capture_output=True)
    with sqlite3.connect(folder / "orders.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables:
            return 0
        numbers = [row[0] for row in db.execute("SELECT number FROM orders ORDER BY number")]
    assert numbers == list(range(1, len(numbers) + 1))
    return len(numbers)
