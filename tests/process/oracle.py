"""The prefix oracle: numbered writes, and the question which prefix of them an image holds.

Every 512-byte sector of write n carries n and its own place, so an image tells by itself which write each of its
sectors came from. It shares no code with the firmware.
"""

import struct

SECTOR = 512


def sector_bytes(number: int, sector: int) -> bytes:
    return struct.pack("<QQ", number, sector) * (SECTOR // 16)


class History:
    """All writes that a host sent, in order. An entry is (number, offset, length, is_data); zeroes carry no number."""

    def __init__(self, size: int):
        self.size = size
        self.entries: list[tuple[int, int, int, bool]] = []
        self.last = 0  # numbers are never used twice, not even those of lost writes

    def add(self, offset: int, length: int, is_data: bool = True) -> int:
        self.last += 1
        self.entries.append((self.last, offset, length, is_data))
        return self.last

    def data(self, number: int, offset: int, length: int) -> bytes:
        first = offset // SECTOR
        return b"".join(sector_bytes(number, first + i) for i in range(length // SECTOR))

    def image(self, up_to: int) -> bytearray:
        """What the disk holds after the writes up to this number."""
        image = bytearray(self.size)
        for number, offset, length, is_data in self.entries:
            if number > up_to:
                break
            image[offset : offset + length] = self.data(number, offset, length) if is_data else bytes(length)
        return image

    def prefix_of(self, image: bytes) -> int:
        """The last write of the longest prefix that `image` may be; AssertionError when it is none."""
        assert len(image) == self.size, "the image has %d bytes, not %d" % (len(image), self.size)
        numbers = memoryview(image).cast("Q")[:: SECTOR // 8].tolist()
        newest = max(numbers)
        known = {number for number, _, _, is_data in self.entries if is_data}
        assert newest == 0 or newest in known, "the image holds write %d, which was lost or never sent" % newest
        expected, best = self.image(newest), newest
        fits = expected == image
        # Zeroes behind the newest visible write leave no number: take as many of them as the image allows.
        for number, offset, length, is_data in self.entries:
            if number <= newest:
                continue
            if is_data:
                break
            expected[offset : offset + length] = bytes(length)
            if expected == image:
                fits, best = True, number
        if not fits:
            raise AssertionError(self._difference(image, newest))
        return best

    def _difference(self, image: bytes, newest: int) -> str:
        expected = self.image(newest)
        wrong = [i for i in range(self.size // SECTOR)
                 if image[i * SECTOR : (i + 1) * SECTOR] != expected[i * SECTOR : (i + 1) * SECTOR]]
        first = wrong[0] * SECTOR
        holds, wants = (struct.unpack_from("<QQ", data, first) for data in (image, expected))
        return "no prefix: newest write %d, %d sectors differ, the first is %d: holds %s, should hold %s" % (
            newest, len(wrong), wrong[0], holds, wants)  # fmt: skip

    def forget_after(self, number: int) -> None:
        """The writes behind this one are lost for good; seeing one of them again is a failure."""
        self.entries = [entry for entry in self.entries if entry[0] <= number]
