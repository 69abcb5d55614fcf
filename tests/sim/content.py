"""What the simulated host writes: sectors that say which write they belong to, and where they were meant to lie.

A sector starts with the number of its write and its own number, so that an image alone tells its history.
Half of the writes compress well (the tag repeated), the other half does not (a slice of fixed noise).
"""

import random
import struct

SECTOR = 512
_TAG = struct.Struct("<QQ")
_TAGS = struct.Struct("<Q504x")
_NOISE = random.Random(0x50515).randbytes(1 << 16)
_NOISE_LENGTH = SECTOR - _TAG.size


def payload(number: int, offset: int, length: int) -> bytes:
    """The bytes of write `number` at [offset, offset + length), both multiples of 512."""
    first, pack, parts = offset // SECTOR, _TAG.pack, []
    for sector in range(first, first + length // SECTOR):
        tag = pack(number, sector)
        if number & 1:
            at = (number * 7919 + sector * 509) & 0xFBFF
            parts.append(tag + _NOISE[at : at + _NOISE_LENGTH])
        else:
            parts.append(tag * 32)
    return b"".join(parts)


def tags(image) -> list:
    """The write number in each sector of `image`; 0 where it reads as zeroes or was never written."""
    return [tag for (tag,) in _TAGS.iter_unpack(image)]


def describe(sector_bytes) -> str:
    """One sector in words, for a report."""
    data = bytes(sector_bytes)
    number, sector = _TAG.unpack_from(data)
    if not any(data):
        return "zeroes"
    if data == payload(number, sector * SECTOR, SECTOR):
        return "write %d of sector %d" % (number, sector)
    return "damaged bytes (tag %d, sector %d)" % (number, sector)
