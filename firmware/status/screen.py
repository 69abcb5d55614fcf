"""A screen of 24 lines by 79 columns as the bytes that draw it on any terminal that knows ECMA-48.

Every line is put in its place, cut, and cleared to its end, so a frame repairs whatever stood there; no line feed is
ever sent, so nothing scrolls, and a terminal that echoes what it gets never ends a line by it. On a lower one the
lines beyond its last are drawn over one another, and the prompt, drawn last, is what remains.
"""

from firmware.text import is_visible

WIDTH = 79  # the 80th column would make some terminals wrap
HEIGHT = 24
_INVERSE, _BOLD, _NORMAL = "\x1b[7m", "\x1b[1m", "\x1b[0m"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_AGAIN = _NORMAL + "\x1b[2J"


class Line:
    """A line of text; its first `strong` characters stand out: inverse, or bold."""

    def __init__(self, text: str, strong: int = 0, inverse: bool = False):
        self.text = cut(clean(text))
        self.strong = strong
        self.inverse = inverse

    def drawn(self) -> str:
        """The text with the sequences that make a part of it stand out."""
        if not self.strong:
            return self.text
        how = _INVERSE if self.inverse else _BOLD
        return how + self.text[: self.strong] + _NORMAL + self.text[self.strong :]


def clean(text: str) -> str:
    """The text without anything that a terminal would obey."""
    for character in text:
        if not is_visible(character):
            return "".join([each if is_visible(each) else "?" for each in text])
    return text


def width(text: str) -> int:
    """Columns that a terminal needs for it at most."""
    columns = len(text)
    for character in text:
        code = ord(character)
        if code >= 0x1100 and not 0x2000 <= code < 0x2E80:
            columns += 1
    return columns


def cut(text: str, columns: int = WIDTH) -> str:
    """The text, or its beginning with ".." where it is too long."""
    if width(text) <= columns:
        return text
    while width(text) > columns - 2:
        text = text[:-1]
    return text + ".."


def wrapped(text: str, columns: int) -> list:
    """The text in lines of at most so many columns, broken at spaces where there are any."""
    lines, line = [], ""
    for word in text.split(" "):
        while width(word) > columns:
            if line:
                lines.append(line)
                line = ""
            taken = columns
            while width(word[:taken]) > columns:
                taken -= 1
            lines.append(word[:taken])
            word = word[taken:]
        if line and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return lines + [line] if line or not lines else lines


def clock(ms: int, now_ms: int) -> str:
    """The time of day, in UTC; with the date when that is another one than now's."""
    seconds = ms // 1000
    time = "%02d:%02d:%02d" % (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    days = seconds // 86400
    return time if days == now_ms // 86400000 else "%s %s" % (date(days), time)


def date(days: int) -> str:
    """Year, month and day, so many days after 1970-01-01 (proleptic Gregorian; years begin in March here)."""
    days += 719468
    era, of_era = days // 146097, days % 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return "%04d-%02d-%02d" % (year + era * 400 + (month <= 2), month, day)


def frame(lines: list, known: list, prompt: str) -> bytes:
    """What draws `lines`, of which the terminal shows `known` already (empty: nothing is known), and the prompt."""
    parts = [_HIDE if known else _HIDE + _AGAIN]
    for row in range(HEIGHT - 1):
        text = lines[row].drawn() if row < len(lines) else ""
        if not known or known[row] != text:
            parts.append("\x1b[%d;1H%s\x1b[K" % (row + 1, text))
    parts.append(prompt_line(prompt) + _SHOW)
    return "".join(parts).encode()


def texts(lines: list) -> list:
    """What a terminal shows after frame(lines), to be given as `known`."""
    shown = [line.drawn() for line in lines[: HEIGHT - 1]]
    return shown + [""] * (HEIGHT - 1 - len(shown))


def prompt_line(prompt: str) -> str:
    """Draws the prompt, and clears what is behind and below it."""
    return "\x1b[%d;1H%s\x1b[J" % (HEIGHT, prompt)
