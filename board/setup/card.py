"""The card: the disk that this system was started from, found by what / is mounted from and not by any name, since a
disk that is attached may be a copy of a card."""

import os
import re

from firmware.errors import Refused

from .machine import Machine

BOOT, SLOT_A, SLOT_B, EXTENDED, STATE, JOURNAL, HISTORY = range(1, 8)


class Card:
    """`disk`: its device; `size` in bytes; `parts`: devices by number; `slot`: the number of the root in use."""

    def __init__(self, disk: str, size: int, parts: dict, slot: int):
        self.disk = disk
        self.size = size
        self.parts = parts
        self.slot = slot

    def part(self, number: int) -> str:
        """The device of a partition, which the kernel may not know yet."""
        return "%s%s%d" % (self.disk, "p" if self.disk[-1].isdigit() else "", number)

    def facts(self) -> dict:
        """What the services that come later want to know."""
        return {
            "disk": self.disk,
            "parts": {str(number): path for number, path in self.parts.items()},
            "slot": "B" if self.slot == SLOT_B else "A",
        }


def find(machine: Machine) -> Card:
    """The card, as the kernel knows it now. Raises Refused where / is not a partition."""
    root = os.path.realpath("%s/dev/block/%d:%d" % ((machine.sys,) + machine.root_device()))
    slot = _number(root + "/partition")
    if not slot:
        raise Refused("this system does not run from a partition of a card; flash a card with flash.sh")
    folder = os.path.dirname(root)
    parts = {}
    for name in sorted(os.listdir(folder)):
        number = _number("%s/%s/partition" % (folder, name))
        if number:
            parts[number] = "%s/%s" % (machine.dev, name)
    name = os.path.basename(folder)
    return Card("%s/%s" % (machine.dev, name), _number(folder + "/size") * 512, parts, slot)


def _number(path: str) -> int:
    try:
        with open(path) as file:
            text = file.read().strip()
    except OSError:
        return 0
    return int(text) if re.fullmatch("[0-9]+", text) else 0
