"""The first boot: makes the state partition and the rings behind what the image brought.

Everything is made where no partition is yet, and made durable; then the one sector with the partition table is
written, which makes all of it be there at once. Whatever cuts this finds a card as the image left it, and begins anew.
"""

import fcntl
import os
import struct

from . import table
from .card import EXTENDED, Card
from .machine import Machine

_HEAD = 4 << 20  # of a ring: the superblocks and the first groups; what lies behind belongs to no log without them
_BLKDISCARD = 0x1277  # linux/fs.h
_LABEL = "sosie-state"


def is_due(device: str) -> bool:
    """Whether the card at `device` has no state yet."""
    with open(device, "rb") as file:
        return not table.entries(file.read(table.SECTOR))[3][0]


def lay_out(machine: Machine, card: Card, disk_on_card: bool, files=os) -> None:
    """Makes the partitions of `card`. Raises Refused or OSError, and the next boot begins anew then."""
    descriptor = files.open(card.disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        master = files.pread(descriptor, table.SECTOR, 0)
        taken = max(start + size for _, start, size in table.entries(master)[:3])
        parts = table.plan(card.size, taken, disk_on_card)
        _discard(descriptor, parts[0].record, parts[-1].start + parts[-1].size)
        state = parts[0]
        machine.run(
            "mke2fs", "-q", "-F", "-F", "-t", "ext4", "-L", _LABEL, "-m", "0", "-E",
            "offset=%d,nodiscard" % state.start, card.disk, "%dk" % (state.size >> 10),
        )  # fmt: skip
        for part in parts[1:]:
            _write(files, descriptor, bytes(_HEAD), part.start)
        for offset, sector in table.records(parts):
            _write(files, descriptor, sector, offset)
        files.fsync(descriptor)  # from here on the table may point there
        _write(files, descriptor, table.extended(master, parts), 0)
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def tell_kernel(machine: Machine, card: Card) -> None:
    """The kernel read the table before there were these partitions."""
    machine.run("partx", "--update", "--nr", "%d:" % EXTENDED, card.disk)


def _write(files, descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = files.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count


def _discard(descriptor: int, begin: int, end: int) -> None:
    """A card writes faster where it knows that nothing is kept. Not all can; then it stays as it is."""
    try:
        fcntl.ioctl(descriptor, _BLKDISCARD, struct.pack("QQ", begin, end - begin))
    except OSError:
        pass
