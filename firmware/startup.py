"""How a board comes up: reads or formats its journal, and finds the end of its log.

Both are generators that yield between storage calls; what they refuse, they refuse before anything is
written.
"""

from firmware.errors import Damaged, Refused
from firmware.log import recovery, superblock, survivors
from firmware.log.arena import Arena
from firmware.log.layout import MAX_GROUP
from firmware.log.ring import Ring
from firmware.pair import identity
from firmware.pair.identity import NO_PAIR, PRIMARY, TWIN, Identity

ARENA_SIZE = 16 << 20  # four groups of the largest kind; more only makes a host wait longer when it is full


class Remains:
    """What a journal's storage holds: `identity`, `superblock`, `ring`, `arena`, the log's end `head`.

    And what the memory holds besides: `survivors` is NEW (nobody has used this memory before), NONE (nothing
    was pending when the process before us died), ADOPTED (the board brings all that was into the journal before
    it serves), or LOST. After NEW and LOST a host may believe in writes that are nowhere any more, so it must
    not be let go on as if nothing had happened. `adopted`: the groups, `ledger`: where the next ones are noted.
    """

    def __init__(self, who, block, ring, arena, head):
        self.identity = who
        self.superblock = block
        self.ring = ring
        self.arena = arena
        self.head = head
        self.survivors = survivors.NEW
        self.adopted = []
        self.ledger = None


def _nothing() -> None:
    pass


def open_journal(storage, settings, disk_size: int, random_bytes, memory, ledger=None, on_lost=_nothing):
    """Generator; returns Remains. A blank storage is formatted for `settings.name` and `settings.role`;
    `memory` (ARENA_SIZE bytes or so) becomes the arena. With a `ledger` (log/ledger.py) that an earlier life kept
    about the same memory, what had not become durable is found again; nobody else may use either any more.
    `on_lost()` is called before the ledger forgets what is NEW or LOST: were it the other way round and this process
    died in between, the next one would take what its host does not know for whole.

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
    if who.role == TWIN and who.pair_id == NO_PAIR:
        who.disk_size = disk_size  # nothing of a primary is on it yet: it may still be another disk
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
    buffer = _buffer(arena, ledger)
    verdict = _begin_life(block, ledger, random_bytes)
    head, _, copied = yield from recovery.find_end(ring, block, buffer)
    if copied:
        who.copy_ended(copied)
    yield from recovery.make_durable(ring, block, head, buffer)
    remains = Remains(who, block, ring, arena, head)
    if ledger is not None:
        _look_for_survivors(remains, ledger, verdict, on_lost)
    return remains


def _buffer(arena, ledger) -> memoryview:
    """Memory for recovery: the arena, unless there may be something in it."""
    if arena.size < MAX_GROUP or (ledger is not None and not ledger.is_blank):
        return memoryview(bytearray(MAX_GROUP))
    return arena.view(0, MAX_GROUP)


def _begin_life(block, ledger, random_bytes) -> str:
    """What is to be thought of the ledger. From the first superblock of this life on, one that an earlier life
    kept and this one did not see counts no more."""
    life = int.from_bytes(random_bytes(4), "little") or 1
    verdict = "" if ledger is None else survivors.judge(ledger, block)
    if ledger is not None and not verdict:
        ledger.expect(block.life, life)
    block.life = life
    return verdict


def _look_for_survivors(remains, ledger, verdict: str, on_lost) -> None:
    who, block, head = remains.identity, remains.superblock, remains.head
    generation = who.generation if who.role == PRIMARY else None
    remains.ledger, remains.survivors = ledger, verdict
    if not verdict:
        remains.survivors, remains.adopted = survivors.find(
            ledger, remains.ring, block, head, remains.arena, who.disk_size, generation
        )
    if remains.survivors in (survivors.NEW, survivors.LOST):
        on_lost()
        ledger.begin(block.log_id, block.life)
    else:
        ledger.settle(head.number, block.life)


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
