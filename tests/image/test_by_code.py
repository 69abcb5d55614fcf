"""A card that was flashed without keys: it is paired by a code that its serial console shows, and renewed over its page.

The other board is a process of this machine, so that one booted image is enough.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.ports.cpython import keys
from tests.image.lib.board import Board
from tests.image.lib.machine import Disk
from tests.image.lib.pair import CARD_BYTES, DISK_BYTES, flash
from tests.process.boards import ROOT, wait_until
from tests.process.keyed import KeyedBoard
from tests.process.person import Line

pytestmark = pytest.mark.timeout(600)


class Keyboard:
    """The serial port of a booted board."""

    def __init__(self, board: Board):
        self.board = board
        self.line = board.machine.connect("serial")

    def type(self, text: str) -> None:
        self.line.sendall(text.encode())

    def sees(self, text: str, limit_s: float = 60.0) -> str:
        try:
            wait_until("", lambda: text in self.board.screen(), limit_s, 0.3)
        except AssertionError:
            raise AssertionError("%r does not come: %s" % (text, self.board.screen())) from None
        return self.board.screen()


@pytest.fixture(scope="module")
def twin(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    disk = folder / "disk"
    disk.touch()
    os.truncate(disk, DISK_BYTES)
    card = flash(image, folder / "card", "--name", "right", "--role", "twin", "--no-pair")
    assert card.path.stat().st_size == CARD_BYTES
    board = Board(folder / "right", "right", card, [Disk(disk, "DISK-right")])
    board.switch_on()
    yield board
    board.cut()


@pytest.fixture(scope="module")
def primary(twin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("left")
    line = Line(folder / "tty")
    board = KeyedBoard(folder, "left", role="primary", peer="127.0.0.1:%d" % twin.link, disk_size="64M",
                       console=folder / "tty")  # fmt: skip
    board.line = line
    board.start()
    yield board
    board.end()
    line.close()


def test_paired_by_code(twin, primary):
    keyboard = Keyboard(twin)
    keyboard.sees("this board is not paired", 240)
    keyboard.type("pair\r")
    code = re.search(r"pair (\d+-[a-z]+-[a-z]+)", keyboard.sees("The code is good for ten minutes")).group(1)
    primary.line.type("pair %s\r" % code)
    primary.line.sees("left and right are paired.", 60)
    keyboard.sees("right and left are paired.")
    wait_until("they mirror", lambda: primary.status()["state"] == "mirroring", 120, 0.5)


def test_a_password_and_new_keys(twin, primary, tmp_path):
    keyboard = Keyboard(twin)
    keyboard.type("password\r")
    keyboard.sees("makes a new password")
    keyboard.type("yes\r")
    password = re.search(r"([a-z0-9]{4}-){3}[a-z0-9]{4}", keyboard.sees("The password of the page")).group(0)
    before = primary.peers
    home = Path(tmp_path)
    (home / "left").write_text(password)
    command = [sys.executable, "-m", "tools.cli", "pair", "renew", "https://127.0.0.1:%d" % twin.web,
               "https://127.0.0.1:%d" % primary.web]  # fmt: skip
    from firmware.ports.cpython import keyfolder

    keyfolder.set_password(primary.keys, password)  # one for both, as the command takes it
    primary.password = password
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"HOME": str(home), "SOSIE_PASSWORD": password},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert primary.peers != before and len(primary.peers) == 1
    assert keys.facts(primary.peers[0])[0] == "right"
    wait_until("they mirror", lambda: primary.status()["state"] == "mirroring", 120, 0.5)
