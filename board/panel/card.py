"""The patterns of the lights as a card to print: rhythms drawn over four seconds, so that no colour has to be seen."""

from firmware.status.texts import say

from .lights import ANSWERS
from .patterns import LIGHTS, PATTERNS

_SPAN_MS = 4000
_WIDTH, _ROW, _BAR_X, _BAR_W, _TEXT_X = 760, 34, 96, 240, 352
_COLOURS = {"green": "#1a7f37", "yellow": "#bf8700", "red": "#cf222e"}
_STEP_MS = 100  # of a rhythm in letters


def text(language: str) -> str:
    """For a terminal: a letter is a tenth of a second."""
    lines = [say(language, "panel.card"), ""]
    for group in (PATTERNS, ANSWERS):
        for each in group:
            meaning = say(language, "panel.light." + each.word)
            lines.append("%-14s  %s  %s" % (_colour(language, each), _letters(each), meaning))
        lines.append("")
    lines.insert(len(PATTERNS) + 3, say(language, "panel.card.button"))
    return "\n".join(lines)


def markdown(language: str) -> str:
    """The table of the README."""
    lines = ["| %s | | |" % say(language, "panel.card"), "|---|---|---|"]
    for each in PATTERNS + ANSWERS:
        looks = say(language, "panel.rhythm." + each.word)
        lines.append("| %s: %s | `%s` | %s |" % (
            _colour(language, each), looks, _letters(each), say(language, "panel.light." + each.word),
        ))  # fmt: skip
    return "\n".join(lines)


def svg(language: str) -> str:
    """A picture for the printer."""
    rows = []
    height = 56
    for each in PATTERNS:
        rows.append(_row(language, each, height))
        height += _ROW
    words = _safe(say(language, "panel.card.button"))
    rows.append('<text x="16" y="%d" class="small">%s</text>' % (height + 20, words))
    height += _ROW
    for each in ANSWERS:
        rows.append(_row(language, each, height))
        height += _ROW
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d">' % (_WIDTH, height + 8, _WIDTH)
    style = "text{font:14px sans-serif;fill:#111}.title{font-size:20px;font-weight:bold}.small{font-size:12px}"
    title = '<text x="16" y="32" class="title">%s</text>' % _safe(say(language, "panel.card"))
    paper = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, "<style>%s</style>" % style, paper, title, *rows, "</svg>", ""])


def _row(language: str, pattern, y: int) -> str:
    parts = []
    for number, light in enumerate(LIGHTS):
        fill = _COLOURS[light] if light in pattern.lights else "none"
        parts.append('<circle cx="%d" cy="%d" r="8" fill="%s" stroke="#777"/>' % (24 + number * 24, y + 15, fill))
    parts.append('<rect x="%d" y="%d" width="%d" height="20" fill="#eee"/>' % (_BAR_X, y + 5, _BAR_W))
    for begin_ms, end_ms in _lit(pattern):
        x, width = _BAR_X + begin_ms * _BAR_W / _SPAN_MS, (end_ms - begin_ms) * _BAR_W / _SPAN_MS
        parts.append('<rect x="%.1f" y="%d" width="%.1f" height="20" fill="#111"/>' % (x, y + 5, width))
    words = say(language, "panel.rhythm." + pattern.word), say(language, "panel.light." + pattern.word)
    parts.append('<text x="%d" y="%d">%s</text>' % (_TEXT_X, y + 13, _safe(words[1])))
    parts.append('<text x="%d" y="%d" class="small">%s</text>' % (_TEXT_X, y + 27, _safe(words[0])))
    return "".join(parts)


def _lit(pattern) -> list:
    """(begin, end) in milliseconds of each time that it is lit."""
    found, now_ms = [], 0
    while now_ms < _SPAN_MS:
        on, left_ms = pattern.at(now_ms)
        end_ms = min(_SPAN_MS, now_ms + left_ms)
        if on:
            found.append((now_ms, end_ms))
        now_ms = end_ms
    return found


def _letters(pattern) -> str:
    middles = range(_STEP_MS // 2, _SPAN_MS, _STEP_MS)
    if min(pattern.rhythm) < _STEP_MS and pattern.rhythm[0]:  # faster than a letter
        return "#." * (_SPAN_MS // _STEP_MS // 2) if pattern.length_ms <= _STEP_MS else "#" * len(middles)
    return "".join("#" if pattern.at(each)[0] else "." for each in middles)


def _colour(language: str, pattern) -> str:
    if pattern.lights == LIGHTS:
        return say(language, "panel.colour.all")
    return " + ".join(say(language, "panel.colour." + each) for each in pattern.lights)


def _safe(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")
