"""The short code by which two boards are paired: `7-amber-otter`, a number and two words, 22.6 bits."""

from firmware.errors import Refused
from firmware.pair.words import WORDS

_NUMBERS = 99
_EXAMPLE = "7-amber-otter"


def make(random_bytes) -> str:
    """A new code; `random_bytes(count)` must not be guessable."""
    raw = random_bytes(4)
    return "%d-%s-%s" % (1 + (raw[0] << 8 | raw[1]) % _NUMBERS, WORDS[raw[2]], WORDS[raw[3]])


def read(text: str) -> str:
    """A code as a person typed it, as make() wrote it. Raises Refused for what no board has shown: a slip of the
    keyboard is found here, before it costs one of few guesses."""
    parts = text.lower().replace("-", " ").split()
    if len(parts) != 3:
        raise Refused("a code is a number and two words, for instance %s" % _EXAMPLE)
    if parts[0] not in [str(number) for number in range(1, _NUMBERS + 1)]:
        raise Refused("a code begins with a number from 1 to %d, for instance %s" % (_NUMBERS, _EXAMPLE))
    for word in parts[1:]:
        if word not in WORDS:
            raise Refused("no code has the word %s; look at it again" % word[:32])
    return "-".join(parts)
