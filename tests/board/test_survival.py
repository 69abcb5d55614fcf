"""What a host was told is written outlives the process: real processes, real SIGKILLs, memory held by a keeper."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from board.keeper import Keeper
from tests.board.survivor import DISK_SIZE
from tests.process.oracle import History

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("SOSIE_KILL_ROUNDS", "8"))


_RUNNING = []


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    while _RUNNING:
        process = _RUNNING.pop()
        process.kill()
        process.wait()
    keeper = Keeper.reach(str(tmp_path / "journal"))
    if keeper is not None:
        keeper.let_go()


class Life:
    """One process of the board; killed `after_s` seconds after it serves, or after its start."""

    def __init__(self, folder: Path, seed: int, first: int):
        command = [sys.executable, "-m", "tests.board.survivor", str(folder), str(seed), str(first)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        self.survivors, self.adopted = "", 0
        self._said = []
        _RUNNING.append(self._process)
        self._folder = folder

    def wait_until_it_serves(self) -> bytes:
        """What its host sees first."""
        survivors = self._process.stdout.readline().split()
        assert survivors, "it ended"
        self.survivors, self.adopted = survivors[1].decode(), int(survivors[2])
        assert self._process.stdout.readline() == b"serves\n"
        return (self._folder / "seen").read_bytes()

    def wait_until_it_wrote(self, times: int) -> None:
        while times:
            self._said.append(self._process.stdout.readline())
            assert self._said[-1], "it ended"
            times -= self._said[-1].startswith(b"wrote")

    def kill(self) -> list:
        """The lines that it said since it serves."""
        self._process.kill()
        self._said += self._process.stdout.readlines()
        self._process.stdout.close()
        self._process.wait()
        return [line.decode().split() for line in self._said]


def note(history: History, said: list) -> int:
    """Takes over what a life wrote; the number of the last write that was answered."""
    answered = history.last
    for word, *numbers in said:
        if word == "begins":
            number, offset, length = map(int, numbers)
            assert history.add(offset, length) == number
        elif word == "wrote":
            answered = int(numbers[0])
    return answered


def test_killed_again_and_again(folder):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice, history, answered, adopted = random.Random(seed), History(DISK_SIZE), 0, 0
    for i in range(ROUNDS):
        if i % 3 == 2:  # this one dies while it comes up, and the next one finds what it found
            hasty = Life(folder, 0, 0)
            time.sleep(dice.uniform(0.1, 0.6))
            hasty.kill()
        life = Life(folder, dice.getrandbits(32), history.last + 1)
        image = life.wait_until_it_serves()
        assert life.survivors in (("new",) if i == 0 else ("adopted", "none"))
        adopted += life.adopted
        seen = history.prefix_of(image)
        assert seen in (answered, answered + 1), "answered: %d, there: %d" % (answered, seen)
        history.forget_after(seen)
        life.wait_until_it_wrote(8)  # or there may be nothing that could be pending
        time.sleep(dice.uniform(0.0, 0.4))
        answered = note(history, life.kill())
    assert adopted, "nothing was pending in any round: this test shows nothing"


def test_without_its_memory_it_says_so(folder):
    history = History(DISK_SIZE)
    life = Life(folder, 1, 1)
    life.wait_until_it_serves()
    time.sleep(0.2)
    note(history, life.kill())
    keeper = Keeper.reach(str(folder / "journal"))
    os.close(keeper.kept["memory"])
    keeper.let_go()
    life = Life(folder, 2, history.last + 1)
    history.prefix_of(life.wait_until_it_serves())
    assert life.survivors == "new"
    life.kill()
