"""Makes journals for the tests of what reads them, byte by byte, by the tables of FORMAT.md."""

from firmware.log import layout, superblock
from firmware.log.layout import HEADER_SIZE, RECORD_SIZE, Descriptor, Point, group_size, pack_header, pack_record
from firmware.pair.identity import Identity

RING_SIZE = 20 << 20
DISK_SIZE = 1 << 30
LOG_ID = 0x1122334455667788
NOON_MS = 1795348800000


class Journal:
    """Writes a journal file group by group."""

    def __init__(self, path):
        self.path = str(path)
        label = Identity(bytes(16), bytes(16), "left", "primary", DISK_SIZE).pack()
        self.block = superblock.Superblock(LOG_ID, RING_SIZE, label)
        self.tip = Point(0, 0, 0)
        self.places = {}
        self.file = open(path, "w+b")
        self.file.truncate(superblock.RING_OFFSET + RING_SIZE)
        self.save()

    def save(self, slot=None):
        self.block.sequence += 1
        self.write(self.block.slot() if slot is None else slot, self.block.pack())

    def spent(self, point):
        """Nobody needs what lies before the point."""
        self.block.played = self.block.acked = self.block.durable = point
        self.save()

    def write(self, offset, data):
        self.file.seek(offset)
        self.file.write(data)
        self.file.flush()

    def flip(self, offset):
        self.file.seek(offset)
        byte = self.file.read(1)[0]
        self.write(offset, bytes([byte ^ 0x40]))

    def append(self, payload=4096, first=None, records=None):
        """A group with one write of `payload` bytes; returns its Point."""
        return self.group([(layout.WRITE, 8192, bytes([self.tip.number % 251]) * payload)], first, records)

    def group(self, changes, first=None, records=None, flags=0):
        """A group of (kind, start, payload, or length where there is none); returns its Point."""
        body = bytearray()
        for kind, start, data in changes:
            record = bytearray(RECORD_SIZE)
            pack_record(record, 0, kind, start, data if isinstance(data, int) else len(data))
            body += record + (b"" if isinstance(data, int) else data)
        number = self.tip.number + 1
        left = RING_SIZE - self.tip.position % RING_SIZE
        position = self.tip.position + (left if left < layout.MAX_GROUP else 0)
        descriptor = Descriptor(number, 1, NOON_MS + number, len(body), records or len(changes), layout.crc32(body),
                                self.tip.chain, flags)
        group = bytearray(group_size(len(body)))
        pack_header(group, 0, LOG_ID, position, first or number, descriptor)
        group[HEADER_SIZE:HEADER_SIZE + len(body)] = body
        self.places[number] = superblock.RING_OFFSET + position % RING_SIZE
        self.write(self.places[number], group)
        self.tip = Point(number, position + len(group), descriptor.chain)
        return self.tip
