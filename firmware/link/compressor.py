"""Compression ahead of the wire, as the worker of its own lane."""

from firmware.link import codec

SAMPLE = 64 << 10
_SHRUNK = 95  # percent; what does not get below is sent raw


class Compressor:
    """Reads bodies from the journal's `storage` and packs them; one call at a time, one buffer for all."""

    def __init__(self, storage):
        self._storage = storage
        self._buffer = memoryview(b"")

    def compress(self, position: int, length: int, codec_number: int, level: int):
        """Worker method (a generator); returns bytes, or None when the body should go raw.

        `position` is a byte offset on the storage. The first SAMPLE bytes decide, at the fastest
        level, whether the rest is read at all. Raises OSError.
        """
        if len(self._buffer) < length:
            self._buffer = memoryview(bytearray(length))
        body = self._buffer[:length]
        sample = body[:SAMPLE]
        self._storage.read_into(position, sample)
        yield
        packed = _shrunk(codec_number, sample, 1 if length > SAMPLE else level)
        if packed is None or length <= SAMPLE:
            return packed
        self._storage.read_into(position + SAMPLE, body[SAMPLE:])
        yield
        return _shrunk(codec_number, body, level)


def _shrunk(codec_number: int, view, level: int) -> "bytes | None":
    packed = codec.pack(codec_number, view, level)
    return packed if len(packed) * 100 <= len(view) * _SHRUNK else None
