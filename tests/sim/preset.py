"""Boards that have worked before: their logs begin somewhere in the ring, so that a run of a few MiB wraps it.
And disks that hold something when the pair is made."""

from firmware.log.layout import BLOCK, MAX_GROUP, Point
from firmware.log.superblock import Superblock, own_group_limit, ring_size
from firmware.pair.identity import PRIMARY, Identity
from tests.sim.content import SECTOR

SMALL_GROUP = (1 << 20) + (128 << 10)  # the largest host write fits
SMALL_RINGS = (3 << 20, 4 << 20)


def age(boards: list, random, copied: bool, small: bool) -> None:
    """Gives fresh boards superblocks as if every group so far had been played, acknowledged and zeroed again;
    `copied`: the first copy among them. `small`: their rings are smaller than their storages, which is what a
    journal that was made larger has."""
    pair_id = random.randbytes(16)
    number, chain = random.choice((1, 1000, 1 << 33)), random.getrandbits(32)
    for board in boards:
        size = random.choice(SMALL_RINGS) if small else ring_size(board.journal.size)
        limit = SMALL_GROUP if small else MAX_GROUP
        before_wrap = size - limit - random.randrange(0, 512 << 10)
        point = Point(number, random.choice((0, 1, 7)) * size + before_wrap // BLOCK * BLOCK, chain)
        first = board.role == PRIMARY
        who = Identity(pair_id, random.randbytes(16), board.name, board.role, board.disk.size, 1)
        block = Superblock(random.getrandbits(64), size, who.pack())
        block.retain = first
        if copied:
            who.copy_ended(1)
            block.label = who.pack()
        if first:
            block.group_limit = own_group_limit(size)
        if small:
            block.group_limit = SMALL_GROUP
        block.played = block.durable = point
        block.acked = point if first else Point(0, 0, 0)
        board.journal.write(block.slot(), bytes(block.pack()))
        board.journal.sync()


def fill(disk, random, new_write) -> list:
    """Writes of an earlier life, some of them over others, on a disk that has holes as well; returns them."""
    writes = []
    for _ in range(random.choice((1, 4, 30))):
        first = random.randrange(disk.size // SECTOR)
        count = min(random.choice((1, 8, 200, 2000)), disk.size // SECTOR - first)
        write = new_write(first * SECTOR, count * SECTOR)
        disk.write(write.offset, write.data)
        writes.append(write)
    disk.sync()
    return writes
