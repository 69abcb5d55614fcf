"""The ring on the journal's storage: where groups lie, and reading them back.

A group is contiguous. Where less than the superblock's `group_limit` is left before the ring's end, the
next group starts at its beginning: writer and reader agree on every start without a marker in between.
"""

from firmware.checksum import crc32
from firmware.errors import Damaged
from firmware.log.layout import BLOCK, HEADER_SIZE, Point, group_size, unpack_header
from firmware.log.superblock import RING_OFFSET


class Ring:
    """Geometry of the ring that `superblock` describes on `storage`, and reads from it."""

    def __init__(self, storage, superblock):
        self.storage = storage
        self.log_id = superblock.log_id
        self.size = superblock.ring_size
        self._least_left = superblock.group_limit
        self._header = memoryview(bytearray(BLOCK))[:HEADER_SIZE]

    def start(self, position: int) -> int:
        """Where the group after `position` starts (a position as well)."""
        left = self.size - position % self.size
        return position + left if left < self._least_left else position

    def offset(self, position: int) -> int:
        """Byte offset on the storage of a position."""
        return RING_OFFSET + position % self.size

    def after(self, point: Point, descriptor) -> Point:
        """The point behind the group that follows `point`."""
        end = self.start(point.position) + group_size(descriptor.body_length)
        return Point(descriptor.number, end, descriptor.chain)

    def header(self, position: int):
        """The header at `position`. Raises Damaged (no header of this place) and OSError."""
        self.storage.read_into(self.offset(position), self._header)
        header = unpack_header(self._header, self.log_id)
        if header.position != position:
            raise Damaged("an older group lies here")
        return header

    def peek(self, point: Point):
        """Header of the group that follows `point`. Raises Damaged when that group is not there."""
        header = self.header(self.start(point.position))
        descriptor = header.descriptor
        if descriptor.number != point.number + 1 or descriptor.previous_chain != point.chain:
            raise Damaged("the group found does not follow group %d" % point.number)
        return header

    def load(self, point: Point, buffer) -> tuple:
        """The group that follows `point`, its body at the start of `buffer` (MAX_BODY bytes).

        Returns (descriptor, body view). Raises Damaged, naming the group and the place, and OSError.
        """
        position = self.start(point.position)
        try:
            descriptor = self.peek(point).descriptor
            body = buffer[: descriptor.body_length]
            self.storage.read_into(self.offset(position) + HEADER_SIZE, body)
            if crc32(body) != descriptor.body_crc:
                raise Damaged("the checksum of its content does not fit")
        except Damaged as e:
            raise Damaged(
                "the journal is damaged at byte %d, group %d: %s" % (self.offset(position), point.number + 1, e)
            )
        return descriptor, body
