"""The few SCSI commands that the checks send (SPC-4, SBC-3), and what comes back."""

import struct

TEST_UNIT_READY = bytes(6)
REQUEST_SENSE = bytes((0x03, 0, 0, 0, 18, 0))
READ_CAPACITY_10 = bytes((0x25,)) + bytes(9)
READ_CAPACITY_16 = bytes((0x9E, 0x10)) + bytes(8) + bytes((0, 0, 0, 32, 0, 0))
MODE_SENSE_6 = bytes((0x1A, 0x08, 0x3F, 0, 4, 0))
WRITE_PROTECTED = 0x80  # in the device-specific parameter of the mode header (SBC-3 section 6.4.1)

# UNMAP with a parameter list of 8 bytes that lists nothing (SBC-3 section 5.28): changes nothing.
UNMAP = bytes((0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0))
UNMAP_NOTHING = bytes((0, 6, 0, 0, 0, 0, 0, 0))

NOT_READY, UNIT_ATTENTION = 0x2, 0x6
SENSE_KEYS = {0: "no sense", 2: "not ready", 3: "medium error", 4: "hardware error", 5: "illegal request",
              6: "unit attention", 7: "data protect", 11: "aborted command", 14: "miscompare"}  # fmt: skip


def inquiry(allocation: int) -> bytes:
    return struct.pack(">BBBHB", 0x12, 0, 0, allocation, 0)


def read_10(block: int, blocks: int) -> bytes:
    return struct.pack(">BBIBHB", 0x28, 0, block, 0, blocks, 0)


def write_10(block: int, blocks: int) -> bytes:
    return struct.pack(">BBIBHB", 0x2A, 0, block, 0, blocks, 0)


def read_16(block: int, blocks: int) -> bytes:
    return struct.pack(">BBQIBB", 0x88, 0, block, blocks, 0, 0)


def write_16(block: int, blocks: int) -> bytes:
    return struct.pack(">BBQIBB", 0x8A, 0, block, blocks, 0, 0)


class Sense:
    """Fixed-format sense data (SPC-4 section 4.5.3)."""

    def __init__(self, raw: bytes):
        padded = raw + bytes(14)
        self.key, self.asc, self.ascq = padded[2] & 0x0F, padded[12], padded[13]

    def __str__(self):
        return "%s, %02Xh/%02Xh" % (SENSE_KEYS.get(self.key, "key %Xh" % self.key), self.asc, self.ascq)
