"""`sosie journal`: what is in a ring, read-only, checked by a second implementation.

The bytes are taken apart by the firmware's own layouts, since those define the format; but every checksum is
computed by crcmod, and the walk and its verdict are written anew: this is the second opinion.
"""

import collections
import sys
import time

from firmware.errors import Damaged, Refused
from firmware.log import layout
from firmware.pair import identity
from tools.ring import Damage, NotAJournal, Ring
from tools.status import size

KINDS = {layout.WRITE: "w", layout.ZERO: "z", layout.TRIM: "t", layout.COPY: "c", layout.HOLE: "h"}
OFFSETS_COLUMNS = 30
DAMAGES_SHOWN = 20


def run(options) -> int:
    """Prints the journal at options.path: 0 whole, 1 damaged, 2 no journal."""
    return with_ring(options.path, lambda ring: _print(ring, options))


def with_ring(path: str, work) -> int:
    """What `work` returns, called with the Ring at `path`; 1 after an error of the storage, 2 without a journal."""
    try:
        ring = Ring(path)
    except NotAJournal as error:
        return _refuse("%s: %s" % (path, error))
    except OSError as error:
        return _refuse("%s cannot be read: %s" % (path, error.strerror))
    try:
        return work(ring)
    except NotAJournal as error:
        return _refuse("%s changed while it was read: %s" % (path, error))
    except OSError as error:
        print("Damage: the storage returns an error (%s)." % error.strerror)
        return 1
    finally:
        ring.close()


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


def _print_superblock(path: str, ring: Ring):
    block = ring.superblock
    print("Journal %s" % path)
    print("  log        %016x, ring of %s behind byte %d" % (block.log_id, size(block.ring_size), ring.offset(0)))
    print("  board      %s" % _board(block.label))
    slots = ", ".join("slot %d: %s" % (index, text) for index, text in enumerate(ring.slots))
    print("  superblock %s" % slots)
    for name, point in (("durable", block.durable), ("played", block.played), ("acked", block.acked)):
        print("  %-10s group %d, position %d, chain %08x" % (name, point.number, point.position, point.chain))


def _board(label: bytes) -> str:
    try:
        board = identity.unpack(label)
    except (Damaged, Refused) as error:
        return "not known (%s)" % error
    facts = [board.role, "generation %d" % board.generation, "disk of %s" % size(board.disk_size)]
    if not board.whole:
        facts.append("first copy at %s" % size(board.copied))
    if board.fenced:
        facts.append("FENCED")
    return "%s, %s" % (board.name, ", ".join(facts))


def _print(ring: Ring, options) -> int:
    _print_superblock(options.path, ring)
    shown = collections.deque(maxlen=options.limit or None)
    count = total = 0
    damages, last = [], None
    for found in ring.scan() if options.all else ring.walk():
        if isinstance(found, Damage):
            damages.append(found)
            shown.append(found)
            continue
        count, total, last = count + 1, total + found.descriptor.body_length, found
        shown.append(found)
    _print_table(shown, count)
    print(_verdict(ring, count, total, last, damages))
    return 1 if damages else 0


def _print_table(shown, count: int):
    if not shown:
        return
    print()
    groups = sum(1 for each in shown if not isinstance(each, Damage))
    if groups < count:
        print("The last %d of %d groups:" % (groups, count))
    print("%8s %-18s %3s %7s %8s  %s" % ("group", "sealed (UTC)", "gen", "records", "size", "first offsets"))
    for each in shown:
        print("DAMAGE  " + str(each) if isinstance(each, Damage) else _line(each))


def _line(group) -> str:
    what = group.descriptor
    seconds, ms = divmod(what.time_ms, 1000)
    sealed = time.strftime("%m-%d %H:%M:%S", time.gmtime(seconds)) + ".%03d" % ms
    return "%8d %-18s %3d %7d %8s  %s" % (what.number, sealed, what.generation, what.records,
                                          size(what.body_length), _offsets(group))


def _offsets(group) -> str:
    """Its marks, then as many of the first records as the line has room for: kind, byte of the disk, length."""
    texts = ["mark %s" % name for name in group.marks]
    texts += ["%s %#x+%s" % (KINDS[kind], start, size(length).replace(" ", ""))
              for kind, start, length in group.records if kind != layout.MARK]
    while len(texts) > 1 and len(", ".join(texts)) > OFFSETS_COLUMNS - 3:
        texts.pop()
    return ", ".join(texts) + (" .." if len(texts) < group.descriptor.records else "")


def _verdict(ring: Ring, count: int, total: int, last, damages: list) -> str:
    lines = [""]
    if last is None:
        lines.append("The disk and the twin have everything up to group %d; nothing else is needed (--all shows\n"
                     "what is still there)." % ring.end.number)
    else:
        lines.append("%d group%s, %s." % (count, "" if count == 1 else "s", size(total)))
        lines.append("The log ends behind group %d, at byte %d, with %s."
                     % (ring.end.number, ring.offset(ring.end.position), ring.ending))
    for damage in damages[:DAMAGES_SHOWN]:
        lines.append("DAMAGE at byte %d: %s." % (damage.offset, damage))
    if len(damages) > DAMAGES_SHOWN:
        lines.append("And %d more places." % (len(damages) - DAMAGES_SHOWN))
    if not damages:
        lines.append("Everything checked is whole.")
    return "\n".join(lines)

