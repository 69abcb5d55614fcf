"""Two boards of one pairing file, each with a card, a disk and a machine of its own, and the line between them."""

import json
import os
import subprocess
from pathlib import Path

from tests.image.lib.board import Board
from tests.image.lib.card import Card
from tests.image.lib.machine import Disk
from tests.process.boards import ROOT, free_port, wait_until
from tests.process.relay import Relay

DISK_BYTES = 64 << 20
CARD_BYTES = 2304 << 20
OUTSIDE = "10.0.2.2"  # what a machine calls the one that it runs on


class Pair:
    """`left` is the primary and dials out, by way of `line`, which may be cut; `right` waits. `twin` is wiring of right
    alone."""

    def __init__(self, image: Path, folder: Path, twin=None, **wiring):
        self.folder, self.image = folder, image
        self.file = folder / "left-right.pair"
        link = free_port()
        self.line = Relay(link)
        self.left = self._board("left", "primary", "--peer", "%s:%d" % (OUTSIDE, self.line.port), **wiring)
        self.right = self._board("right", "twin", link=link, **(wiring | (twin or {})))
        self.primary, self.twin = self.left, self.right

    def _board(self, name: str, role: str, *options: str, **wiring) -> Board:
        disk = self.folder / (name + ".disk")
        disk.touch()
        os.truncate(disk, DISK_BYTES)
        card = flash(self.image, self.folder / (name + ".card"), "--name", name, "--role", role,
                     "--pair", str(self.file), *options)  # fmt: skip
        known = json.loads(self.file.read_text())
        secrets = known["boards"][name]["certificate"], known["password"]
        return Board(self.folder / name, name, card, [Disk(disk, "DISK-" + name)], secrets, **wiring).allow_tests()

    @property
    def boards(self) -> tuple[Board, Board]:
        return self.left, self.right

    def switch_on(self) -> "Pair":
        for board in self.boards:
            if board.machine is None:
                board.switch_on()
        return self

    def wait_mirroring(self) -> None:
        for board in self.boards:
            board.wait_for("the pair mirrors", lambda status: status["state"] == "mirroring")

    def change_roles(self) -> str:
        """From now on right is the primary; the line of its sosie.conf that lets it dial left."""
        self.primary, self.twin = self.twin, self.primary
        self.line.end()
        self.line = Relay(self.twin.link)
        return "peer = %s:%d" % (OUTSIDE, self.line.port)

    def drained(self) -> bool:
        """Whether the twin has played all that the primary took. Call it when no writes come in."""
        mine, its = self.primary.answers(), self.twin.answers()
        if not mine or not its:
            return False
        together = mine["link"]["state"] == "up" and mine["state"] == "mirroring" and not mine["backlog"]["groups"]
        return together and its["group"]["played"] == mine["group"]["played"] == mine["group"]["written"]

    def wait_drained(self, limit_s: float = 120.0) -> None:
        wait_until("the pair is drained", self.drained, limit_s, 0.5)

    def settle(self) -> tuple[Path, Path]:
        """Waits until the twin has all, and their systems have written all to the disks, whose files it returns."""
        self.wait_drained()
        for board in self.boards:
            board.shell.run("sync")
        return self.left.disks[0].path, self.right.disks[0].path

    def end(self) -> None:
        for board in self.boards:
            board.cut()
        self.line.end()


def flash(image: Path, target: Path, *options: str) -> Card:
    """A card as flash.sh makes it, in a file."""
    argv = ["./flash.sh", "--board", "qemu", "--from", str(image), "--image", str(target), "--yes", *options]
    done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)  # fmt: skip
    assert done.returncode == 0, "%s ended with %d:\n%s" % (" ".join(argv), done.returncode, done.stdout)
    os.truncate(target, CARD_BYTES)
    return Card(target)
