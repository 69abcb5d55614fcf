"""Compression of group bodies: what this runtime offers, and unpacking that cannot be made to allocate more.

zstd where the `zstandard` package is installed, zlib otherwise. MicroPython unpacks zlib with its
`deflate` module and packs only where that was built in.
"""

import io

from firmware.errors import ProtocolError

try:
    import zstandard
except ImportError:
    zstandard = None
try:
    import zlib
except ImportError:
    zlib = None
try:
    import deflate
except ImportError:
    deflate = None

RAW, ZLIB, ZSTD = 0, 1, 2
NAMES = ("raw", "zlib", "zstd")
PREFERRED = ("zstd", "zlib")

_SLICE = 64 << 10
_ZSTD_WINDOW = 8 << 20  # a frame that asks for more history than any group has is refused


def unpackable() -> tuple:
    """Names of the codecs that this runtime can unpack."""
    here = {"zstd": zstandard, "zlib": zlib or deflate}
    return tuple(name for name in PREFERRED if here[name])


def packable() -> tuple:
    """Names of the codecs that this runtime can pack."""
    here = {"zstd": zstandard, "zlib": zlib}
    return tuple(name for name in PREFERRED if here[name])


def bits(names) -> int:
    """The set of codecs as it stands in a HELLO."""
    return sum(1 << (NAMES.index(name) - 1) for name in names)


def choose(peer_bits: int, names) -> int:
    """The first of `names`, in their order, that this runtime packs and the peer unpacks; else RAW."""
    for name in names:
        if name in packable() and peer_bits & bits((name,)):
            return NAMES.index(name)
    return RAW


def level_for(codec: int, bytes_per_s: int) -> int:
    """How hard to try for a wire of that speed: a thin one leaves time to compress better."""
    if codec == ZLIB:
        return 6 if bytes_per_s < 4000000 else 1
    return 3 if bytes_per_s < 20000000 else 1


def pack(codec: int, view, level: int) -> bytes:
    """`view` compressed; a new object, since no codec writes into memory that it is given."""
    if codec == ZSTD:
        return zstandard.ZstdCompressor(level=level, write_checksum=False).compress(view)
    return zlib.compress(view, level)


def unpack_into(codec: int, packed, view) -> None:
    """Fills all of `view`; ProtocolError unless `packed` stands for exactly that many bytes.

    Never allocates more than `view` is long, whatever `packed` claims to hold.
    """
    try:
        if codec == ZSTD:
            source = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(packed)
            fits = _fill(source, view)
        elif zlib is not None:
            fits = _inflate(packed, view)
        else:
            fits = _fill(deflate.DeflateIO(io.BytesIO(packed), deflate.ZLIB), view)
    except _errors():
        fits = False
    if not fits:
        raise ProtocolError("a compressed group is not what its descriptor says")


def _errors() -> tuple:
    found = [OSError, EOFError, ValueError, MemoryError]
    if zstandard is not None:
        found.append(zstandard.ZstdError)
    if zlib is not None:
        found.append(zlib.error)
    return tuple(found)


def _fill(source, view) -> bool:
    """Reads a stream that must end where `view` ends."""
    at = 0
    while at < len(view):
        count = source.readinto(view[at:])
        if not count:
            return False
        at += count
    return not source.read(1)


def _inflate(packed, view) -> bool:
    """In small pieces on both sides: zlib copies what it did not use, and gives its output in new bytes."""
    inflater, at, start, tail = zlib.decompressobj(), 0, 0, b""
    while at < len(view):
        if not tail:
            tail = packed[start : start + _SLICE]
            start += _SLICE
        piece = inflater.decompress(tail, min(4 * _SLICE, len(view) - at))
        tail = inflater.unconsumed_tail
        if not piece and not tail and start >= len(packed):
            return False
        view[at : at + len(piece)] = piece
        at += len(piece)
    more = inflater.decompress(bytes(tail) + bytes(packed[start : start + _SLICE]), 1)
    return inflater.eof and not more and not inflater.unused_data and start + _SLICE >= len(packed)
