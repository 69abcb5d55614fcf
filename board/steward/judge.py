"""Everything that has to be right before the firmware may run: a board.conf comes of it, or one sentence."""

import os

from board import settings
from board.files import link, write_whole
from firmware.errors import Refused

from . import disks
from .machine import Machine
from .memory import Memory

_NOT_EMPTIED = (
    "start-anew asked to empty the disk, but this board is the primary, whose disk has the data: put a file start-anew "
    "without that line on the card and restart the board"
)
_LISTEN, _WEB = "[::]:7411", "[::]:443"


class Board:
    """What may run: `settings` of its board.conf, which is written; `memory` of what belongs to it; `alarms` of the
    set-up, which it has to tell; its `timezone`, as in /usr/share/zoneinfo, None for UTC."""

    def __init__(self, its_settings, memory: Memory, alarms: list, timezone: "str | None" = None):
        self.settings = its_settings
        self.memory = memory
        self.alarms = alarms
        self.timezone = timezone


def judge(machine: Machine) -> Board:
    """Looks at everything, writes nothing but into /run and the memory. Raises Refused, Waiting where it may only be
    too early."""
    wishes, parsed, text = _read_settings(machine)
    card = machine.card()
    troubles = card.get("troubles", ["the set-up of this board did not end; restart it, or flash the card again"])
    if troubles:
        raise Refused(troubles[0])
    memory = Memory(machine)
    in_use = memory.check_journal()
    disk = _disk(machine, wishes, card, memory, in_use)
    _empty(machine, parsed, disk)
    memory.keep_disk(disk)
    link(disk.path, machine.disk)
    try:
        write_whole(machine.board_conf, text, 0o644)
    except OSError as error:
        raise Refused("the settings cannot be put into place (%s); restart the board" % error) from None
    return Board(parsed, memory, card.get("alarms", []), wishes.timezone)


def _read_settings(machine: Machine) -> tuple:
    try:
        with open(machine.settings, "rb") as file:
            data = file.read(1 << 17)
    except OSError as error:
        raise Refused("sosie.conf on the card cannot be read (%s); put it back" % error.strerror) from None
    return settings.parse(data, lambda wishes, given: defaults(machine, given))


def defaults(machine: Machine, given: dict) -> list:
    """The lines of board.conf that a person need not write."""
    lines = [("disk", machine.disk), ("journal", machine.journal), ("keys", machine.keys)]
    lines.append(("settings", machine.changed))
    lines.append(("chronicle", machine.chronicle))
    lines.append(("quota_file", machine.quota))
    lines.append(("alerts", machine.told))
    others = [("attach", "usb"), ("web", _WEB), ("lights", "auto")]
    if given.get("role") == "twin":
        others.append(("listen", _LISTEN))
    console = console_of(machine)
    if console:
        others.append(("console", console))
    return lines + [(key, value) for key, value in others if key not in given]


def console_of(machine: Machine) -> str:
    """The serial line on which the kernel speaks; "" when it has none."""
    for name in reversed(machine.read(machine.sys + "/class/tty/console/active").split()):
        if not name.removeprefix("tty").isdigit() and os.path.exists("%s/%s" % (machine.dev, name)):
            return "%s/%s" % (machine.dev, name)
    return ""


def _disk(machine: Machine, wishes, card: dict, memory: Memory, in_use: bool) -> disks.Disk:
    if wishes.disk == settings.DISK_CARD:
        path = card["parts"].get("7", "")
        return disks.Disk(path, ["card"], 0)
    wanted = None if wishes.disk == settings.DISK_AUTO else wishes.disk
    return disks.choose(disks.attached(machine, card["disk"]), wanted, memory.disk if in_use else None)


def _empty(machine: Machine, parsed, disk: disks.Disk) -> None:
    """start-anew asked to empty the disk: a twin's, which is overwritten anyhow."""
    if not os.path.exists(machine.empty_disk):
        return
    if parsed.role != "twin":
        raise Refused(_NOT_EMPTIED)
    disks.empty(disk.path)
    os.unlink(machine.empty_disk)
