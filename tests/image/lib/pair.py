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
DISK_PART = 7  # of a card that is the board's disk as well
OUTSIDE = "10.0.2.2"  # what a machine calls the one that it runs on


class Pair:
    """`left` is the primary and dials out, by way of `line`, which may be cut; `right` waits. `twin` is wiring of right
    alone. `on_cards`: their disks are the rests of their cards."""

    def __init__(self, image: Path, folder: Path, twin=None, line=Relay, on_cards=False, **wiring):
        self.folder, self.image, self.on_cards = folder, image, on_cards
        self.file = folder / "left-right.pair"
        link = free_port()
        self.line = line(link)
        self.left = self._board("left", "primary", "--peer", "%s:%d" % (OUTSIDE, self.line.port), **wiring)
        self.right = self._board("right", "twin", link=link, **(wiring | (twin or {})))
        self.primary, self.twin = self.left, self.right

    def _board(self, name: str, role: str, *options: str, **wiring) -> Board:
        if self.on_cards:
            options += ("--disk", "card", "--disk-size", "%dM" % (DISK_BYTES >> 20))
        card = flash(self.image, self.folder / (name + ".card"), "--name", name, "--role", role,
                     "--pair", str(self.file), *options)  # fmt: skip
        known = json.loads(self.file.read_text())
        secrets = known["boards"][name]["certificate"], known["password"]
        disks = [] if self.on_cards else [Disk(new_disk(self.folder / (name + ".disk")), "DISK-" + name)]
        return Board(self.folder / name, name, card, disks, secrets, **wiring).allow_tests()

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

    def wait_well(self) -> list[dict]:
        """The status of both when they mirror without an alarm; some stand until the next look at their cause."""
        well = "the pair mirrors without an alarm"
        return [board.wait_for(well, lambda status: status["state"] == "mirroring" and not status["alarms"])
                for board in self.boards]  # fmt: skip

    def change_roles(self) -> str:
        """From now on right is the primary; the line of its sosie.conf that lets it dial left."""
        self.primary, self.twin = self.twin, self.primary
        self.line.end()
        self.line = type(self.line)(self.twin.link)
        return "peer = %s:%d" % (OUTSIDE, self.line.port)

    def drained(self) -> bool:
        """Whether the twin has played all that the primary took. Call it when no writes come in."""
        mine, its = self.primary.answers(), self.twin.answers()
        if not mine or not its:
            return False
        together = mine["link"]["state"] == "up" and mine["state"] == "mirroring" and not mine["backlog"]["groups"]
        return together and its["group"]["played"] == mine["group"]["played"] == mine["group"]["written"]

    def wait_drained(self, limit_s: float = 600.0) -> None:
        wait_until("the pair is drained", self.drained, limit_s, 0.5)

    def settle(self) -> tuple[Path, Path]:
        """Waits until the twin has all, and their systems have written all to the disks; files with their content."""
        self.wait_drained()
        for board in self.boards:
            board.shell.run("sync")
        return self._content(self.left), self._content(self.right)

    def _content(self, board: Board) -> Path:
        if self.on_cards:
            return board.card.extract(DISK_PART, self.folder / (board.name + ".content"), DISK_BYTES)
        return board.disks[0].path

    def write_and_compare(self, device: str) -> None:
        """What the server writes to this device from here on is on the twin's disk."""
        self.left.shell.run("dd if=/dev/urandom of=%s bs=64k count=16 oflag=direct conv=fsync" % device)
        one, other = self.settle()
        assert one.read_bytes() == other.read_bytes()

    def end(self) -> None:
        for board in self.boards:
            board.cut()
        self.line.end()


def new_disk(path: Path) -> Path:
    """An empty one, as a file."""
    path.touch()
    os.truncate(path, DISK_BYTES)
    return path


def flash(image: Path, target: Path, *options: str) -> Card:
    """A card as flash.sh makes it, in a file."""
    argv = ["./flash.sh", "--board", "qemu", "--from", str(image), "--image", str(target), "--yes", *options]
    done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)  # fmt: skip
    assert done.returncode == 0, "%s ended with %d:\n%s" % (" ".join(argv), done.returncode, done.stdout)
    os.truncate(target, CARD_BYTES)
    return Card(target)
