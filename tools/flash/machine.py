"""What the kernel says about a block device and who uses it. Reads /sys and /proc only; opens no device."""

import os
import re
import stat
from pathlib import Path

from firmware.quantity import size_text

SECTOR = 512  # the unit of /sys/.../size and of partition tables, whatever the device's own is
SYSTEM_PLACES = ("/", "/boot", "/boot/efi", "/boot/firmware", "/usr", "/var", "/home", "/nix", "/gnu/store")


class Device:
    """One block device: `name` as in /sys/class/block, `number` as "8:16", `size` in bytes, and what it looks like."""

    def __init__(self, path: str, folder: Path):
        self.path = path
        self.folder = folder
        self.name = folder.name
        self.number = _text(folder / "dev")
        self.size = int(_text(folder / "size") or "0") * SECTOR
        self.is_partition = (folder / "partition").exists()
        self.is_read_only = _text(folder / "ro") == "1"
        self.is_removable = _text(folder / "removable") == "1"
        self.block_size = int(_text(folder / "queue/logical_block_size") or SECTOR)

    @property
    def kind(self) -> str:
        """loop, virtual (made by the kernel of other things), sd (a card), usb, or internal."""
        if self.name.startswith("loop"):
            return "loop"
        parts = self.folder.parts
        if "virtual" in parts or self.name.startswith(("nbd", "zram", "ram")):
            return "virtual"
        if "mmc_host" in parts or self.name.startswith("mmcblk"):
            return "sd" if _text(self.folder / "device/type") == "SD" else "internal"
        return "usb" if any(re.fullmatch(r"usb\d+", part) for part in parts) else "internal"

    @property
    def model(self) -> str:
        """The maker's words, or ''."""
        words = [_text(self.folder / "device" / name) for name in ("vendor", "model", "name")]
        return " ".join(" ".join(word for word in words if word and not word.startswith("0x")).split())

    def family(self) -> "list[Device]":
        """The device and its partitions."""
        parts = sorted(entry.parent for entry in self.folder.glob("*/partition"))
        return [self] + [Device("/dev/" + part.name, part) for part in parts]


class Machine:
    """The kernel's view below `root`, which is / but in tests."""

    def __init__(self, root: str = "/"):
        self._sys = Path(root, "sys")
        self._proc = Path(root, "proc")
        self._udev = Path(root, "run/udev/data")

    def number(self, path: str) -> "str | None":
        """"8:16" of a block device's path; None of anything else."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        if not stat.S_ISBLK(status.st_mode):
            return None
        return "%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev))

    def device(self, path: str) -> "Device | None":
        """What stands behind a path in /dev; None when that is no block device that the kernel knows."""
        number = self.number(path)
        folder = self._sys / "dev/block" / number if number else None
        return Device(path, folder.resolve()) if folder and folder.exists() else None

    def holders(self, device: Device) -> "list[str]":
        """What the kernel put on the device: LVM and encrypted volumes, RAID, loop devices."""
        names = [_label(self._sys / "class/block" / entry.name) for entry in _entries(device.folder / "holders")]
        for loop in _entries(self._sys / "block"):
            behind = _text(loop / "loop/backing_file")
            if behind.startswith("/dev/") and self.number(behind) == device.number:
                names.append(loop.name)
        return names

    def mounts(self, device: Device) -> "list[str]":
        """Where the device is mounted, as far as this process sees it."""
        return [place for number, place in self._mounted() if number == device.number]

    def system_disks(self) -> "set[str]":
        """Numbers of the whole disks that the running system lives on or swaps to, through LVM, RAID and encryption."""
        used = {number for number, place in self._mounted() if place in SYSTEM_PLACES} | self._swaps()
        return {disk for number in used for disk in self._disks(number, 0)}

    def contents(self, device: Device) -> "list[str]":
        """Each partition with its size and, where udev knows it, its file system and label."""
        found = []
        for part in device.family()[1:]:
            known = dict(line[2:].split("=", 1) for line in _text(self._udev / ("b" + part.number)).splitlines()
                         if line.startswith("E:") and "=" in line)
            words = [size_text(part.size), known.get("ID_FS_TYPE", ""), known.get("ID_FS_LABEL", "")]
            found.append("/dev/%s: %s" % (part.name, " ".join(filter(None, words))))
        return found

    def _disks(self, number: str, depth: int) -> "set[str]":
        link = self._sys / "dev/block" / number
        if not link.exists() or depth > 16:
            return set()
        folder = link.resolve()
        if (folder / "partition").exists():
            folder = folder.parent
        below = [_text(entry / "dev") for entry in _entries(folder / "slaves")]
        found = {_text(folder / "dev")}
        for each in below:
            found |= self._disks(each, depth + 1)
        return found

    def _mounted(self) -> "list[tuple[str, str]]":
        """(device number, mount point). Btrfs has numbers of its own: its source, a path, is looked up instead."""
        found = []
        for line in _text(self._proc / "self/mountinfo").splitlines():
            head, _, tail = line.partition(" - ")
            fields, behind = head.split(" "), tail.split(" ")
            if len(fields) < 5 or len(behind) < 2:
                continue
            place = _plain(fields[4])
            found.append((fields[2], place))
            number = self.number(_plain(behind[1])) if behind[1].startswith("/dev/") else None
            if number and number != fields[2]:
                found.append((number, place))
        return found

    def _swaps(self) -> "set[str]":
        lines = _text(self._proc / "swaps").splitlines()[1:]
        return {number for line in lines if line and (number := self.number(_plain(line.split()[0])))}


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _entries(folder: Path) -> "list[Path]":
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _label(folder: Path) -> str:
    """"dm-0 (vg-root)" for a mapped device, else its name."""
    name = _text(folder / "dm/name")
    return "%s (%s)" % (folder.name, name) if name else folder.name


def _plain(text: str) -> str:
    """The kernel writes white space in paths as octal escapes."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
