"""What a terminal sends, byte by byte, as keys: text, or one of the constants below. Nothing is kept but a few bytes.

Everything else is dropped: the sequences of arrow and function keys (ECMA-48 5.4, 8.3.16), control characters, what is
no UTF-8. So whatever comes (noise, a modem's language) is at most a wrong line.

A host's line may echo what it gets until a program has set it up, and always if none does: then a screen comes back as
if it had been typed. No key begins with `^[[`, as control characters are echoed, or ends as ours do: ECHOED tells.
"""

from firmware.text import decode, is_visible

ENTER, ERASE, CLEAR, CANCEL, REDRAW = "\r", "\b", "\x15", "\x03", "\x0c"
ECHOED = "\x1b["  # these bytes were our own

_KEYS = {8: ERASE, 127: ERASE, 21: CLEAR, 3: CANCEL, 12: REDRAW}
_ESC, _BEL, _CAN, _SUB = 0x1B, 0x07, 0x18, 0x1A
_PLAIN, _ESCAPED, _CONTROL, _SINGLE, _STRING = range(5)
_LONGEST = 64  # bytes of a sequence; a longer one is noise
_OPENERS = {
    ord("["): _CONTROL,  # CSI
    ord("O"): _SINGLE,  # SS3
    ord("N"): _SINGLE,
    ord("]"): _STRING,  # OSC, DCS, SOS, PM, APC: answers of terminals
    ord("P"): _STRING,
    ord("X"): _STRING,
    ord("^"): _STRING,
    ord("_"): _STRING,
}
_OUR_ENDS = b"KJl"  # of control sequences that no keyboard sends and every frame has


class Keys:
    """Calls `take(key)` for every key."""

    def __init__(self, take):
        self._take = take
        self._state = _PLAIN
        self._length = 0  # of the sequence that is skipped
        self._after_return = False
        self._caret = 0  # how much of ^[[ came
        self._character = b""
        self._missing = 0

    def received(self, data) -> None:
        """Bytes came."""
        for byte in data:
            if self._state == _PLAIN:
                self._plain(byte)
            else:
                self._skip(byte)

    def settle(self) -> None:
        """Nothing came for a while: an Escape that was pressed alone begins no sequence."""
        self._state, self._missing = _PLAIN, 0

    def _skip(self, byte: int) -> None:
        self._length += 1
        if byte == _ESC:
            self._begin()
        elif self._length > _LONGEST or byte in (_CAN, _SUB) or self._ends(byte):
            if self._state == _CONTROL and byte in _OUR_ENDS:
                self._take(ECHOED)
            self._state = _PLAIN

    def _ends(self, byte: int) -> bool:
        state = self._state
        if state == _ESCAPED:
            self._state = _OPENERS.get(byte, _PLAIN)
            return self._state == _PLAIN
        if state == _CONTROL:
            return not 0x20 <= byte < 0x40
        return state == _SINGLE or byte == _BEL

    def _begin(self) -> None:
        self._state, self._length = _ESCAPED, 0

    def _plain(self, byte: int) -> None:
        after_return, self._after_return = self._after_return, byte == 13
        if byte >= 128:
            self._part(byte)
            return
        self._missing = 0
        if byte == _ESC:
            self._begin()
        elif 32 <= byte < 127:
            self._text(byte)
        elif byte == 13 or (byte == 10 and not after_return):
            self._take(ENTER)
        elif byte in _KEYS:
            self._take(_KEYS[byte])

    def _text(self, byte: int) -> None:
        self._caret = 1 if byte == 94 else self._caret + 1 if byte == 91 and self._caret else 0
        if self._caret == 3:
            self._caret = 0
            self._take(ECHOED)
        else:
            self._take(chr(byte))

    def _part(self, byte: int) -> None:
        """A byte of a character beyond ASCII."""
        if byte >= 0xC2:
            self._missing = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3 if byte < 0xF5 else 0
            self._character = bytes([byte])
            return
        if not self._missing or byte >= 0xC0:
            self._missing = 0
            return
        self._missing -= 1
        self._character += bytes([byte])
        if not self._missing:
            try:
                character = decode(self._character)
            except UnicodeError:
                return
            if is_visible(character):
                self._take(character)
