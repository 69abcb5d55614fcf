"""`python3 -m board.setup.onto`: the set-up on a system that somebody has, where flash.sh --onto has laid the firmware.

There are no partitions of the board's own. The state is a folder of that system, the journal a file in it, and the
network, the clock and the updates are that system's business.
"""

import os
import sys

from board.files import sync_folder
from firmware.errors import Refused

from . import anew, card, folders
from .__main__ import Setup, main
from .machine import Machine

KEPT = "/var/lib/sosie"
JOURNAL, DISK = "board/journal", "board/disk"  # below /state
LEAST_JOURNAL = 64 << 20


class OntoMachine(Machine):
    """`boot`: where that system mounts its FAT partition. It stays writable there, and so here."""

    def __init__(self, boot: str, root: str = ""):
        super().__init__(root)
        self.boot = root + boot
        self.kept = root + KEPT
        self.mounts = root + "/proc/self/mountinfo"

    def is_mounted(self, path: str) -> bool:
        """os.path.ismount() does not see that a folder of the same file system is mounted there."""
        with open(self.mounts) as file:
            return any(line.split(" ")[4] == path for line in file)

    def run(self, *command: str) -> None:
        """All but changing how the FAT partition is mounted, which is not ours."""
        if not (command[0] == "mount" and command[2].startswith("remount")):
            super().run(*command)


class OntoCard(card.Card):
    """Its journal and its disk are files."""

    def part(self, number: int) -> str:
        return self.parts[number]


class OntoSetup(Setup):
    """The same steps, some of them with less to do."""

    def _network(self) -> None:
        """That system's."""

    def _first(self) -> None:
        """Nothing is shared out."""

    def _find(self) -> None:
        machine = self._machine
        os.makedirs(machine.run_folder, exist_ok=True)
        self._owner = machine.owner()
        found = card.find(machine)
        parts = {card.JOURNAL: "%s/%s" % (machine.state, JOURNAL), card.HISTORY: "%s/%s" % (machine.state, DISK)}
        self._card = OntoCard(found.disk, found.size, parts, found.slot)
        _bind(machine, machine.boot, machine.card)

    def _state(self) -> None:
        machine = self._machine
        os.makedirs(machine.kept, exist_ok=True)
        _bind(machine, machine.kept, machine.state)
        folders.make_folders(machine, self._owner)
        make_journal(machine, "%s/%s" % (machine.state, JOURNAL), self._owner)

    def _anew(self) -> None:
        if self._has_state:
            anew.obey(self._machine, self._card, True)


def _bind(machine: Machine, source: str, place: str) -> None:
    os.makedirs(place, exist_ok=True)
    if not machine.is_mounted(place):
        machine.run("mount", "--bind", source, place)


def make_journal(machine: Machine, path: str, owner: tuple) -> None:
    """Takes half of what is free, once; the file has its name when the room is its own. Raises Refused."""
    if os.path.exists(path):
        return
    there = os.statvfs(os.path.dirname(path))
    size = there.f_bavail * there.f_frsize // 2 >> 20 << 20
    if size < LEAST_JOURNAL:
        raise Refused("there is no room for a journal on this system (%d MiB are free); take a larger "
                      "card" % (size >> 19))
    descriptor = os.open(path + ".new", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    machine.give(path + ".new", *owner)
    os.rename(path + ".new", path)
    sync_folder(os.path.dirname(path))


if __name__ == "__main__":
    sys.exit(main(OntoSetup(OntoMachine(os.environ.get("SOSIE_BOOT", "/boot/firmware")))))
