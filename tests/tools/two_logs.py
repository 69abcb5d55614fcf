"""Compares what Linux' dm-log-writes saw on top of our disk with what our own log holds, by the block layer's rules.

The kernel logs a write when a flush that was sent after its end has ended, and one with FUA at its own end. So what
stands before a flush in its log had ended before that flush was sent, and must be durable when it ends.
"""

import math
import zlib

from tests.tools.replay_log import FLUSH, FUA, MARK, Entry, ReplayLog


class Unequal(AssertionError):
    """In what the logs differ."""


def unit_of(*logs: ReplayLog) -> int:
    """The largest size of a unit of which all that was ever written is a multiple, 4096 bytes at most."""
    unit = 4096
    for log in logs:
        log.rewind()
        for entry in iter(log.read, None):
            unit = math.gcd(unit, entry.start, entry.length)
        log.rewind()
    return unit


def _units(log: ReplayLog, entry: Entry, size: int):
    """(number of the unit, checksum of its new content) of each unit that the entry changes."""
    blank = zlib.crc32(bytes(size))
    data = log.data(entry) if entry.has_data else b""
    first = entry.start // size
    for at in range(0, entry.length, size):
        yield first + at // size, zlib.crc32(data[at:at + size]) if data else blank


class Ours:
    """Our log from behind the mark `group-FIRST` on: what was written to each unit of `size` bytes, in order, and in
    which group; `marks`: the groups of the host's marks."""

    def __init__(self, log: ReplayLog, first: int, size: int):
        self.units, self.marks, self.group, self.size = {}, {}, first, size
        log.find(mark="group-%d" % first)
        names, changes = [], []
        for entry in iter(log.read, None):
            if entry.name.startswith("group-"):
                self._end(int(entry.name[6:]), names, changes)
                names, changes = [], []
            elif entry.name:
                names.append(entry.name)
            elif entry.length:
                changes += _units(log, entry, size)

    def _end(self, group: int, names: list, changes: list) -> None:
        if group != self.group + 1:
            raise Unequal("group %d follows group %d" % (group, self.group))
        self.group = group
        for unit, checksum in changes:
            self.units.setdefault(unit, []).append((checksum, group))
        self.marks.update((name, group) for name in names)


def compare(kernel: ReplayLog, ours: Ours) -> dict:
    """Raises Unequal unless every unit was written with the same contents in the same order, and every flush, FUA write
    and mark of the kernel's log has behind it in ours what it has behind it there. Returns how many of each there are.

    A mark is set in both logs when nothing but flushed writes counts: what came before the last flush.
    """
    done, newest, flushed, seen = {}, 0, 0, {"writes": 0, "flushes": 0, "fua": 0, "marks": 0}
    for entry in iter(kernel.read, None):
        if entry.flags & FLUSH:
            flushed = newest
            seen["flushes"] += 1
        if entry.flags & MARK and entry.name in ours.marks:
            seen["marks"] += 1
            if not flushed < ours.marks[entry.name]:
                raise Unequal("mark %s of group %d has group %d behind it" % (
                    entry.name, ours.marks[entry.name], flushed))
        groups = [_match(entry, unit, checksum, done, ours) for unit, checksum in _units(kernel, entry, ours.size)]
        if not groups:
            continue
        seen["writes"] += 1
        if entry.flags & FUA:
            seen["fua"] += 1
            if min(groups) <= flushed:
                raise Unequal("entry %d was sent after a flush of group %d, and is in group %d" % (
                    entry.number, flushed, min(groups)))
        newest = max(newest, *groups)
    for unit, writes in ours.units.items():
        if done.get(unit, 0) != len(writes):
            raise Unequal("unit %d was written %d times, the kernel knows of %d" % (
                unit, len(writes), done.get(unit, 0)))
    return seen


def _match(entry: Entry, unit: int, checksum: int, done: dict, ours: Ours) -> int:
    """The group that the write which the kernel's log has here is in."""
    at = done.get(unit, 0)
    writes = ours.units.get(unit, [])
    if at >= len(writes) or writes[at][0] != checksum:
        raise Unequal("entry %d: write %d of unit %d is not there, or has another content" % (entry.number, at, unit))
    done[unit] = at + 1
    return writes[at][1]
