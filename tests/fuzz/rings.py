"""Journals that were written properly, ways to damage them, and what recovery must say, worked out independently.

A Written keeps every byte that it ever put into the ring. What a damaged ring still holds is found by comparing
with that, without checksums; so a group that passes for whole though its bytes were changed is seen here.
"""

import random
import struct

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.log import superblock
from firmware.log.arena import Arena
from firmware.log.journal import Journal
from firmware.log.layout import (
    BLOCK,
    HEADER_SIZE,
    MARK,
    MARK_SIZE,
    MAX_GROUP,
    SECTOR,
    TRIM,
    WRITE,
    ZERO,
    Point,
    pack_mark,
)
from firmware.log.ring import Ring
from firmware.log.scribe import Scribe
from firmware.pair.identity import PRIMARY, Identity
from tests.unit.fakes_storage import ManualLane, MemoryStorage

DISK_SIZE = 16 << 20
LOG_ID = 42
CHECKED = 80  # bytes of a header that mean something
ALLOWED = (Damaged, Refused, OSError)


class Fragile(MemoryStorage):
    """Storage that ends at byte `end`: an OSError there, as files and devices have it. `size` is what it claims."""

    def __init__(self, content):
        self.bytes = content
        self.end = len(content)
        self.size = max(self.end, superblock.MIN_JOURNAL)

    def _called(self, *call):
        if call[0] in ("read", "write") and call[1] + call[2] > self.end:
            raise OSError(5, "ends before byte %d" % (call[1] + call[2]))


class Settings:
    name, role = "left", PRIMARY


class Group:
    """One group as it was written: its place, its batch's first, its bytes, what it does to the disk."""

    def __init__(self, header, raw, changes):
        self.number = header.descriptor.number
        self.position = header.position
        self.first = header.first
        self.chain = header.descriptor.chain
        self.end = header.position + len(raw) + -len(raw) % BLOCK
        self.raw = raw
        self.changes = changes


class Written:
    """A journal, made by the journal itself. `content`: its storage; `old`: the same halfway through.

    `groups`: every Group ever, by number; `saved`: every superblock ever.
    """

    def __init__(self, ring_size: int, group_limit: int):
        self.content = self.old = bytearray(superblock.RING_OFFSET + ring_size)
        self.groups = {}
        self.saved = {}
        self._changes = {}
        self._seed = 0
        self._storage = Fragile(self.content)
        label = Identity(b"P" * 16, b"B" * 16, "left", PRIMARY, DISK_SIZE, 1).pack()
        block = superblock.Superblock(LOG_ID, ring_size, label)
        block.group_limit = group_limit
        block.retain = False
        self._storage.write(block.slot(), memoryview(block.pack()))
        self.ring = Ring(self._storage, block)
        self._lane = ManualLane(Scribe(self.ring, 1 << 40))
        self._tip = Point(0, 0, 0)
        self._journal = Journal(self.ring, self._lane, Arena(bytearray(10 << 20)), block, self._tip, lambda: 1700000000)
        self._journal.label = lambda: label
        self._journal.on_copied = lambda number: None
        self._journal.on_durable = self._durable
        self._note_superblock()

    def _durable(self, groups):
        for group in groups:
            group.wanted = False

    def _note_superblock(self):
        for slot in superblock.SLOTS:
            sector = bytes(self.content[slot : slot + SECTOR])
            if any(sector):
                self.saved[sector] = superblock.unpack(sector)

    def append(self, *sizes: int) -> None:
        """One group with writes of so many bytes each; the first is a batch, the others are one more."""
        for size in sizes:
            self._seed += 1
            payload = random.Random(self._seed).randbytes(size)
            start = self._seed * 37 % 64 * BLOCK
            group = self._journal.open_group(size, 0)
            group.add(WRITE, start, size, payload)
            changes = [(WRITE, start, payload)]
            if self._seed % 3 == 0:
                kind = ZERO if self._seed % 2 else TRIM
                group.add(kind, 512, 4096)
                changes.append((kind, 512, 4096))
            if self._seed % 4 == 1 and group.fits(MARK_SIZE):  # it changes nothing
                group.add(MARK, 0, MARK_SIZE, pack_mark("mark %d" % self._seed))
            self._changes[group.number] = changes
            self._journal.seal()
        self._lane.run()
        self._note_groups()
        self._note_superblock()

    def _note_groups(self):
        while self._tip.number < self._journal.head.number:
            header = self.ring.peek(self._tip)
            at = self.ring.offset(header.position)
            raw = bytes(self.content[at : at + HEADER_SIZE + header.descriptor.body_length])
            number = header.descriptor.number
            self.groups[number] = Group(header, raw, self._changes[number])
            self._tip = self.ring.after(self._tip, header.descriptor)

    def save(self) -> None:
        """All is on the disk, and the superblock says so."""
        self._journal.played = self._journal.head
        self._journal.save()
        self._lane.run()
        self._note_superblock()

    def remember(self) -> "Written":
        """What lies there now is what stale blocks will hold."""
        self.old = bytearray(self.content)
        return self

    @property
    def last(self) -> int:
        return self._tip.number

    def live(self) -> list:
        """Groups behind the newest superblock's `durable`."""
        durable = max(self.saved.values(), key=lambda block: block.sequence).durable.number
        return [group for number, group in self.groups.items() if number > durable]


def short(size, limit):
    made = Written(size, limit).remember()
    for sizes in ((512,), (4096, 512, 9000 // 512 * 512), (512, 512), (20480,), (8192, 512, 512, 1024)):
        made.append(*sizes)
    return made


def wrapped(size, limit):
    """A log on its third lap, with its live part around the ring's end."""
    made = Written(size, limit)
    step = limit // 3 & -512
    while made._tip.position < 3 * size - 2 * limit:
        made.append(step, 512)
        made.save()
        if made._tip.position < 2 * size:
            made.remember()
    for sizes in ((step,), (step, step), (512, 4096, 512), (step, 512), (512, 512, 512)):
        made.append(*sizes)
    return made


def lapped(size, limit):
    """The older superblock speaks of a place that has been overwritten since the newer one."""
    made = Written(size, limit)
    step = limit - BLOCK & -512
    made.append(512, 512)
    made.save()
    made.remember()
    while made._tip.position < size // 2:
        made.append(step)
    made.append(512)
    made.save()
    while made._tip.position < size + limit // 2:
        made.append(step)
    made.append(512, 4096, 512)
    return made


def long(size, limit):
    """Nearly a whole lap that no superblock speaks of."""
    made = Written(size, limit).remember()
    while made._tip.position < size - 3 * limit:
        made.append(limit // 2 & -512, 512)
    made.append(512, 512)
    return made


def families(ring_size: int, group_limit: int) -> list:
    """One journal of each kind."""
    return [make(ring_size, group_limit) for make in (short, wrapped, lapped, long)]


# Damage

def _place(written, which: int, offset: int) -> int:
    """A byte of the storage: mostly in a live group, else in a slot of the superblock or anywhere."""
    if which % 8 == 7:
        return superblock.SLOTS[which // 8 % 2] + offset % SECTOR
    if which % 8 == 6:
        return offset * 997 % len(written.content)
    live = written.live()
    group = live[which // 8 % len(live)]
    within = offset % CHECKED if which % 8 < 3 else offset % len(group.raw)
    return written.ring.offset(group.position) + within


def _flip(written, content, which, offset, argument):
    content[_place(written, which, offset)] ^= 1 << argument % 8


def _block(written, which, offset):
    return min(_place(written, which, offset), len(written.content) - BLOCK) & -BLOCK


def _zero(written, content, which, offset, argument):
    at = _block(written, which, offset)
    end = min(len(content), at + (BLOCK << argument % 12))
    content[at:end] = bytes(end - at)


def _swap(written, content, which, offset, argument):
    one, two = _block(written, which, offset), _block(written, argument, argument // 8)
    content[one : one + BLOCK], content[two : two + BLOCK] = content[two : two + BLOCK], content[one : one + BLOCK]


def _duplicate(written, content, which, offset, argument):
    one, two = _block(written, which, offset), _block(written, argument, argument // 8)
    content[one : one + BLOCK] = content[two : two + BLOCK]


def _stale(written, content, which, offset, argument):
    at = _block(written, which, offset)
    content[at : at + (BLOCK << argument % 4)] = written.old[at : at + (BLOCK << argument % 4)]


def _garbage(written, content, which, offset, argument):
    at = _place(written, which, offset)
    content[at : at + 1 + argument] = random.Random(argument).randbytes(len(content[at : at + 1 + argument]))


DAMAGES = (_flip, _zero, _swap, _duplicate, _stale, _garbage)


def damaged(written, damages) -> Fragile:
    """A storage with what was written, after `damages`: (kind, which, offset, argument), integers of any size."""
    content = bytearray(written.content)
    for kind, which, offset, argument in damages:
        DAMAGES[kind % len(DAMAGES)](written, content, which, offset, argument)
    assert len(content) == len(written.content)
    return Fragile(content)


def reseal(written, content, damages) -> None:
    """Puts bytes into headers, superblocks and records, and makes all checksums fit again."""
    for kind, which, offset, argument in damages:
        raw = struct.pack("<I", argument & 0xFFFFFFFF)[: 1 + offset // 256 % 4]
        if kind % 3 == 0:
            at = superblock.SLOTS[which % 2]
            content[at + offset % 200 : at + offset % 200 + len(raw)] = raw
            struct.pack_into("<I", content, at + 508, crc32(content[at : at + 508]))
            continue
        live = written.live()
        group = live[which % len(live)]
        at = written.ring.offset(group.position)
        place = offset % 72 if kind % 3 == 1 else HEADER_SIZE + offset % 40
        content[at + place : at + place + len(raw)] = raw
        if kind % 3 == 2:
            struct.pack_into("<I", content, at + 64, crc32(content[at + HEADER_SIZE : at + len(group.raw)]))
        struct.pack_into("<I", content, at + 72, crc32(content[at + 32 : at + 72]))
        struct.pack_into("<I", content, at + 76, crc32(content[at : at + 76]))


# The verdict

def _holds(written, storage, group, length) -> bool:
    at = written.ring.offset(group.position)
    return storage.bytes[at : at + length] == group.raw[:length]


def whole(written, storage, number: int) -> bool:
    """Whether the ring still holds every byte of a group."""
    group = written.groups.get(number)
    if group is None:
        return False
    at = written.ring.offset(group.position)
    raw, found = group.raw, storage.bytes[at : at + len(group.raw)]
    return found[:CHECKED] == raw[:CHECKED] and found[HEADER_SIZE:] == raw[HEADER_SIZE:]


def expected_end(written, storage, durable: int) -> tuple:
    """(number of the last group, number of a group behind it that proves the next had been durable, or 0)."""
    number = durable
    while whole(written, storage, number + 1):
        number += 1
    lap = written.groups[number + 1].position + written.ring.size if number < written.last else 0
    for group in written.groups.values():
        if group.first > number + 1 and group.position < lap and _holds(written, storage, group, CHECKED):
            return number, group.number
    return number, 0


def driven(generator, most: int = 20000):
    """The result of a worker's generator, which must end."""
    for _ in range(most):
        try:
            next(generator)
        except StopIteration as end:
            return end.value
    raise AssertionError("it does not end")


SMALL = (1 << 20, 128 << 10)  # ring_size, group_limit: no card is so small, and everything is near
LEAST = (7 << 20, 7 << 18)  # of the smallest journal that a board takes
BUFFER = memoryview(bytearray(MAX_GROUP))
