"""Mounts and folders of what persists."""

import os

from firmware.errors import Refused

from .machine import Machine

_CARD_OPTIONS = "nosuid,nodev,noexec,noatime,umask=0027,gid=%d"
_STATE_OPTIONS = "nosuid,nodev,noexec,noatime"
_STATE_LOST = "the state partition of the card cannot be used (%s); flash the card again, or another one"
# folder below /state: (its mode, whether it is the firmware's own)
_FOLDERS = {
    "": (0o755, False),
    "board": (0o700, True),
    "keys": (0o700, True),
    "update": (0o750, True),
    "updater": (0o700, False),
    "clock": (0o755, False),
}


def mount_card(machine: Machine, device: str, gid: int) -> None:
    """The FAT partition, read-only: what a power cut finds unmounted or clean."""
    if not machine.is_mounted(machine.card):
        machine.run("mount", "-t", "vfat", "-o", "ro," + _CARD_OPTIONS % gid, device, machine.card)


class Writable:
    """A block in which the FAT partition may be written; all of it is durable at the end."""

    def __init__(self, machine: Machine):
        self._machine = machine

    def __enter__(self):
        self._machine.run("mount", "-o", "remount,rw", self._machine.card)

    def __exit__(self, *_):
        self._machine.run("sync", "-f", self._machine.card)
        self._machine.run("mount", "-o", "remount,ro", self._machine.card)


def mount_state(machine: Machine, device: str) -> None:
    """The state partition; its file system is repaired only when it does not mount. Raises Refused."""
    if machine.is_mounted(machine.state):
        return
    mount = ("mount", "-t", "ext4", "-o", _STATE_OPTIONS, device, machine.state)
    try:
        machine.run(*mount)
        return
    except Refused:
        pass
    try:
        machine.run("e2fsck", "-p", device)
    except Refused:  # 1 is: there were errors, and they are corrected
        pass
    try:
        machine.run(*mount)
    except Refused as error:
        raise Refused(_STATE_LOST % error) from None


def make_folders(machine: Machine, owner: tuple) -> None:
    """What lies in the state partition, each to its owner."""
    for name, (mode, is_own) in _FOLDERS.items():
        path = "%s/%s" % (machine.state, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        machine.give(path, *(owner if is_own else (0, 0)))
    os.makedirs(machine.run_folder + "/board", exist_ok=True)
    machine.give(machine.run_folder + "/board", *owner)


def bind_clock(machine: Machine) -> None:
    """systemd-timesyncd remembers the time in a folder of its own, which then outlives a power cut."""
    os.makedirs(machine.time_state, exist_ok=True)
    if not machine.is_mounted(machine.time_state):
        machine.run("mount", "--bind", machine.state + "/clock", machine.time_state)
