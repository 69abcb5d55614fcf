"""Which disks are attached to the board, and which of them is meant.

A disk is known by its names in /dev/disk/by-id, which hold its serial number and no port, and by its size. The card is
none, nor what this board itself shows on a USB port, should its own kernel be the host there.
"""

import os
import re

from firmware.errors import Refused

from .machine import Machine

_OWN_VENDOR = "SOSIE"
_NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|mtd)[0-9]*|mmcblk[0-9]+(boot[0-9]+|rpmb)")
_PART = re.compile(r".*-part[0-9]+")
_BEST_FIRST = ("wwn-", "nvme-eui.", "nvme-", "ata-", "usb-", "mmc-", "virtio-", "scsi-")
_EMPTIED = 16 << 20  # bytes at the beginning and at the end
_ANEW = "put an empty file start-anew on the card and restart the board"


class Waiting(Refused):
    """A disk is missing; it may only not have appeared yet."""


class Disk:
    """An attached disk: `path` of its device, `names` by id, the most telling first, `size` in bytes."""

    def __init__(self, path: str, names: list, size: int):
        self.path = path
        self.names = names
        self.size = size

    @property
    def shown(self) -> str:
        """For a person."""
        return "%s (%s)" % (self.names[0] if self.names else self.path, size_words(self.size))


def size_words(size: int) -> str:
    """A size as it stands on disks, in powers of 1000."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return "%.1f %s" % (size / factor, unit) if size < 100 * factor else "%d %s" % (size // factor, unit)
    return "%d bytes" % size


def attached(machine: Machine, card: str) -> list:
    """All disks that a person could mean; `card`: the device of the card."""
    names = _names_by_device(machine)
    found = []
    for name in machine.names(machine.sys + "/block"):
        folder = "%s/block/%s" % (machine.sys, name)
        path = "%s/%s" % (machine.dev, name)
        if _NO_DISK.fullmatch(name) or path == card or not os.path.exists(folder + "/device"):
            continue
        if not os.path.exists("%s/data/b%s" % (machine.udev, machine.read(folder + "/dev"))):
            continue  # udev has not given it its names yet
        size = machine.read(folder + "/size")
        if machine.read(folder + "/device/vendor") == _OWN_VENDOR or size in ("", "0"):  # a card reader without a card
            continue
        found.append(Disk(path, names.get(path, []), int(size) * 512))
    return found


def _names_by_device(machine: Machine) -> dict:
    folder = machine.dev + "/disk/by-id"
    found = {}
    for name in machine.names(folder):
        if not _PART.fullmatch(name):
            found.setdefault(os.path.realpath("%s/%s" % (folder, name)), []).append(name)
    for names in found.values():
        names.sort(key=_rank)
    return found


def _rank(name: str) -> tuple:
    ranks = [index for index, start in enumerate(_BEST_FIRST) if name.startswith(start)]
    return (ranks[0] if ranks else len(_BEST_FIRST), name)


def choose(disks: list, wanted: "str | None", known: "dict | None") -> Disk:
    """The one that is meant: `wanted`, a path by id, or the only one; `known` is what memory.py keeps of it.

    Raises Refused, and Waiting where a disk that is plugged in would do.
    """
    here = [disk for disk in disks if wanted is None or os.path.basename(wanted) in disk.names]
    if wanted is not None and not here:
        raise Waiting("the disk of this board, %s, is not attached: plug it in%s" % (wanted, _instead(disks)))
    if known is not None:
        return _known(here, known)
    if not here:
        raise Waiting("no disk is attached: plug one into a USB port of the board")
    if len(here) > 1:
        raise Refused(
            "several disks are attached, %s: unplug all but one, or name the one that is meant in sosie.conf: "
            "disk = /dev/disk/by-id/%s" % (_list(here), (here[0].names or ["..."])[0])
        )
    if not here[0].names:
        raise Refused("the disk %s tells no serial number, so it could not be told from another one; use another disk"
                      % here[0].shown)  # fmt: skip
    return here[0]


def _known(here: list, known: dict) -> Disk:
    for disk in here:
        if disk.size == known["size"] and set(disk.names) & set(known["names"]):
            return disk
    expected = "%s (%s)" % (known["names"][0], size_words(known["size"]))
    if not here:
        raise Waiting("the disk of this board, %s, is not attached: plug it in" % expected)
    raise Waiting(
        "this board belongs to the disk %s, and %s is attached: plug the right one in, or, to go on with the other as "
        "a new board, %s" % (expected, _list(here), _ANEW)
    )


def _instead(disks: list) -> str:
    return ", or correct the line disk of sosie.conf; attached is " + _list(disks) if disks else ""


def _list(disks: list) -> str:
    return " and ".join(disk.shown for disk in disks)


def empty(path: str) -> None:
    """Makes the disk look unused: what every partition table and file system begins or ends with is gone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        raise Refused("the disk %s cannot be emptied (%s)" % (path, error.strerror)) from None
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        piece = bytes(1 << 20)
        for begin, end in ((0, min(_EMPTIED, size)), (max(0, size - _EMPTIED), size)):
            while begin < end:
                begin += os.pwrite(descriptor, memoryview(piece)[: end - begin], begin)
        os.fsync(descriptor)
    except OSError as error:
        raise Refused("the disk %s cannot be emptied (%s); replace it" % (path, error.strerror)) from None
    finally:
        os.close(descriptor)
