"""Compression ahead of the wire, as the worker of its own lane."""

from firmware.link import codec

SAMPLE = 64 << 10
_SHRUNK = 95  # percent; what does not get below is sent raw


class Compressor:
    """Reads bodies from the journal's `storage` and packs them; one call at a time, one buffer for all."""

    def __init__(self, storage):
        self._storage = storage
        self._buffer = memoryview(b"")

    def compress(self, span, codec_number: int, level: int):
        """Worker method (a generator); returns bytes, or None when the body should go raw.

        `span` is a body in the journal, pinned where it is in memory. Its first SAMPLE bytes decide, at
        the fastest level, whether the rest is looked at at all. Raises OSError.
        """
        body = span.memory()
        here = body is not None
        if not here:
            body = self._room(span.length)
            self._storage.read_into(span.position, body[:SAMPLE])
            yield
        packed = _shrunk(codec_number, body[:SAMPLE], 1 if span.length > SAMPLE else level)
        if packed is None or span.length <= SAMPLE:
            return packed
        if not here:
            self._storage.read_into(span.position + SAMPLE, body[SAMPLE:])
            yield
        return _shrunk(codec_number, body, level)

    def _room(self, length: int) -> memoryview:
        if len(self._buffer) < length:
            self._buffer = memoryview(bytearray(length))
        return self._buffer[:length]


def _shrunk(codec_number: int, view, level: int) -> "bytes | None":
    packed = codec.pack(codec_number, view, level)
    return packed if len(packed) * 100 <= len(view) * _SHRUNK else None
