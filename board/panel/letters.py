"""Letters of 5x7 pixels, as on character displays (luma.core brings them along), with accents above and below."""

import unicodedata

from PIL import Image

WIDTH, HEIGHT = 6, 10  # of one letter, with the space around it
_TOP = 2  # above are accents
_ROWS = 8
# Pixels (x, y) of a combining mark.
_MARKS = {
    "\u0300": ((1, 0), (2, 1)), "\u0301": ((3, 0), (2, 1)), "\u0302": ((1, 1), (2, 0), (3, 1)),
    "\u0303": ((1, 1), (2, 0), (3, 1), (4, 0)), "\u0308": ((1, 0), (3, 0)), "\u030a": ((2, 0), (1, 1), (3, 1)),
    "\u0327": ((2, 9), (1, 9)),
}  # fmt: skip


def write(text: str) -> Image.Image:
    """The text in one line, lit pixels are 1."""
    picture = Image.new("1", (max(1, len(text) * WIDTH), HEIGHT))
    for place, character in enumerate(text):
        for x, y in _pixels(character):
            picture.putpixel((place * WIDTH + x, y), 1)
    return picture


def _pixels(character: str) -> list:
    from luma.core.legacy.font import LCD_FONT

    base, marks = _parts(character)
    first = _TOP if base in "ij" and marks else 0  # no dot below an accent
    columns = LCD_FONT[ord(base)][: WIDTH - 1]
    found = [(x, _TOP + y) for x, column in enumerate(columns) for y in range(first, _ROWS) if column >> y & 1]
    for mark in marks:
        found += _MARKS[mark]
    return found


def _parts(character: str) -> tuple:
    """(a letter of ASCII, its marks); of what cannot be taken apart a question mark."""
    parts = unicodedata.normalize("NFD", character)
    if not " " <= parts[0] <= "~" or not all(mark in _MARKS for mark in parts[1:]):
        return "?", ""
    return parts[0], parts[1:]
