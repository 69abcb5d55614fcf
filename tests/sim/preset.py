"""Boards that have worked before: their logs begin somewhere in the ring, so that a run of a few MiB wraps it."""

from firmware.log.layout import BLOCK, MAX_GROUP, Point
from firmware.log.superblock import Superblock, ring_size
from firmware.pair.identity import PRIMARY, Identity


def age(boards: list, random) -> Point:
    """Gives fresh boards superblocks as if every group so far had been played, acknowledged and zeroed again.
    Returns where their logs go on."""
    pair_id = random.randbytes(16)
    size = ring_size(boards[0].journal.size)
    before_wrap = size - MAX_GROUP - random.randrange(0, 512 << 10)
    position = random.choice((0, 1, 7)) * size + before_wrap // BLOCK * BLOCK
    point = Point(random.choice((1, 1000, 1 << 33)), position, random.getrandbits(32))
    for board in boards:
        first = board.role == PRIMARY
        who = Identity(pair_id, random.randbytes(16), board.name, board.role, board.disk.size, 1)
        block = Superblock(random.getrandbits(64), size, who.pack())
        block.retain = first
        block.played = block.durable = point
        block.acked = point if first else Point(0, 0, 0)
        board.journal.write(block.slot(), bytes(block.pack()))
        board.journal.sync()
    return point
