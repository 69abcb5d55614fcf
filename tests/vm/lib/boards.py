"""A pair of boards as processes in the guest: the primary is the host's USB disk, the twin waits on loopback."""

import shutil
import tempfile
from pathlib import Path

from tests.process.boards import Board, Pair, wait_until
from tests.vm.lib import bus

_PATIENCE_S = 90.0  # on an emulated processor that is shared


def product(name: str) -> str:
    """What the USB device of the board `name` calls itself."""
    return "Sosie " + name


class UsbPair(Pair):
    """`left` and `right` in a folder of their own in memory; the twin's disk is a USB disk, too, if `twin_attach` says
    so. Further lines are those of board.conf, for both.

    As a context it starts them, and ends them in whatever state they are.
    """

    def __init__(self, attach: str = "usb", twin_attach: str = "none", **lines):
        self.folder = Path(tempfile.mkdtemp(prefix="pair-", dir="/dev/shm"))
        lines = {"disk_size": "256M", "journal_size": "32M"} | lines
        super().__init__(self.folder, **lines)
        self.left.write_conf(attach=attach)
        self.right.write_conf(attach=twin_attach)

    def start(self) -> "UsbPair":
        self.right.start(_PATIENCE_S)
        self.left.start(_PATIENCE_S)
        return self

    def __enter__(self) -> "UsbPair":
        try:
            return self.start()
        except BaseException:
            self._say()
            self.end()
            raise

    def __exit__(self, kind, *_) -> None:
        if kind is not None:
            self._say()
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _say(self) -> None:
        """What the boards said, for the report of a failure."""
        for board in (self.left, self.right):
            for line in board.said().splitlines()[-20:]:
                print("    %s: %s" % (board.name, line))

    def disk(self, limit_s: float = _PATIENCE_S) -> bus.Disk:
        """The primary's disk as the host has it."""

        def ready():
            assert self.left.running, "the primary ended with %d" % self.left.process.returncode
            disk = bus.find(product("left"))
            return disk if disk and disk.size else None

        return wait_until("the host has the primary's disk", ready, limit_s, 0.1)

    def stop(self) -> None:
        """Cleanly: all that the primary took is then on both disks."""
        self.wait_drained(_PATIENCE_S)
        self.left.stop(_PATIENCE_S)
        self.right.stop(_PATIENCE_S)
        bus.wait_until_gone(product("left"))


def assert_same(one: Board, other: Board) -> None:
    """The disks of two boards that have stopped hold the same."""
    with open(one.image, "rb") as a, open(other.image, "rb") as b:
        at = 0
        while True:
            left, right = a.read(1 << 20), b.read(1 << 20)
            assert left == right, "the disks of %s and %s differ in the MiB at %d" % (one.name, other.name, at)
            if not left:
                return
            at += len(left)


def allocated(board: Board) -> int:
    """Bytes of its image that are no holes."""
    return board.image.stat().st_blocks * 512


__all__ = ["Board", "UsbPair", "allocated", "assert_same", "product", "wait_until"]
