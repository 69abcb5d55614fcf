"""What a notice says, in a language; every way of sending takes of it what it needs (firmware/ports/cpython/post.py).

A webhook gets Letter.facts as JSON:

    id         the same when the same thing is sent again        thread     the same for all that is told of one thing
    board, role, version                                         event      fired worse reminder resolved passed test
    condition  its name (firmware/status/conditions.py)          level      warning critical; null of a test
    title      one line                                          text       all of it, several lines
    sentence   what is or was wrong                              advice     what to do; "" when it is over
    since_ms, until_ms   ms since 1970, or null                  duration_s null while it lasts
    times      how often it came                                 time_ms    when this was written
"""

from firmware.alerts import when
from firmware.alerts.notice import PASSED, RESOLVED, TEST

CALM = "calm"  # the level of what needs nobody
MAX_TITLE = 200


class Letter:
    """`level`: WARNING, CRITICAL (watch.py) or CALM; `facts` as above."""

    def __init__(self, level: str, facts: dict):
        self.level = level
        self.facts = facts


class Writer:
    """Writes in one language: `texts` are the ALERTS of firmware/status/texts, `duration(seconds)` and
    `translate(sentence)` speak it as well."""

    def __init__(self, texts: dict, duration, translate):
        self._texts = texts
        self._duration = duration
        self._translate = translate

    def write(self, notice, status: dict, wall_ms: int) -> Letter:
        """A letter of a board whose snapshot is `status`."""
        if notice.event == TEST:
            return self._test(notice, status, wall_ms)
        over = notice.event in (RESOLVED, PASSED)
        sentence = self._translate(notice.sentence)
        advice = "" if over else self._texts.get("do." + notice.name, self._texts["do"])
        title = self._texts["title." + notice.event] % (status["name"], sentence)
        lines = [self._texts[notice.event] % sentence]
        lines.append(self._lasted(notice) if over else self._since(notice, wall_ms))
        if notice.came > 1:
            lines.append(self._texts["came"] % notice.came)
        if advice:
            lines.append(self._texts["advice"] % advice)
        facts = _facts(notice, status, wall_ms, title, "\n".join(lines))
        facts["sentence"], facts["advice"] = sentence, advice
        return Letter(CALM if over else notice.level, facts)

    def _since(self, notice, wall_ms: int) -> str:
        lasts = self._duration(max(0, wall_ms - notice.since_ms) // 1000)
        return self._texts["since"] % (when.text(notice.since_ms), lasts)

    def _lasted(self, notice) -> str:
        lasted = self._duration(notice.lasted_ms // 1000)
        span = (when.text(notice.since_ms), when.text(notice.until_ms))
        if notice.times > 1:
            return self._texts["lasted.times"] % ((notice.times,) + span + (lasted,))
        return self._texts["lasted"] % ((lasted,) + span)

    def _test(self, notice, status: dict, wall_ms: int) -> Letter:
        title = self._texts["title.test"] % status["name"]
        sentence = status["words"]["sentence"] if "words" in status else ""
        text = self._texts["test"] % status["name"] + ("\n" + sentence if sentence else "")
        facts = _facts(notice, status, wall_ms, title, text)
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
