"""A journal that was damaged: byte 0 names the journal and what is done with it; then damages of 9 bytes each."""

import struct

from tests.fuzz import ringchecks, rings

MAX_INPUT = 80
_JOURNALS = rings.families(*rings.SMALL)
_DAMAGE = "<BHHI"
_SIZE = 9


def seeds() -> list:
    found = []
    for first in range(4 * len(_JOURNALS)):
        for kind in range(len(rings.DAMAGES)):
            found.append(bytes([first]) + struct.pack(_DAMAGE, kind, first * 8, 70, 3))
        found.append(bytes([first]) + struct.pack(_DAMAGE, 0, 7, 20, 1) + struct.pack(_DAMAGE, 1, 16, 3, 5))
    return found


def one(data: bytes) -> None:
    if len(data) < 1 + _SIZE:
        return
    written, what = _JOURNALS[data[0] % 4], data[0] // 4 % 4
    places = range(1, len(data) - _SIZE + 1, _SIZE)
    damages = [struct.unpack_from(_DAMAGE, data, at) for at in places]
    if what == 1:
        ringchecks.check_player(written, rings.damaged(written, damages), damages[0][1] % (written.last + 1))
    elif what == 2:
        storage = rings.damaged(written, [])
        rings.reseal(written, storage.bytes, damages)
        ringchecks.exercise_resealed(storage)
    elif what == 3:
        ringchecks.check_records(data[1:])
        storage = rings.damaged(written, damages[1:])
        storage.end = damages[0][3] % (storage.end + 1)
        ringchecks.check_opening_cut_short(storage)
    else:
        ringchecks.check_opening(written, rings.damaged(written, damages))
