"""The first boot: makes the state partition and the rings behind what the image brought.

The kernel is told of partitions that no table names yet; what belongs in them is made, and made durable; then the one
sector with the partition table is written, which makes all of it be there for good. Whatever cuts this finds a card as
the image left it, and begins anew.
"""

import fcntl
import os
import struct

from . import table
from .card import HISTORY, JOURNAL, STATE, Card
from .machine import Machine

_HEAD = 4 << 20  # of a ring: the superblocks and the first groups; what lies behind belongs to no log without them
_BLKDISCARD = 0x1277  # linux/fs.h
_LABEL = "sosie-state"


def is_due(device: str) -> bool:
    """Whether the card at `device` has no state yet."""
    with open(device, "rb") as file:
        return not table.entries(file.read(table.SECTOR))[3][0]


def lay_out(machine: Machine, card: Card, disk_on_card: bool) -> None:
    """Makes the partitions of `card`. Raises Refused or OSError, and the next boot begins anew then."""
    descriptor = os.open(card.disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        master = os.pread(descriptor, table.SECTOR, 0)
        taken = max(start + size for _, start, size in table.entries(master)[:3])
        parts = table.plan(card.size, taken, disk_on_card)
        _discard(descriptor, parts[0].record, parts[-1].start + parts[-1].size)
        for part in parts:
            if part.number not in card.parts:
                machine.add_partition(descriptor, part.number, part.start, part.size)
        machine.run("mke2fs", "-q", "-F", "-t", "ext4", "-L", _LABEL, "-m", "0", "-E", "nodiscard", card.part(STATE))
        for number in (JOURNAL, HISTORY):
            blank(card.part(number))
        for offset, sector in table.records(parts):
            _write(descriptor, sector, offset)
        os.fsync(descriptor)  # from here on the table may point there
        _write(descriptor, table.extended(master, parts), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for part in parts:
        machine.look_again(card.part(part.number))  # udev may have met them before they stood in the table


def blank(device: str) -> None:
    """Without its head a ring is a new one."""
    descriptor = os.open(device, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write(descriptor, bytes(_HEAD), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def _discard(descriptor: int, begin: int, end: int) -> None:
    """A card writes faster where it knows that nothing is kept. Not all can; then it stays as it is."""
    try:
        fcntl.ioctl(descriptor, _BLKDISCARD, struct.pack("QQ", begin, end - begin))
    except OSError:
        pass
