"""Runs inside the guest: file systems on the USB disk of a pair, at high and at super speed.

Four of them side by side on one GPT: made, filled, unmounted, mounted again, compared, checked by their own tools,
trimmed. Then both boards stop, and the twin's image must be the primary's, and serve the same files.
"""

import hashlib
import os
import random
import shutil
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, allocated, assert_same, wait_until  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MOUNT = Path("/mnt")
MIB = 1 << 20
PARTITION_MIB = 56
BALLAST = 3 * MIB  # of one file, which is deleted before the trim


class FileSystem:
    """How one kind is made, mounted and checked; `parted` is its name there."""

    def __init__(self, name, parted, make, kind, check, modules=()):
        self.name, self.parted, self.make, self.kind, self.check = name, parted, make, kind, check
        self.modules = modules


KINDS = [
    FileSystem("ext4", "ext4", "mkfs.ext4 -q -F", "ext4", "e2fsck -fn"),
    FileSystem("vfat", "fat32", "mkfs.vfat -F 32", "vfat", "fsck.vfat -n", ("vfat", "nls_cp437", "nls_ascii")),
    FileSystem("exfat", "ntfs", "mkfs.exfat", "exfat", "fsck.exfat -n", ("exfat", "nls_utf8")),
    FileSystem("ntfs", "ntfs", "mkfs.ntfs -q -Q -F", "ntfs-3g", "ntfsfix -n", ("fuse",)),
]


def main(arguments: list[str]) -> int:
    speeds = [speed for speed in (bus.SUPER, bus.HIGH) if speed in arguments] or [bus.SUPER, bus.HIGH]
    checks = Checks()
    for speed in speeds:
        bus.lay(speed)
        with UsbPair() as pair:
            run(pair, speed, checks)
    return checks.end()


def run(pair: UsbPair, speed: str, checks: Checks) -> None:
    with checks.check("%s: the host has the disk, and its partitions" % speed):
        disk = pair.disk()
        assert disk.speed == speed, "the disk runs at " + disk.speed
        assert disk.size == pair.left.status()["disk_size"], "the host sees %d bytes" % disk.size
        partition(disk)
    sums = {}
    for number, kind in enumerate(KINDS, start=1):
        with checks.check("%s: %s" % (speed, kind.name)):
            sums[kind.name] = fill(kind, disk.path + str(number))
    with checks.check("%s: what is trimmed becomes holes in both disks, and reads as zeroes" % speed):
        trim(pair, disk)
    with checks.check("%s: after a clean stop the twin's disk is the primary's, and has the same files" % speed):
        pair.stop()
        assert_same(pair.left, pair.right)
        compare_image(pair.right.image, sums)


def partition(disk: bus.Disk) -> None:
    bus.take_small_pieces(disk)
    words = ["mklabel", "gpt"]
    for number, kind in enumerate(KINDS):
        begin = 1 + number * PARTITION_MIB
        words += ["mkpart", kind.name, kind.parted, "%dMiB" % begin, "%dMiB" % (begin + PARTITION_MIB)]
    shell.run("parted", "--script", disk.path, *words)
    wait_until("the partitions appear", lambda: Path(disk.path + "4").exists())
    shell.run("parted", "--script", disk.path, "align-check", "optimal", "1")


def fill(kind: FileSystem, device: str) -> dict:
    """Makes the file system and copies a tree there; what is read later, from the disk, must be the same."""
    shell.load(*kind.modules)
    shell.run(*kind.make.split(), device)
    with Mounted(kind, device):
        copy_tree(MOUNT)
        expected = sums_of(MOUNT)
        assert len(expected) > 10, "only %d files" % len(expected)
    with Mounted(kind, device, "ro"):
        assert_files(expected, "after unmount and mount")
    shell.run(*kind.check.split(), device)
    return expected


def copy_tree(target: Path) -> None:
    shutil.copytree(ROOT / "firmware/log", target / "firmware/log")
    (target / "ballast").write_bytes(random.Random(7).randbytes(BALLAST))
    with open(target / "grown", "wb") as file:  # small synchronous appends
        for number in range(5):
            file.write(b"%04d" % number * 300)
            file.flush()
            os.fsync(file.fileno())


def sums_of(folder: Path) -> dict:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def assert_files(expected: dict, when: str) -> None:
    found = sums_of(MOUNT)
    wrong = sorted(name for name in expected if found.get(name) != expected[name])
    assert found == expected, "%s these files differ: %s" % (when, wrong or sorted(set(found) - set(expected)))


class Mounted:
    """Mounts a device on MOUNT inside of a `with`, with nothing of it in memory before and after."""

    def __init__(self, kind: FileSystem, device: str, options: str = "rw"):
        self._words = ("mount", "-t", kind.kind, "-o", options, device, MOUNT)

    def __enter__(self) -> None:
        shell.write("/proc/sys/vm/drop_caches", 3)
        shell.run(*self._words)

    def __exit__(self, *_) -> None:
        shell.run("umount", MOUNT)
        wait_until("it is unmounted", lambda: not os.path.ismount(MOUNT))


# Trim


def trim(pair: UsbPair, disk: bus.Disk) -> None:
    bus.enable_discard(disk)
    write_and_discard(disk, len(KINDS) * PARTITION_MIB * MIB + 4 * MIB, 2 * MIB)
    pair.wait_drained()
    before = [allocated(board) for board in (pair.left, pair.right)]
    freed = 0
    for number, kind in enumerate(KINDS, start=1):
        device = disk.path + str(number)
        with Mounted(kind, device):
            os.unlink(MOUNT / "ballast")
            os.sync()
            shell.run("fstrim", "-v", MOUNT)
        shell.run(*kind.check.split(), device)
        freed += BALLAST
    pair.wait_drained()
    for board, allocated_before in zip((pair.left, pair.right), before):
        punched = allocated_before - allocated(board)
        assert punched > freed * 0.9, "of %d bytes only %d became holes on %s" % (freed, punched, board.name)


def write_and_discard(disk: bus.Disk, offset: int, length: int) -> None:
    """A discarded range reads as zeroes, and its neighbours as before."""
    data = random.Random(8).randbytes(length)
    with open(disk.path, "r+b", buffering=0) as device:
        os.pwrite(device.fileno(), data, offset)
        os.fsync(device.fileno())
    shell.run("blkdiscard", "-o", offset + MIB // 2, "-l", MIB, disk.path)
    shell.write("/proc/sys/vm/drop_caches", 3)
    with open(disk.path, "rb", buffering=0) as device:
        found = os.pread(device.fileno(), length, offset)
    assert found == data[: MIB // 2] + bytes(MIB) + data[MIB // 2 + MIB :], "a discarded range does not read as zeroes"


# The twin


def compare_image(image: Path, sums: dict) -> None:
    shell.load("loop max_part=8")
    loop = shell.run("losetup", "--find", "--show", "--partscan", "--read-only", image).stdout.strip()
    try:
        for number, kind in enumerate(KINDS, start=1):
            expected = {name: value for name, value in sums[kind.name].items() if name != "ballast"}
            device = "%sp%d" % (loop, number)
            with Mounted(kind, device, "ro"):
                assert_files(expected, "on the twin's %s" % kind.name)
            shell.run(*kind.check.split(), device)
    finally:
        shell.run("losetup", "--detach", loop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
