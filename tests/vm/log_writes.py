"""Runs inside the guest: Linux' own dm-log-writes on top of a board's disk, against the log that the board exports.

A file system is made and used through both. Every write is in both logs, in an order that the block layer allows, and
both replayed to the end give the board's disk. By NBD and by USB, or by what the arguments name.
"""

import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.process.boards import Pair, wait_until  # noqa: E402
from tests.tools.ext4 import unsound  # noqa: E402
from tests.tools.replay_log import ReplayLog  # noqa: E402
from tests.tools.two_logs import Ours, compare, unit_of  # noqa: E402
from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, assert_same  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402
from tools import cli  # noqa: E402

MOUNT = Path("/mnt")
NAME = "logged"
ROUNDS = 12
SIZES = {"disk_size": "24M", "journal_size": "64M"}


class NbdPair(Pair):
    """A pair whose primary's disk is the kernel's /dev/nbd0."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pair-", dir="/dev/shm"))
        super().__init__(self.folder, **SIZES)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        shell.run("nbd-client", "-d", "/dev/nbd0", codes=None)
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self) -> str:
        shell.load("nbd")
        shell.run("nbd-client", "127.0.0.1", self.left.nbd, "/dev/nbd0")
        wait_until("the disk has its size", lambda: int(shell.read("/sys/block/nbd0/size")))
        return "/dev/nbd0"

    def unplug(self) -> None:
        shell.run("nbd-client", "-d", "/dev/nbd0")


class Usb(UsbPair):
    def __init__(self):
        bus.lay()
        super().__init__(**SIZES)

    def path(self) -> str:
        disk = self.disk()
        for path in disk.scsi.glob("scsi_disk/*/provisioning_mode"):
            shell.write(path, "unmap")
        return disk.path

    def unplug(self) -> None:
        pass


class Logged:
    """dm-log-writes on `device`, its log in the file `log`, inside of a `with`."""

    def __init__(self, device: str, log: Path):
        shell.load("loop", "dm-log-writes")
        self._device = device
        with log.open("wb") as file:
            file.truncate(192 << 20)
        self._loop = shell.run("losetup", "--find", "--show", log).stdout.strip()

    def __enter__(self) -> "Logged":
        sectors = shell.run("blockdev", "--getsz", self._device).stdout.strip()
        shell.run("dmsetup", "create", NAME, "--noudevsync", "--table",
                  "0 %s log-writes %s %s" % (sectors, self._device, self._loop))
        self.path = "/dev/dm-" + shell.run("dmsetup", "info", "-c", "--noheadings", "-o", "minor", NAME).stdout.strip()
        return self

    def __exit__(self, *_) -> None:
        shell.run("dmsetup", "remove", "--retry", "--noudevsync", NAME)
        shell.run("losetup", "--detach", self._loop)

    def mark(self, name: str) -> None:
        shell.run("dmsetup", "message", NAME, "0", "mark", name)


def use(pair, logged: Logged) -> int:
    """Returns the group with which the file system was made."""
    shell.run("mkfs.ext4", "-q", "-F", "-b", "4096", logged.path)
    shell.run("mount", "-t", "ext4", logged.path, MOUNT)
    os.sync()
    made = pair.left.status()["group"]["durable"]
    dice = random.Random(3)
    for number in range(ROUNDS):
        for name in ("kept%d" % number, "again%d" % (number % 3)):
            with open(MOUNT / name, "wb") as file:
                file.write(dice.randbytes(dice.randrange(1, 60000)))
                file.flush()
                if name.startswith("kept"):
                    os.fsync(file.fileno())
        if number % 4 == 3:
            mark(pair, logged, "round-%d" % number)
            os.unlink(MOUNT / ("kept%d" % (number - 1)))
    shell.run("fstrim", MOUNT, codes=None)
    shell.run("umount", MOUNT)
    return made


def mark(pair, logged: Logged, name: str) -> None:
    """The same mark in both logs, the kernel's first: what it has before it is in ours before ours."""
    logged.mark(name)
    code, answer = pair.left.request("POST", "/api/mark", {"name": name})
    assert code == 200, answer


def judge(pair, first: int, made: int, kernel_log: Path, our_log: Path) -> None:
    """`first`: the last group before the disk was used; `made`: with which the file system was there."""
    kernel, ours = ReplayLog(kernel_log), ReplayLog(our_log)
    seen = compare(kernel, Ours(ours, first, unit_of(kernel, ours)))
    print("    the kernel saw %s" % json.dumps(seen))
    assert seen["flushes"] > ROUNDS and seen["fua"] > ROUNDS / 2 and seen["marks"] == ROUNDS // 4
    check_flushes(pair, ours, made)
    for log in (kernel, ours):
        log.rewind()
        assert replayed(log, pair) == pair.left.image.read_bytes(), "replayed to its end it is not the board's disk"


def check_flushes(pair, log: ReplayLog, first: int) -> None:
    """The file system is sound at every fourth flush behind group `first`."""
    target, copy, looked = pair.folder / "target", pair.folder / "copy", 0
    with target.open("w+b") as file:
        file.truncate(pair.left.image.stat().st_size)
        log.rewind()
        log.replay(file.fileno(), mark="group-%d" % first)
        while (flush := log.replay(file.fileno(), flush=True)) is not None:
            if looked % 4 == 0:
                shell.run("cp", "--sparse=always", target, copy)
                fault = unsound(copy)
                assert not fault, "replayed to entry %d: %s" % (flush.number, fault)
            looked += 1
    assert looked > ROUNDS, "only %d flushes" % looked


def replayed(log: ReplayLog, pair) -> bytes:
    target = pair.folder / "target"
    with target.open("w+b") as file:
        file.truncate(pair.left.image.stat().st_size)
        log.replay(file.fileno())
    return target.read_bytes()


def run(pair) -> None:
    pair.wait_drained()
    first = pair.left.status()["group"]["durable"]
    kernel_log, our_log = pair.folder / "kernel", pair.folder / "ours"
    with Logged(pair.path(), kernel_log) as logged:
        made = use(pair, logged)
    pair.unplug()
    pair.wait_drained(60.0)
    pair.left.stop()
    pair.right.stop()
    assert_same(pair.left, pair.right)
    assert cli.main(["journal", str(pair.left.journal), "--log-writes", str(our_log)]) == 0
    try:
        judge(pair, first, made, kernel_log, our_log)
    except BaseException:
        for log in (kernel_log, our_log):
            shell.run("cp", "--sparse=always", log, os.environ["OUT"])
        raise


def main(arguments: list[str]) -> int:
    checks = Checks()
    for name, make in (("nbd", NbdPair), ("usb", Usb)):
        if not arguments or name in arguments:
            with checks.check("%s: the kernel's log and ours tell the same" % name), make() as pair:
                run(pair)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
