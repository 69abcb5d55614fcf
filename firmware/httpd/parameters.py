"""The query of a request's target: what stands behind the question mark, as HTML forms write it."""

from firmware.errors import ProtocolError
from firmware.text import decode

MOST = 16  # words in one query
_DIGITS = b"0123456789abcdefABCDEF"


def parse(query: bytes) -> dict:
    """{word: its value, "" where it has none}; raises ProtocolError. `query` holds visible ASCII only."""
    found = {}
    for part in query.split(b"&"):
        if not part:
            continue
        word, _, value = part.partition(b"=")
        word, value = _decoded(word), _decoded(value)
        if word in found:
            raise ProtocolError("the query has a word twice")
        if len(found) == MOST:
            raise ProtocolError("the query has more than %d words" % MOST)
        found[word] = value
    return found


def _decoded(text: bytes) -> str:
    pieces = text.replace(b"+", b" ").split(b"%")
    raw = pieces[0]
    for piece in pieces[1:]:
        digits = piece[:2]
        if len(digits) != 2 or digits[0] not in _DIGITS or digits[1] not in _DIGITS:
            raise ProtocolError("the query has a % without two digits behind it")
        raw += bytes([int(digits.decode(), 16)]) + piece[2:]
    try:
        plain = decode(raw)
    except UnicodeError:
        raise ProtocolError("the query is not UTF-8 text")
    if any(ord(character) < 32 or ord(character) == 127 for character in plain):
        raise ProtocolError("the query has control characters")
    return plain
