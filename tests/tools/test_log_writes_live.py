"""A live ext4 on a board's disk: at every flush of its exported log it is sound, and holds what was synced by then."""

import contextlib
import os
import random
import shutil
import subprocess

import pytest

pytest.importorskip("crcmod")

from tests.process.conftest import make_pair  # noqa: F401 -- a fixture
from tests.tools.ext4 import unsound
from tests.tools.replay_log import FLUSH, ReplayLog
from tools import cli, export
from tools.demo.host import LiveHost, why_not_live
from tools.demo.workshop import Workshop, call
from tools.logwrites import LogWrites

POINTS = 300  # flushes that are looked at, at most
NEWEST = 8  # files that are read back at each: those that were synced last, which a fault loses first
ROUNDS = 90

pytestmark = pytest.mark.timeout(200)


@pytest.fixture
def workshop():
    made = Workshop()
    try:
        if why := why_not_live(made):
            pytest.skip(why)
        yield made
    finally:
        made.close()


class Used:
    """A pair whose disk was used. `formatted`: the last group of making the file system; `ledger`: (group, name,
    content) of every file that was durable with that group."""

    def __init__(self, pair, workshop):
        self.pair, self.ledger = pair, []
        host = LiveHost(workshop, pair.left.nbd)
        host.begin()
        os.sync()
        self.formatted = self._durable()
        self._use(host.folder, random.Random(12))
        host.finish()
        pair.wait_drained()
        pair.left.stop()
        pair.right.stop()
        self.journal, self.image, self.twin = pair.left.journal, pair.left.image, pair.right.image

    def _durable(self) -> int:
        return self.pair.left.status()["group"]["durable"]

    def _use(self, folder, dice) -> None:
        for number in range(ROUNDS):
            self._churn(folder, dice, number)
            name = "kept%03d" % number
            content = dice.randbytes(dice.choice([100, 5000, 30000]))
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self.ledger.append((self._durable(), name, content))
            if number % 25 == 24:
                call("fstrim", folder)

    def _churn(self, folder, dice, number) -> None:
        """What nobody syncs: made, changed, moved and removed again."""
        place = os.path.join(folder, "churn%d" % (number % 6))
        if os.path.isdir(place):
            shutil.rmtree(place)
        os.mkdir(place)
        for each in range(dice.randrange(1, 6)):
            with open(os.path.join(place, "file%d" % each), "wb") as file:
                file.write(dice.randbytes(dice.randrange(1, 60000)))
                file.truncate(dice.randrange(1, 60000))
            os.rename(os.path.join(place, "file%d" % each), os.path.join(folder, "moved%d" % dice.randrange(8)))


@pytest.fixture
def used(make_pair, workshop):  # noqa: F811
    return Used(make_pair(disk_size="32M", journal_size="192M").start(), workshop)


def missing(image, ledger, folder) -> str:
    """The first file of the ledger that the image does not hold as it was written, or ''."""
    folder.mkdir()
    try:
        commands = folder / "commands"
        commands.write_text("".join("dump %s %s/%s\n" % (name, folder, name) for _, name, _ in ledger))
        call("debugfs", "-f", str(commands), str(image))
        for _, name, content in ledger:
            path = folder / name
            if not path.exists() or path.read_bytes() != content:
                return "%s is not there as it was synced" % name
        return ""
    finally:
        shutil.rmtree(folder)


def faults(used, path, scratch) -> list:
    """Replays the log flush by flush; the first three things that are wrong anywhere."""
    with contextlib.closing(ReplayLog(path)) as log:
        flushes = sum(1 for each in iter(log.read, None) if each.flags & FLUSH)
    step = -(-(flushes - used.formatted) // POINTS)
    target, copy, found, looked = scratch / "target", scratch / "copy", [], 0
    with contextlib.closing(ReplayLog(path)) as log, target.open("w+b") as file:
        file.truncate(used.image.stat().st_size)
        while log.replay(file.fileno(), flush=True) and len(found) < 3:
            group = int(log.replay(file.fileno(), limit=1).name.removeprefix("group-"))
            if group < used.formatted or (group - used.formatted) % step:
                continue
            subprocess.run(["cp", "--sparse=always", target, copy], check=True)
            synced = [each for each in used.ledger if each[0] <= group]
            fault = unsound(copy) or missing(copy, synced[-NEWEST:], scratch / "tree")
            found += ["group %d: %s" % (group, fault)] * bool(fault)
            looked += 1
        log.replay(file.fileno())
    assert found or looked > 100, "only %d flushes were looked at" % looked
    if target.read_bytes() != used.image.read_bytes():
        found.append("replayed to its end, it is not the board's disk")
    return found


def test_every_flush_is_a_sound_file_system(used, tmp_path):
    assert cli.main(["journal", str(used.journal), "--log-writes", str(tmp_path / "log")]) == 0
    assert faults(used, tmp_path / "log", tmp_path) == []
    assert used.image.read_bytes() == used.twin.read_bytes()


class Tampered(LogWrites):
    """An export with a fault, in the groups around `group`: one of its writes is dropped, or it comes ten later."""

    what, group = "", 0

    def __init__(self, path):
        super().__init__(path)
        self._held, self._number = [], 1

    def write(self, start, data):
        if self._number == self.group and self.what == "late":
            self._held.append((start, bytes(data)))
        elif self._number != self.group or self._held or self.what != "dropped":
            super().write(start, data)
        else:
            self._held.append(None)

    def mark(self, name):
        super().mark(name)
        self._number += 1
        if self._number == self.group + 10 and self.what == "late":
            for each in self._held:
                super().write(*each)


@pytest.mark.parametrize("what", ["dropped", "late"])
def test_a_planted_fault_is_found(used, tmp_path, monkeypatch, what):
    monkeypatch.setattr(export, "LogWrites", Tampered)
    monkeypatch.setattr(Tampered, "what", what)
    monkeypatch.setattr(Tampered, "group", used.ledger[ROUNDS // 2][0])
    assert cli.main(["journal", str(used.journal), "--log-writes", str(tmp_path / "log")]) == 0
    used.formatted = Tampered.group  # nothing to see before
    found = faults(used, tmp_path / "log", tmp_path)
    assert any("is not there as it was synced" in each or "e2fsck" in each for each in found), found
