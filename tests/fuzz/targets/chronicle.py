"""A damaged file of a chronicle: byte 0 says whether one page of any bytes, or a file; then damages of 11 bytes."""

import struct

from tests.fuzz import archives

MAX_INPUT = 100
_DAMAGE = "<BHII"
_SIZE = struct.calcsize(_DAMAGE)


def seeds() -> list:
    found = [b"\x01" + bytes(range(60)), b"\x01" + b"SOSC\x01\x00\x03" + bytes(60)]
    for kind in range(len(archives.DAMAGES)):
        for page in (0, 1, 4, 32, 62):
            found.append(b"\x00" + struct.pack(_DAMAGE, kind, page, 64 + 16 * page, 0xFFFFFFFF >> page))
            found.append(found[-1] + struct.pack(_DAMAGE, kind, page + 1, 24, 3))
    return found


def one(data: bytes) -> None:
    if len(data) < 1 + _SIZE:
        return
    if data[0] & 1:
        page = bytearray(4096)
        page[: len(data) - 1] = data[1:]
        archives.check_page(page)
        return
    places = range(1, len(data) - _SIZE + 1, _SIZE)
    damages = [struct.unpack_from(_DAMAGE, data, at) for at in places]
    content = archives.written()
    archives.damage(content, damages)
    honest = all(what % len(archives.DAMAGES) < archives.HONEST for what, _, _, _ in damages)
    archives.check_file(content, honest)
