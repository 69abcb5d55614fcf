"""Recovery: where does the log end, and is what lies before its end whole?

It starts at the superblock's `durable` point, which follows the end at a bounded distance, so its time
grows with what was in flight and not with the ring. Appends are synced batch by batch and every header
names the first group of its batch, `first`. So when group n cannot be read and a whole group with
`first > n` lies behind it, n had been durable before that one was written: n is damaged. Without such
a witness, n is the torn tail of the last batch, which was never promised to anybody.

| row           | header of group n at its place   | body    | witness behind it | verdict                |
|---------------|----------------------------------|---------|-------------------|------------------------|
| NEXT          | whole, next number, chain fits   | whole   | not looked for    | group n is in the log  |
| TORN_BODY     | whole, next number, chain fits   | damaged | none              | the log ends before n  |
| TORN_HEADER   | damaged, older, or of a torn past| -       | none              | the log ends before n  |
| DAMAGED_BODY  | whole, next number, chain fits   | damaged | yes               | Damaged: alarm         |
| DAMAGED_HEADER| damaged, older, or of a torn past| -       | yes               | Damaged: alarm         |
| UNREADABLE    | the storage returns an error     | -       | not looked for    | OSError: alarm         |
"""

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.log.layout import BLOCK, COPIED, HEADER_SIZE, MAX_GROUP, group_size, unpack_header

HINT_DISTANCE = 32 << 20  # the log's end is never further behind the superblock's `durable`

NEXT = "next"
TORN_BODY = "torn body"
TORN_HEADER = "torn header"
DAMAGED_BODY = "damaged body"
DAMAGED_HEADER = "damaged header"


def find_end(ring, superblock, buffer):
    """Generator; yields between reads and returns (point of the log's end, row that ended it, number of
    the group behind `durable` that was flagged COPIED, or 0).

    `buffer` is a memoryview of at least MAX_GROUP bytes. Raises Damaged and OSError (see the table).
    """
    point, copied = superblock.durable, 0
    while True:
        row, after, flags = _examine(ring, point, buffer)
        yield
        if row is not NEXT:
            break
        point = after
        if flags & COPIED:
            copied = copied or point.number
    witness = yield from _witness(ring, point, buffer)
    if witness:
        raise Damaged(
            "the journal is damaged at byte %d: group %d cannot be read, but group %d behind it can"
            % (ring.offset(ring.start(point.position)), point.number + 1, witness)
        )
    return point, row, copied


def _examine(ring, point, buffer) -> tuple:
    try:
        descriptor = ring.peek(point).descriptor
    except Damaged:
        return TORN_HEADER, None, 0
    body = buffer[: descriptor.body_length]
    ring.storage.read_into(ring.offset(ring.start(point.position)) + HEADER_SIZE, body)
    if crc32(body) != descriptor.body_crc:
        return TORN_BODY, None, 0
    return NEXT, ring.after(point, descriptor), descriptor.flags


def _witness(ring, point, buffer):
    """The number of a whole group that proves that the group after `point` had been durable, or 0.

    Reads every block behind `point` as far as the log can have reached: HINT_DISTANCE, or a whole lap of a
    small ring, where one group and what is left free at the ring's end may be most of it.
    """
    position = ring.start(point.position)
    end = position + min(HINT_DISTANCE, ring.size)
    while position < end:
        length = min(MAX_GROUP, end - position, ring.size - position % ring.size)
        ring.storage.read_into(ring.offset(position), buffer[:length])
        yield
        for at in range(0, length, BLOCK):
            try:
                header = unpack_header(buffer[at : at + HEADER_SIZE], ring.log_id)
            except Damaged:
                continue
            if header.position == position + at and header.first > point.number + 1:
                return header.descriptor.number
        position += length
    return 0


def make_durable(ring, superblock, end, buffer):
    """Generator: after it, all that was found up to the point `end` survives a power cut.

    What a process reads after it was killed may lie in the page cache alone, and after a failed sync it
    lies there as if it were written. Playing or shipping it would give away what this board can still
    lose. So the last batch, the only one whose sync nothing proves, and the superblock are written again.
    A slot that was written and not synced is made durable before the other one is touched: one must be whole.
    """
    point = yield from _last_batch(ring, superblock.durable, end)
    while point.number < end.number:
        descriptor = ring.peek(point).descriptor
        yield
        offset = ring.offset(ring.start(point.position))
        group = buffer[: group_size(descriptor.body_length)]
        ring.storage.read_into(offset, group)
        yield
        ring.storage.write(offset, group)
        yield
        point = ring.after(point, descriptor)
    ring.storage.sync()
    yield
    superblock.sequence += 1
    ring.storage.write(superblock.slot(), memoryview(superblock.pack()))
    yield
    ring.storage.sync()
    yield


def _last_batch(ring, point, end):
    """The point before the last batch, or `point` when it began before that."""
    start = point
    while point.number < end.number:
        header = ring.peek(point)
        yield
        if header.first == header.descriptor.number:
            start = point
        point = ring.after(point, header.descriptor)
    return start
