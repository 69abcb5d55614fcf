"""What a notice says, in a language; every way of sending takes of it what it needs (firmware/ports/cpython/post.py).

A webhook gets Letter.facts as JSON:

    id         the same when the same thing is sent again        thread     the same for all that is told of one thing
    board, role, version                                         event      as notice.py says
    condition  its name (firmware/status/conditions.py)          level      warning critical; null of a test
    title      one line                                          text       all of it, several lines
    sentence   what is or was wrong                              advice     what to do; "" when it is over
    since_ms, until_ms   ms since 1970, or null                  duration_s null while it lasts
    times      how often it came                                 time_ms    when this was written
"""

from firmware.alerts import when
from firmware.alerts.notice import LOST, PASSED, RESOLVED, TEST
from firmware.status import phrases
from firmware.status.conditions import NAMES
from firmware.status.texts import say

CALM = "calm"  # the level of what needs nobody
MAX_TITLE = 200


class Letter:
    """`level`: WARNING, CRITICAL (watch.py) or CALM; `facts` as above."""

    def __init__(self, level: str, facts: dict):
        self.level = level
        self.facts = facts


class Writer:
    """Writes in the language that `language()` says (firmware/status/texts)."""

    def __init__(self, language):
        self._language = language

    def write(self, notice, status: dict, wall_ms: int) -> Letter:
        """A letter of a board whose snapshot is `status`."""
        language = self._language()
        if notice.event == TEST:
            return _test(language, notice, status, wall_ms)
        over = notice.event in (RESOLVED, LOST, PASSED)
        sentence = _of(language, "alert.was.", notice.name) if over else notice.sentence
        lines = [say(language, "alert." + notice.event, sentence)]
        if notice.event == PASSED:  # nobody was told what it was
            lines.append(say(language, "alert.said", notice.sentence))
        if status["clock"]["set"] is False:
            lines.append(_unsure(language, notice, over, wall_ms))
        else:
            lines.append(_lasted(language, notice) if over else _since(language, notice, wall_ms))
        if notice.came > 1:
            lines.append(say(language, "alert.came", notice.came))
        advice = "" if over else _of(language, "alert.do.", notice.name)
        if advice:
            lines.append(say(language, "alert.advice", advice))
        title = say(language, "alert.title." + notice.event, status["name"], sentence)
        facts = _facts(notice, status, wall_ms, title, "\n".join([_line(each) for each in lines]))
        facts["sentence"], facts["advice"] = sentence, advice
        return Letter(CALM if over else notice.level, facts)


def _line(text: str) -> str:
    """As a sentence that stands alone."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ("", ".", "!", "?") else ".")


def _of(language: str, family: str, name: str) -> str:
    """What is said of every condition of that name."""
    return say(language, family + (name if name in NAMES else "other"))


def _since(language: str, notice, wall_ms: int) -> str:
    lasts = phrases.duration(language, max(0, wall_ms - notice.since_ms) // 1000)
    return say(language, "alert.since", when.text(notice.since_ms), lasts)


def _unsure(language: str, notice, over: bool, wall_ms: int) -> str:
    """Where no date can be believed."""
    lasted_ms = notice.lasted_ms if over else max(0, wall_ms - notice.since_ms)
    which = "alert.lasted.unsure" if over else "alert.since.unsure"
    return say(language, which, phrases.duration(language, lasted_ms // 1000))


def _lasted(language: str, notice) -> str:
    lasted = phrases.duration(language, notice.lasted_ms // 1000)
    begin, end = when.text(notice.since_ms), when.text(notice.until_ms)
    if notice.times > 1:
        return say(language, "alert.times", notice.times, begin, end, lasted)
    return say(language, "alert.lasted", lasted, begin, end)


def _test(language: str, notice, status: dict, wall_ms: int) -> Letter:
    sentence = status["words"]["sentence"]
    text = _line(say(language, "alert.test", status["name"])) + "\n" + _line(sentence)
    facts = _facts(notice, status, wall_ms, say(language, "alert.title.test", status["name"]), text)
    facts["sentence"], facts["advice"], facts["level"], facts["since_ms"] = sentence, "", None, None
    return Letter(CALM, facts)


def _facts(notice, status: dict, wall_ms: int, title: str, text: str) -> dict:
    over = notice.until_ms is not None
    return {
        "id": "%s-%s" % (status["name"], notice.id),
        "thread": "%s-%s" % (status["name"], notice.thread),
        "board": status["name"],
        "role": status["role"],
        "version": status["version"],
        "event": notice.event,
        "condition": notice.name,
        "level": notice.level,
        "title": title[:MAX_TITLE],
        "text": text,
        "since_ms": notice.since_ms,
        "until_ms": notice.until_ms,
        "duration_s": notice.lasted_ms // 1000 if over else None,
        "times": max(notice.times, notice.came),
        "time_ms": wall_ms,
    }
