"""Whether a device may become a card. Every refusal is one sentence; nothing was touched by then."""

import os

from firmware.errors import Refused
from firmware.quantity import size_text
from tools.flash.machine import SECTOR, Device, Machine

LEAST_BYTES = 2 << 30  # two slots, the state, and rings that are worth having
MOST_BYTES = SECTOR << 32  # what the table of partitions can count


def card(machine: Machine, path: str, force: bool = False) -> Device:
    """The device at `path`, judged; raises Refused. `force` takes what does not look like a card, and nothing else."""
    device = machine.device(path)
    if device is None:
        raise Refused(_no_device(machine, path))
    if device.is_partition:
        raise Refused("%s is a partition; name the whole card: /dev/%s" % (path, device.folder.parent.name))
    _check_unused(machine, device)
    _check_usable(device)
    if not force:
        _check_looks(device)
    return device


def file(path: str, force: bool = False) -> None:
    """Raises Refused when an image file must not be made at `path`. `force` replaces an old one."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise Refused("there is no folder %s for the image file; make it, or name another place" % folder)
    if os.path.lexists(path) and not os.path.isfile(path):
        raise Refused("%s is no ordinary file; name a card without --image, or another file" % path)
    if os.path.lexists(path) and not force:
        raise Refused("%s is there already; name another file, or say --force to replace it" % path)


def _no_device(machine: Machine, path: str) -> str:
    if os.path.isfile(path):
        return "%s is a file, not a card; to make an image file say --image %s" % (path, path)
    if os.path.exists(path):
        return "%s is not a block device; `lsblk` shows what a card is called here" % path
    return "there is no %s; put the card in, and `lsblk` shows what it is called here" % path


def _check_unused(machine: Machine, device: Device) -> None:
    if device.number in machine.system_disks():
        raise Refused("%s is the disk that this computer runs from, or swaps to; name the card" % device.path)
    mounted = [(part, place) for part in device.family() for place in machine.mounts(part)]
    if mounted:
        part, place = mounted[0]
        command = " ".join(sorted({"/dev/" + each.name for each, _ in mounted}))
        raise Refused("/dev/%s is mounted on %s; is this the card? Then first: umount %s" % (part.name, place, command))
    for part in device.family():
        holders = machine.holders(part)
        if holders:
            raise Refused("/dev/%s is in use by %s (LVM, RAID, encryption or a loop device); name the card, or take "
                          "that away from it first" % (part.name, ", ".join(holders)))


def _check_usable(device: Device) -> None:
    if device.kind == "virtual":
        raise Refused("%s is no card: the kernel makes it of something else; name the card itself" % device.path)
    if not device.size:
        raise Refused("there is no card in %s; put one in" % device.path)
    if device.is_read_only:
        raise Refused("%s is write-protected; slide the lock on the card or its adapter and put it in again"
                      % device.path)
    if device.size < LEAST_BYTES:
        raise Refused("%s has %s and a card needs at least %s; take a card of 4 GB or more"
                      % (device.path, size_text(device.size), size_text(LEAST_BYTES)))
    if device.block_size != SECTOR:
        raise Refused("%s has blocks of %d bytes and a board starts from %d only; take another card or reader"
                      % (device.path, device.block_size, SECTOR))


def _check_looks(device: Device) -> None:
    what = "%s (%s, %s)" % (device.path, device.model or "no name", size_text(device.size))
    if device.kind == "internal":
        raise Refused("%s looks like a disk inside this computer, not like a card; if it is to be overwritten, "
                      "say --force" % what)
    if device.kind == "usb" and not device.is_removable:
        raise Refused("%s looks like an external disk, not like a card; if it is to be overwritten, say --force" % what)
    if device.size > MOST_BYTES:
        raise Refused("%s is larger than any card; if it is to be overwritten, say --force (a board uses the first %s)"
                      % (what, size_text(MOST_BYTES)))
