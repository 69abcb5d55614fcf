"""The scribe: all that is ever written to the journal's storage, as worker methods of one lane.

Crash order: a batch is one run of writes and one sync; the next batch is written only after that sync
returned. Recovery's reasoning about torn tails rests on it (recovery.py).
"""

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.log.layout import Descriptor, pack_header, records


class Scribe:
    """Worker of the journal lane of a board whose disk has `disk_size` bytes.

    Its methods are generators that yield between storage calls.
    """

    def __init__(self, ring, disk_size: int):
        self._ring = ring
        self._disk_size = disk_size
        self._is_hinted = False  # a slot of the superblock is written and not synced

    def append(self, groups: list, chain: int):
        """Writes a batch of Groups behind a group whose chain is `chain`, and syncs it.

        A group without a descriptor is sealed here; one that came with its descriptor is checked
        against it: Damaged, with nothing written, when its body is not what its first board sealed.
        """
        for group in groups:
            chain = self._seal(group, chain)
        for group in groups:
            pack_header(
                group.memory, 0, self._ring.log_id, group.position, groups[0].number, group.descriptor
            )
        for position, memory in _runs(groups):
            self._ring.storage.write(self._ring.offset(position), memory)
            yield
        self._ring.storage.sync()
        self._is_hinted = False

    def _seal(self, group, chain: int) -> int:
        body = group.body()
        crc = crc32(body)
        if group.descriptor is None:
            group.descriptor = Descriptor(
                group.number, group.generation, group.time_ms, len(body), group.records, crc, chain, group.flags
            )
        else:
            self._check(group.descriptor, body, crc)
        return group.descriptor.chain

    def _check(self, descriptor, body, crc: int) -> None:
        """Whether a received group is what was sealed, and can be played: once durable, it must be."""
        if descriptor.body_crc != crc:
            raise Damaged("group %d arrived with a checksum that does not fit" % descriptor.number)
        for _ in records(body, self._disk_size):
            pass

    def hint(self, offset: int, block):
        """Writes one slot of the superblock; it is durable with whatever is synced next."""
        self._is_hinted = True
        self._ring.storage.write(offset, memoryview(block))
        return
        yield

    def superblock(self, offset: int, block):
        """Writes one slot of the superblock and syncs it.

        A hint in the other slot is synced first: a power cut may spoil what is not, and one slot must be whole.
        """
        if self._is_hinted:
            self._ring.storage.sync()
            self._is_hinted = False
            yield
        self._ring.storage.write(offset, memoryview(block))
        yield
        self._ring.storage.sync()


def _runs(groups: list):
    """Yields (position, memory) of the longest runs that are contiguous in the ring and in memory."""
    first = last = groups[0]
    for group in groups[1:]:
        if group.position != last.end or not last.adjoins(group):
            yield first.position, first.memory_through(last)
            first = group
        last = group
    yield first.position, first.memory_through(last)
