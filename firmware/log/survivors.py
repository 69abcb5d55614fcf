"""Survivors: groups that a process had in memory when it died, and that the next one finds there.

The ledger names them. Recovery has found the end of the ring, and made it durable, before they are looked at.

| row     | what the ledger says                                       | verdict                                |
|---------|------------------------------------------------------------|----------------------------------------|
| BLANK   | nothing, it is new                                         | NEW: nobody knows what was pending     |
| FOREIGN | another version, log or arena, or a journal that failed    | LOST                                   |
| IDLE    | no group                                                   | NONE                                   |
| DURABLE | only groups of the ring, and the ring holds the same       | NONE: died before it said so           |
| PENDING | the groups that follow the ring's end, without a gap       | ADOPTED                                |
| STALE   | a group of which the ring holds another version            | LOST: other lives came in between      |
| BROKEN  | a gap, another generation, memory that holds no records    | LOST                                   |

A group is adopted as it lies, in its place and with all its records, so that a death in the middle of an
adoption leaves what it found. Its copies stay in it as well: what a COPY says about the disk at its place in
the log is true for as long as all before it is in the log, and that is so. The copier does not rely on it,
and goes on from where the superblock says.
"""

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.log.group import Group
from firmware.log.layout import HEADER_SIZE, MAX_BODY, RECORD_SIZE, group_size, records

NEW = "new"
NONE = "none"
ADOPTED = "adopted"
LOST = "lost"

_HALF = 1 << 31
_LOW = 0xFFFFFFFF


def find(ledger, ring, superblock, head, arena, disk_size: int, generation: "int | None"):
    """Generator; returns (verdict, Groups to adopt in order) and sets up `arena` so that they are its only content.

    `head`: the ring's end; `generation` of a primary, None for a board that takes no writes. Raises OSError.
    """
    if ledger.is_blank:
        return NEW, []
    if not ledger.belongs_to(ring.log_id):
        return LOST, []
    try:
        durable, pending = _sorted(ledger.entries(), head.number)
        _check_places(durable + pending, arena.size, superblock.group_limit)
        yield from _compare(durable, ring, superblock.durable, head, arena)
        _check_line(pending, arena.size, generation)
        _check_room(pending, ring, superblock, head)
        groups = [_group(entry, head.number + ahead, arena, disk_size) for ahead, entry in pending]
    except Damaged:
        return LOST, []
    if not groups:
        return NONE, []
    first, last = groups[0], groups[-1]
    arena.resume(first.place, last.place + last.size)
    return ADOPTED, groups


def _sorted(entries: list, end: int) -> tuple:
    """The groups up to number `end` and those behind it: (distance from `end`, entry), ascending."""
    found = []
    for entry in entries:
        ahead = (entry.number - end) & _LOW
        found.append((ahead - _LOW - 1 if ahead >= _HALF else ahead, entry))
    found.sort(key=lambda item: item[0])
    return [item for item in found if item[0] <= 0], [item for item in found if item[0] > 0]


def _check_places(found: list, arena_size: int, group_limit: int) -> None:
    for _, entry in found:
        if not RECORD_SIZE <= entry.used <= MAX_BODY or group_size(entry.used) > group_limit:
            raise Damaged("a group of %d bytes" % entry.used)
        if entry.place + group_size(entry.used) > arena_size:
            raise Damaged("a group that reaches beyond the arena")


def _compare(durable: list, ring, point, head, arena):
    """What the ledger still names and the ring holds must be the same groups.

    They became durable just before the process died. Had another life gone on from there without this memory,
    the ring would hold its groups, and ours behind them would be nobody's any more.
    """
    named = {head.number + ahead: entry for ahead, entry in durable}
    while point.number < head.number:
        descriptor = ring.peek(point).descriptor
        yield
        entry = named.pop(descriptor.number, None)
        if entry is not None:
            body = arena.view(entry.place + HEADER_SIZE, entry.used)
            if descriptor.body_length != entry.used or descriptor.body_crc != crc32(body):
                raise Damaged("group %d went on without this memory" % descriptor.number)
        point = ring.after(point, descriptor)
    if named:
        raise Damaged("a group of long ago")


def _check_line(pending: list, arena_size: int, generation: "int | None") -> None:
    """The groups follow the ring's end and one another, in number and in the arena."""
    before = None
    for i, (ahead, entry) in enumerate(pending):
        if ahead != i + 1 or entry.generation != generation:
            raise Damaged("a gap, or a group of another generation")
        if before is not None and entry.place not in (before, 0):
            raise Damaged("a group in the wrong place")
        before = entry.place + group_size(entry.used)


def _check_room(pending: list, ring, superblock, head) -> None:
    needed = superblock.played.position
    if superblock.retain:
        needed = min(needed, superblock.acked.position)
    end = head.position
    for _, entry in pending:
        end = ring.start(end) + group_size(entry.used)
    if end > ring.start(needed) + ring.size:
        raise Damaged("more groups than the ring has room for")


def _group(entry, number: int, arena, disk_size: int) -> Group:
    group = Group(arena, entry.place, group_size(entry.used))
    group.used, group.number, group.generation = entry.used, number, entry.generation
    for _ in records(group.body(), disk_size):
        group.records += 1
    group.wanted = False  # nobody reads it here before it is on the disk
    group.pad()
    return group
