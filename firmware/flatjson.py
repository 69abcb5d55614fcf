"""One flat JSON object (RFC 8259), read strictly: names to strings, whole numbers, true, false or null.

The bodies of actions are no more than that. json.loads alone will not do: MicroPython's takes truncated and
trailing text, CPython's takes NaN and lets a name stand twice.
"""

import json

from firmware.errors import ProtocolError
from firmware.text import decode

_SPACE = (" ", "\t", "\r", "\n")  # no string: the end of the text, "", is in every string
_WORDS = {"true": True, "false": False, "null": None}
_DIGITS = tuple("-0123456789")
_ESCAPES = '"\\/bfnrt'
_HEX = "0123456789abcdefABCDEF"
_MAX_DIGITS = 20


def parse(data: bytes) -> dict:
    """The object in data; raises ProtocolError with a sentence."""
    try:
        return _Reader(decode(data)).whole()
    except UnicodeError:
        raise ProtocolError("the body is not UTF-8 text")


class _Reader:
    def __init__(self, text: str):
        self._text = text
        self._place = 0

    def whole(self) -> dict:
        found = {}
        self._take("{")
        if not self._skips("}"):
            self._member(found)
            while self._skips(","):
                self._member(found)
            self._take("}")
        if self._next():
            raise self._wrong()
        return found

    def _member(self, found: dict) -> None:
        name = self._string()
        if name in found:
            raise ProtocolError("the body names something twice")
        self._take(":")
        found[name] = self._value()

    def _next(self) -> str:
        """The next character that is not space; "" at the end."""
        while self._text[self._place : self._place + 1] in _SPACE:
            self._place += 1
        return self._text[self._place : self._place + 1]

    def _skips(self, character: str) -> bool:
        if self._next() != character:
            return False
        self._place += 1
        return True

    def _take(self, character: str) -> None:
        if not self._skips(character):
            raise self._wrong()

    def _wrong(self) -> ProtocolError:
        sentence = 'the body is not a flat JSON object such as {"force": true} (at character %d)'
        return ProtocolError(sentence % self._place)

    def _value(self):
        first = self._next()
        if first == '"':
            return self._string()
        if first in _DIGITS:
            return self._number()
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._place):
                self._place += len(word)
                return value
        raise self._wrong()

    def _number(self) -> int:
        start = self._place
        while self._text[self._place : self._place + 1] in _DIGITS:
            self._place += 1
        literal = self._text[start : self._place]
        digits = literal[1:] if literal[0] == "-" else literal
        if not digits or "-" in digits or (digits[0] == "0" and len(digits) > 1) or len(digits) > _MAX_DIGITS:
            raise self._wrong()
        return int(literal)

    def _string(self) -> str:
        self._take('"')
        parts, start = [], self._place
        while True:
            character = self._text[self._place : self._place + 1]
            if character < " ":  # the end of the text as well
                raise self._wrong()
            self._place += 1
            if character == '"':
                return "".join(parts) + self._plain(start, self._place - 1)
            if character == "\\":
                before, pair = self._place - 1, self._escape()
                if pair:
                    parts += [self._plain(start, before), pair]
                    start = self._place

    def _plain(self, start: int, end: int) -> str:
        return json.loads('"%s"' % self._text[start:end])

    def _escape(self) -> str:
        """What a pair of surrogates stands for, which the runtimes read differently; "" for any other escape."""
        kind = self._text[self._place : self._place + 1]
        if kind == "u":
            high = self._code()
            if not 0xD800 <= high < 0xE000:
                return ""
            if high < 0xDC00 and self._text[self._place : self._place + 2] == "\\u":
                self._place += 1
                low = self._code()
                if 0xDC00 <= low < 0xE000:
                    return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
            raise self._wrong()  # half of a pair
        if not kind or kind not in _ESCAPES:
            raise self._wrong()
        self._place += 1
        return ""

    def _code(self) -> int:
        """The number in an escape that begins with u."""
        code = self._text[self._place + 1 : self._place + 5]
        if len(code) != 4 or any(each not in _HEX for each in code):
            raise self._wrong()
        self._place += 5
        return int(code, 16)
