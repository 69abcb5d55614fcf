"""A line between the boards whose owner keeps what the primary says, and repeats, reorders or changes it on its way."""

from tests.process.relay import Relay

_HEAD = 5  # of a record of TLS: its type, version, and length (RFC 8446, 5.1)
_BIG = 1000  # bytes of a record that has to do with data


class Mischief(Relay):
    """`deed` is done to the next record with data, once: "twice", "swapped", "left out", "changed", "late" (played
    back behind the next one). `said` is all that the newest caller said, `callers` counts them."""

    DEEDS = ("twice", "swapped", "left out", "changed", "late")

    def __init__(self, target: int):
        self.deed = ""
        self.said = bytearray()
        self.callers = 0
        self._rest = b""  # of a record that has not come whole
        self._behind = b""  # goes out behind the next record
        super().__init__(target)

    def _accept(self) -> None:
        self.said, self._rest, self._behind = bytearray(), b"", b""
        self.callers += 1
        super()._accept()

    def touch(self, data: bytes) -> bytes:
        self.said += data
        self._rest += data
        out = b""
        while (size := self._whole()) is not None:
            record, self._rest = self._rest[:size], self._rest[size:]
            out += self._deal(record)
        return out

    def _whole(self) -> int | None:
        """The length of the first record, when all of it is here."""
        size = _HEAD + int.from_bytes(self._rest[3:_HEAD], "big")
        return size if _HEAD <= len(self._rest) and size <= len(self._rest) else None

    def _deal(self, record: bytes) -> bytes:
        behind, self._behind = self._behind, b""
        if self.deed and len(record) > _BIG:
            deed, self.deed = self.deed, ""
            record = self._do(deed, record)
        return record + behind

    def _do(self, deed: str, record: bytes) -> bytes:
        if deed in ("swapped", "late"):
            self._behind = record
        middle = len(record) // 2
        return {
            "twice": record + record, "swapped": b"", "left out": b"", "late": record,
            "changed": record[:middle] + bytes([record[middle] ^ 1]) + record[middle + 1 :],
        }[deed]  # fmt: skip
