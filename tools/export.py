"""`sosie journal --log-writes`: a journal's groups as a log of dm-log-writes, to be replayed by its `replay-log`.

Every boundary between two groups, which is what the twin may hold at any instant, becomes a flush and the mark
`group-N`; a host's mark becomes a mark behind the flush of its group. So what is replayed up to a flush or a mark
is a state that the pair promises to be consistent.

ZERO, TRIM and HOLE promise zeroes, also where a host asked for zeroes and let the space be freed. A discard
promises nothing: replay-log leaves it to the device, or ignores it with --no-discard. So they become data by
default; `--discard` is for a target that gives zeroes back, a file or a loop device.
"""

import sys

from firmware.log.layout import COPIED, COPY, HOLE, MARK, TRIM, WRITE, ZERO, unpack_mark
from tools import journal
from tools.logwrites import CannotWrite, LogWrites
from tools.ring import Bad, Damage, Ring
from tools.status import size


class CannotExport(Exception):
    """Why not, in one sentence; `code` to exit with: 1 the journal is damaged, 2 anything else."""

    def __init__(self, sentence: str, code: int = 2):
        super().__init__(sentence)
        self.code = code


class Plan:
    """What is exported: the groups behind the Point `start`, up to `last`; every end from `first_flush` on is a flush.

    `whole`: the first group with which the log holds a whole copy of the disk, 0 for none.
    """

    def __init__(self, start, last: int, whole: int, first_flush: int):
        self.start = start
        self.last = last
        self.whole = whole
        self.first_flush = first_flush


def run(options) -> int:
    """Exports options.path to the new file options.log_writes: 0 done, 1 damaged, 2 not possible."""
    return journal.with_ring(options.path, lambda ring: _run(ring, options))


def _run(ring: Ring, options) -> int:
    try:
        plan = survey(ring, options.first)
        with LogWrites(options.log_writes) as log:
            export(ring, plan, log, options.discard)
    except CannotExport as error:
        print(error, file=sys.stderr)
        return error.code
    except CannotWrite as error:
        print(error, file=sys.stderr)
        return 2
    print(_summary(ring, plan, log, options))
    return 0


def survey(ring: Ring, first=None) -> Plan:
    """Reads and checks all groups before anything is written. `first`: the group to begin with, else the log's first.

    Raises CannotExport, and what Ring raises.
    """
    start, whole = ring.oldest(), 0
    if start.number >= (first or 1):
        raise CannotExport(
            "The ring holds no group before %d any more; --from %d exports what it holds, to be replayed onto an image "
            "of the disk as it was before that group." % (start.number + 1, start.number + 1))
    for group in _following(ring, start):
        if group.descriptor.number < (first or 1):
            start = ring.after(group)
        elif group.descriptor.flags & COPIED:
            whole = whole or group.descriptor.number
    if ring.end.number < (first or 1):
        raise CannotExport("The log ends with group %d." % ring.end.number if ring.end.number else "The log is empty.")
    return Plan(start, ring.end.number, whole, first or whole or 1)


def _following(ring: Ring, start):
    """Yields every group behind `start`, to the end of the log. Raises CannotExport where one is missing."""
    number = start.number
    for found in ring.walk(start):
        if isinstance(found, Damage):
            raise CannotExport("Damage at byte %d: %s. Nothing was exported." % (found.offset, found), 1)
        number += 1
        if found.descriptor.number != number:
            raise _lost(number)
        yield found
    if number < ring.end.number:
        raise _lost(number + 1)


def _lost(number: int) -> CannotExport:
    return CannotExport("Group %d, which nobody needs any more, is damaged, or the running board has just overwritten "
                        "it; nothing was exported. Stop the board, or begin behind it with --from." % number)


def export(ring: Ring, plan: Plan, log: LogWrites, discard: bool = False) -> None:
    """Writes the plan's groups into the log, one at a time in memory. Raises CannotExport, CannotWrite and OSError."""
    for group in _following(ring, plan.start):
        number = group.descriptor.number
        try:
            body = memoryview(ring.body(group))
        except Bad:
            raise _lost(number) from None
        marks = []
        for change in ring.changes(group, body):
            _write(log, change, body, discard, marks)
        if number >= plan.first_flush:
            log.flush()
        for name in marks:
            log.mark(name.encode())
        log.mark(b"group-%d" % number)
        if number == plan.last:
            return


def _write(log: LogWrites, change: tuple, body, discard: bool, marks: list) -> None:
    kind, start, length, at = change
    if kind in (WRITE, COPY):
        log.write(start, body[at:at + length])
    elif kind == MARK:
        marks.append(unpack_mark(body[at:at + length]))
    elif discard and kind in (TRIM, HOLE):
        log.discard(start, length)
    elif kind in (ZERO, TRIM, HOLE):
        log.zero(start, length)
    else:
        raise CannotExport("Record kind %d has no place in a log of dm-log-writes; update this program." % kind)


def _summary(ring: Ring, plan: Plan, log: LogWrites, options) -> str:
    if plan.start.number or not plan.whole:
        target = "an image of the disk as it was before group %d" % (plan.start.number + 1)
    else:
        target = "an empty image of the disk's size"
    lines = ["Groups %d to %d are in %s: %d entries, %s of data."
             % (plan.start.number + 1, plan.last, options.log_writes, log.entries, size(log.data_bytes)),
             "Replay them onto %s." % target]
    if plan.first_flush > plan.start.number + 1:
        lines.append("The first copy was whole with group %d: the first flush is there." % plan.first_flush)
    return "\n".join(lines)
