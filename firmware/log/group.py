"""A group in memory: being gathered or received, being appended, or waiting to be played."""

from firmware.log.layout import HEADER_SIZE, MAX_BODY, RECORD_SIZE, group_size, pack_record

_NOBODY = [0]  # whom a group tells how much of it counts when nobody comes after this process


class Group:
    """One group in the arena at `place`: room for its header, then its body.

    `number`, `position` (its start in the ring), `generation` and `time_ms` are set when it is queued
    for append; `descriptor` when it is sealed, or from the start when it was `received`.
    """

    def __init__(self, arena, place: int, limit: int, descriptor=None):
        self._arena = arena
        self._max_body = min(limit - HEADER_SIZE, MAX_BODY)
        self.place = place
        self.memory = arena.view(place, limit)
        self.descriptor = descriptor
        self.received = descriptor is not None
        self.used = descriptor.body_length if descriptor else 0
        self.records = descriptor.records if descriptor else 0
        self.flags = descriptor.flags if descriptor else 0
        self.number = descriptor.number if descriptor else 0
        self.generation = 0
        self.time_ms = 0
        self.position = 0
        self.opened_ms = 0
        self.pins = 0  # users that need its memory for a while
        self.wanted = True  # its owner still needs its memory
        self.tally, self.tally_at = _NOBODY, 0  # its entry in the ledger: bytes of whole records

    def fits(self, payload: int) -> bool:
        """Whether one more record with so many bytes of payload fits."""
        return self.used + RECORD_SIZE + payload <= self._max_body

    def add(self, kind: int, start: int, length: int, payload=None) -> int:
        """Appends a record (bytes; fits() was asked) and returns where its payload lies in `memory`."""
        at = HEADER_SIZE + self.used
        pack_record(self.memory, at, kind, start, length)
        at += RECORD_SIZE
        self.used += RECORD_SIZE
        if payload is not None:
            self.memory[at : at + length] = payload
            self.used += length
        self.records += 1
        self.tally[self.tally_at] = self.used  # last: whoever comes after a death here finds whole records only
        return at

    def lengthen(self, kind: int, start: int, length: int) -> None:
        """The last record, which has no payload, speaks of more bytes now."""
        self.tally[self.tally_at] = self.used - RECORD_SIZE  # it is taken back while it is neither old nor new
        pack_record(self.memory, HEADER_SIZE + self.used - RECORD_SIZE, kind, start, length)
        self.tally[self.tally_at] = self.used

    def body(self) -> memoryview:
        """Its records."""
        return self.memory[HEADER_SIZE : HEADER_SIZE + self.used]

    def close(self) -> None:
        """Keeps of the arena only what the group takes in the ring, its padding zeroed."""
        size = group_size(self.used)
        self._arena.shrink(self.place, size)
        self.memory = self._arena.view(self.place, size)
        self.pad()

    def pad(self) -> None:
        """Zeroes what lies behind its records."""
        pad = HEADER_SIZE + self.used
        self.memory[pad:] = bytes(len(self.memory) - pad)

    @property
    def body_place(self) -> int:
        """Where its body lies in the arena."""
        return self.place + HEADER_SIZE

    @property
    def size(self) -> int:
        """Bytes that it takes in the ring and in the arena."""
        return group_size(self.used)

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + group_size(self.used)

    def adjoins(self, later: "Group") -> bool:
        """Whether `later` lies right behind it in memory."""
        return self.place + self.size == later.place and later.place % self._arena.size != 0

    def memory_through(self, last: "Group") -> memoryview:
        """Memory from this group to the end of `last`, between which all adjoin."""
        return self._arena.view(self.place, last.place + last.size - self.place)

    def evict(self) -> None:
        """Gives its memory back; it is the oldest in the arena. Its content is in the ring."""
        self._arena.release(self.place, len(self.memory))
        self.memory = None

    def discard(self) -> None:
        """Gives its memory back; it is the newest in the arena and will never be in the ring."""
        self._arena.shrink(self.place, 0)
        self.memory = None
