"""How a board comes up: reads or formats its journal, and finds the end of its log.

Both are generators that yield between storage calls; what they refuse, they refuse before anything is
written.
"""

from firmware.errors import Damaged, Refused
from firmware.log import recovery, superblock
from firmware.log.arena import Arena
from firmware.log.layout import MAX_GROUP
from firmware.log.ring import Ring
from firmware.pair import identity
from firmware.pair.identity import NO_PAIR, PRIMARY, Identity

ARENA_SIZE = 16 << 20  # four groups of the largest kind; more only makes a host wait longer when it is full


class Remains:
    """What a journal's storage holds: `identity`, `superblock`, `ring`, `arena`, the log's end `head`."""

    def __init__(self, who, block, ring, arena, head):
        self.identity = who
        self.superblock = block
        self.ring = ring
        self.arena = arena
        self.head = head


def open_journal(storage, settings, disk_size: int, random_bytes, memory):
    """Generator; returns Remains. A blank storage is formatted for `settings.name` and `settings.role`;
    `memory` (ARENA_SIZE bytes or so) becomes the arena.

    Raises Refused (not a journal, too small, another disk), Damaged and OSError.
    """
    block = superblock.read(storage)
    yield
    if block is None:
        block = yield from _format(storage, settings, disk_size, random_bytes)
    try:
        who = identity.unpack(block.label)
    except Damaged as e:
        raise Refused("the superblock of the journal is damaged (%s)" % e)
    if who.disk_size != disk_size:
        raise Refused(
            "the disk has %d bytes, but the journal belongs to a disk of %d; attach that disk, or give "
            "an empty journal" % (disk_size, who.disk_size)
        )
    if block.ring_size > superblock.ring_size(storage.size):
        raise Refused("the journal has shrunk since it was made; give back its old size")
    who.name = settings.name
    ring = Ring(storage, block)
    arena = Arena(memory)
    buffer = arena.view(0, MAX_GROUP)
    head, _, copied = yield from recovery.find_end(ring, block, buffer)
    if copied:
        who.copy_ended(copied)
    yield from recovery.make_durable(ring, block, head, buffer)
    return Remains(who, block, ring, arena, head)


def _format(storage, settings, disk_size: int, random_bytes):
    size = superblock.ring_size(storage.size)
    first = settings.role == PRIMARY
    pair_id = random_bytes(16) if first else NO_PAIR
    who = Identity(pair_id, random_bytes(16), settings.name, settings.role, disk_size, int(first))
    log_id = int.from_bytes(random_bytes(8), "little")
    block = superblock.Superblock(log_id, size, who.pack())
    block.retain = first
    if first:  # a twin takes groups as large as its primary, with a larger ring, makes them
        block.group_limit = superblock.own_group_limit(size)
    storage.write(block.slot(), memoryview(block.pack()))
    yield
    storage.sync()
    yield
    return block
