"""Survivors: groups that a process had in memory when it died, and that the next one finds there.

The ledger names them. Recovery has found the end of the ring, and made it durable, before they are looked at.

| row     | what the ledger says                                          | verdict                             |
|---------|---------------------------------------------------------------|-------------------------------------|
| BLANK   | nothing, it is new                                            | NEW: nobody knows what was pending  |
| FOREIGN | another version, log or arena, or a journal that failed       | LOST                                |
| STALE   | it was kept by another process than the last one on this ring | LOST: a host saw the disk without it|
| IDLE    | no group, or only such as the ring holds                      | NONE                                |
| PENDING | the groups that follow the ring's end, without a gap          | ADOPTED                             |
| BROKEN  | a gap, another generation, memory that holds no records       | LOST                                |

A group is adopted as it lies, in its place and with all its records, so that a death in the middle of an
adoption leaves what it found. Its copies stay in it as well: what a COPY says about the disk at its place in
the log is true for as long as all before it is in the log, and that is so. The copier does not rely on it,
and goes on from where the superblock says.
"""

from firmware.errors import Damaged
from firmware.log.group import Group
from firmware.log.layout import MAX_BODY, RECORD_SIZE, group_size, records

NEW = "new"
NONE = "none"
ADOPTED = "adopted"
LOST = "lost"

_HALF = 1 << 31
_LOW = 0xFFFFFFFF


def judge(ledger, superblock) -> str:
    """NEW or LOST for a ledger that says nothing of use; empty when survivors are to be looked for.

    `superblock` as the last life left it: this one has not written to it yet.
    """
    if ledger.is_blank:
        return NEW
    return "" if ledger.belongs_to(superblock.log_id, superblock.life) else LOST


def find(ledger, ring, superblock, head, arena, disk_size: int, generation: "int | None") -> tuple:
    """(verdict, Groups to adopt in order); sets up `arena` so that these are its only content.

    `head`: the ring's end; `generation` of a primary, None for a board that takes no writes.
    """
    try:
        pending = _pending(ledger.entries(), head.number)
        _check_places(pending, arena.size, superblock.group_limit)
        _check_line(pending, generation)
        _unroll(pending, arena.size)
        _check_room(pending, ring, superblock, head)
        groups = [_group(entry, head.number + ahead, arena, disk_size) for ahead, entry in pending]
    except Damaged:
        return LOST, []
    if not groups:
        return NONE, []
    first, last = groups[0], groups[-1]
    arena.resume(first.place, last.place + last.size)
    return ADOPTED, groups


def _pending(entries: list, end: int) -> list:
    """(distance from `end`, entry) of the groups behind number `end`, ascending."""
    found = []
    for entry in entries:
        ahead = (entry.number - end) & _LOW
        if 0 < ahead < _HALF:
            found.append((ahead, entry))
    found.sort(key=lambda item: item[0])
    return found


def _check_places(found: list, arena_size: int, group_limit: int) -> None:
    for _, entry in found:
        if not RECORD_SIZE <= entry.used <= MAX_BODY or group_size(entry.used) > group_limit:
            raise Damaged("a group of %d bytes" % entry.used)
        if entry.place + group_size(entry.used) > arena_size:
            raise Damaged("a group that reaches beyond the arena")


def _check_line(pending: list, generation: "int | None") -> None:
    """The groups follow the ring's end and one another, in number and in the arena."""
    before = None
    for i, (ahead, entry) in enumerate(pending):
        if ahead != i + 1 or entry.generation != generation:
            raise Damaged("a gap, or a group of another generation")
        if before is not None and entry.place not in (before, 0):
            raise Damaged("a group in the wrong place")
        before = entry.place + group_size(entry.used)


def _unroll(pending: list, arena_size: int) -> None:
    """Places that only grow, as the arena gave them: those behind its end belong to the next lap."""
    lap = at = 0
    for _, entry in pending:
        if entry.place < at:
            lap = arena_size
        at = entry.place
        entry.place += lap
    if pending and pending[-1][1].place + group_size(pending[-1][1].used) > pending[0][1].place + arena_size:
        raise Damaged("more groups than the arena has room for")


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
