"""What stands on the console's screen, as lines; each view is made from the snapshot and the events."""

from firmware.status import table
from firmware.status.screen import HEIGHT, WIDTH, Line, clean, clock, wrapped
from firmware.status.texts import say
from firmware.status.translation import translate

_LABEL = 21  # columns of a table's first column
_MOST_WRONG_LINES = 7
_LEAST_EVENTS = 3
_FIRST_ROWS = 3  # what everybody wants to know; figures follow
RULE = "-" * WIDTH


def head(status: dict) -> list:
    """The first lines of every view: safe or not, how far behind, what that means."""
    words = status["words"]
    badge = " %s " % words["verdict"]
    return [Line(badge + " " + words["distance"], len(badge), True), Line(" " + words["sentence"]), Line(RULE)]


def live(status: dict, events: list, now_ms: int, room: int) -> list:
    """The status, in at most `room` lines: what is wrong, the table, and the latest events where they fit."""
    language = status["language"]
    said = status["words"]["sentence"].lower()  # in the head
    wrong = [row for row in table.wrong(status) if row[1].lower() + "." != said]
    lines = _wrong(wrong, language)
    for number, (word, value) in enumerate([table.board(status)] + table.rows(status)):
        label = " %s" % word
        for text in wrapped(clean(value), WIDTH - _LABEL):
            lines.append(Line(label + " " * (_LABEL - len(label)) + text))
            label = ""
        if number == _FIRST_ROWS - 1 and not wrong:
            lines.append(Line(""))
    left = room - len(lines) - 2
    if left >= _LEAST_EVENTS and events:
        word = " " + say(language, "row.lately")
        lines += [Line(""), Line(word, len(word))]
        lines += [Line("  %s  %s" % (clock(ms, now_ms), translate(language, text))) for ms, text in events[-left:]]
    return lines[:room]


def _wrong(wrong: list, language: str) -> list:
    lines = []
    for level, sentence in wrong:
        label = " " + level
        for text in wrapped(clean(sentence), WIDTH - _LABEL):
            lines.append(Line(label + " " * (_LABEL - len(label)) + text, len(label)))
            label = ""
    if len(lines) > _MOST_WRONG_LINES:
        lines = lines[: _MOST_WRONG_LINES - 1] + [Line(" " * _LABEL + say(language, "console.more_wrong"))]
    return lines + [Line("")] if lines else lines


def log(events: list, now_ms: int, room: int, language: str) -> list:
    """The newest events, the newest at the bottom."""
    lines = []
    for ms, text in events:
        label = " " + clock(ms, now_ms) + "  "
        for part in wrapped(clean(translate(language, text)), WIDTH - len(label)):
            lines.append(Line(label + part))
            label = " " * len(label)
    return lines[-room:] if lines else [Line(" " + say(language, "console.quiet"))]


def paragraphs(texts: tuple, room: int) -> list:
    """Sentences, each on a line of its own, wrapped."""
    return [Line(" " + part) for text in texts for part in wrapped(clean(text), WIDTH - 1)][:room]


def manual(room: int, language: str) -> list:
    """The commands."""
    return [Line(text) for text in say(language, "console.help").split("\n")[:room]]


def foot(message: str, now_ms: int, status: dict) -> list:
    """The last lines above the prompt: an answer, or which commands there are and the time, if it is set."""
    language = status["language"]
    if message:
        return [Line(RULE)] + [Line(" " + text) for text in wrapped(clean(message), WIDTH - 1)[:4]]
    unset = status["clock"]["set"] is False
    time = say(language, "console.no_clock") if unset else say(language, "console.utc", clock(now_ms, now_ms))
    hint = say(language, "console.hint")
    return [Line(RULE), Line(" " + hint + " " * (WIDTH - 1 - len(hint) - len(time)) + time)]


def whole(top: list, body: list, bottom: list) -> list:
    """All lines above the prompt, the bottom ones at the bottom."""
    gap = HEIGHT - 1 - len(top) - len(body) - len(bottom)
    return top + body + [Line("")] * gap + bottom
