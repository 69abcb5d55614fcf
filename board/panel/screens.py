"""What the display says: the snapshot in screens of a few short lines, in the words that every surface uses."""

from collections import namedtuple

from firmware.status import table
from firmware.status.conditions import CRITICAL
from firmware.status.screen import clean, wrapped
from firmware.status.texts import say

COLUMNS, LINES, LINES_BELOW_BIG = 21, 5, 4

# `title` above `lines`, twice as high when `big`; `percent` of a bar below, None: there is none.
Screen = namedtuple("Screen", ("title", "lines", "big", "percent"))

_PLAIN = str.maketrans({
    "œ": "oe", "Œ": "OE", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "..", "–": "-", "—": "-", "\u202f": " ",
    "\u00a0": " ", "€": "EUR", "«": '"', "»": '"', "°": " ", "ß": "ss",
})  # fmt: skip


def plain(text: str) -> str:
    """`text` in the letters that the display has: those of Western Europe."""
    return clean(text).translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")


def screens(status: dict, addresses: tuple = ()) -> list:
    """The screens between which the button goes, without the alarms; the first one says whether all is well."""
    language, words = status["language"], status["words"]
    rows = dict(table.rows(status))
    journal, link = say(language, "row.journal"), say(language, "row.link")
    found = [verdict(status)]
    found += pages(say(language, "row.loss"), words["loss"])
    found += pages(say(language, "row.advice"), words["advice"])
    found.append(_journal(journal, rows[journal], status["journal"]))
    found += pages(link, rows[link])
    found.append(_where(status, addresses))
    return found


def alarms(status: dict) -> list:
    """A screen or more for each thing that is not as it should be, the most urgent first."""
    conditions, found = status["conditions"], []
    for number, each in enumerate(conditions):
        key = "panel.alarm" if each["level"] == CRITICAL else "panel.warning"
        found += pages(say(status["language"], key, number + 1, len(conditions)), each["sentence"])
    return found


def verdict(status: dict) -> Screen:
    """Safe or not, and how far behind."""
    lines = _lines(status["words"]["distance"])
    return Screen(_title(status["words"]["verdict"]), lines[:LINES], len(lines) <= LINES_BELOW_BIG, None)


def pages(title: str, text: str) -> list:
    """As many screens as the text needs."""
    lines = _lines(text)
    return [Screen(_title(title), lines[place : place + LINES], False, None) for place in range(0, len(lines), LINES)]


def _lines(text: str) -> tuple:
    return tuple(wrapped(plain(text), COLUMNS)) or ("",)


def _title(text: str) -> str:
    return plain(text)[:COLUMNS]


def _journal(title: str, text: str, journal: dict) -> Screen:
    percent = min(100, journal["used"] * 100 // journal["size"]) if journal["size"] else 0
    return Screen(_title(title), _lines(text)[:LINES_BELOW_BIG], False, percent)


def _where(status: dict, addresses: tuple) -> Screen:
    lines = _lines(say(status["language"], "role." + status["role"], status["generation"]))
    for each in addresses:
        lines += _lines(each)
    return Screen(_title(status["name"]), lines[:LINES], False, None)
