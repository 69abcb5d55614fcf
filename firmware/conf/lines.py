"""One line of board.conf, or of a file that has such lines: what it says, or in one sentence what is wrong with it."""

from firmware.alerts import places
from firmware.conf.keys import KEYS
from firmware.errors import Refused
from firmware.text import decode

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors put it in front of UTF-8


def split(data: bytes) -> list:
    """The lines of a file."""
    return data[len(mark(data)) :].split(b"\n")


def mark(data: bytes) -> bytes:
    """What stands in front of the first line and belongs to none."""
    return _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""


def shown(key: str, text: str) -> str:
    """A value as others may see it: without what lets anybody in."""
    return places.shown(key, text)


def read_line(number: int, line: bytes, lines: dict, advises: bool = True) -> "tuple | None":
    """(key, its value as it stands there, the value) of a line; None when it holds none. Its number goes into `lines`,
    {key: number of the line}. Raises Refused. `advises`: with the key that was perhaps meant, which takes long where a
    file has thousands of lines that are none."""
    text = _uncommented(_decoded(line, number)).strip(" \t")
    if not text:
        return None
    key, equals, value = text.partition("=")
    key, value = key.strip(" \t"), value.strip(" \t")
    if not equals or not key:
        raise Refused("line %d: %s is not a setting; write key = value" % (number, _short(_first_word(text))))
    if key not in KEYS:
        advice = _advice(key) if advises else ""
        raise Refused("line %d: %s is not a key that board.conf has; %s" % (number, _short(key), advice))
    parser, example = KEYS[key]
    if key in lines:
        raise Refused("line %d: %s stands on line %d already; keep one of them" % (number, key, lines[key]))
    if not value:
        raise Refused("line %d: %s has no value; write for example %s = %s" % (number, key, key, example))
    try:
        parsed = parser(value)
    except Refused as clause:
        raise Refused("line %d: %s = %s: %s" % (number, key, _short(shown(key, value)), clause))
    lines[key] = number
    return key, value, parsed


def _decoded(line: bytes, number: int) -> str:
    if line[-1:] == b"\r":
        line = line[:-1]
    try:
        text = decode(line)
    except UnicodeError:
        raise Refused("line %d: this is not UTF-8 text; save the file as UTF-8" % number)
    for character in text:
        code = ord(character)
        if (code < 32 and code != 9) or 127 <= code < 160:
            raise Refused("line %d: there is a control character (code %d); delete it" % (number, code))
    return text


def _uncommented(text: str) -> str:
    place = text.find("#")
    while place > 0 and text[place - 1] not in " \t":  # a path may hold one
        place = text.find("#", place + 1)
    return text if place < 0 else text[:place]


def _short(text: str) -> str:
    text = text.replace("\t", " ")
    return text if len(text) <= 60 else text[:57] + "..."


def _first_word(text: str) -> str:
    """Of a line that may hold a password, its beginning; else the line."""
    return text.replace("\t", " ").partition(" ")[0] if text.startswith("alert") else text


def _advice(key: str) -> str:
    nearest = min((_distance(key.lower()[:32], known), known) for known in KEYS)
    if nearest[0] <= 1 + len(nearest[1]) // 3:
        return "did you mean %s?" % nearest[1]
    return "it has " + ", ".join(sorted(KEYS))


def _distance(one: str, other: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(other) + 1))
    for character in one:
        diagonal = row[0]
        row[0] += 1
        for place, wanted in enumerate(other):
            best = min(diagonal + (character != wanted), row[place] + 1, row[place + 1] + 1)
            diagonal = row[place + 1]
            row[place + 1] = best
    return row[-1]
