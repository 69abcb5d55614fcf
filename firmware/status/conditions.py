"""What is not as it should be, each thing under a name: the basis of alerts, metrics and lights.

`conditions(status, facts, language)` is a pure function of what a board knows of itself; that a condition has to last
for a while before anybody is woken is the business of who wakes.

    name             level      holds while
    storage          critical   storage failed; the board takes no more writes
    fenced           critical   the other board took over
    damage           critical   the journal or the disk cannot be read where the twin needs it
    journal_full     critical   the journal is full, and the host waits
    journal_filling  critical   the journal is not full, but will be in 2 h and is a quarter full, or is 90 % full
                     warning    it will be full in 24 h and has a tenth in use, or is 75 % full
    no_link          critical   the other board refuses this one: that does not pass by itself
                     warning    the other board is not reached; or this board took over and has no twin
    behind           critical   the twin is behind by twice the target `rpo`
                     warning    it is behind by more than the target
    voltage          critical   the power supply gives too little
    temperature      critical   80 degrees: the processor is slowed down
                     warning    75 degrees
    disk             critical   the disk's own watch over itself says that it fails
    card             critical   the card's own estimate of its life is used up
                     warning    80 % of it are
    clock            warning    the wall clock was not set since the start, or stands in the past
    keys settings surface  warning   the alarm of that source, as it is (usb: storage, for its host has no disk)
    copying          warning    the first full copy is not complete

A name stands there once, the most urgent first; those of the journal are of a primary, which hosts fill.
"""

from firmware.status import phrases
from firmware.status.lag import least_lag_s
from firmware.status.texts import say
from firmware.status.translation import translate

WARNING, CRITICAL = "warning", "critical"
NAMES = (
    "storage", "fenced", "damage", "journal_full", "journal_filling", "no_link", "behind", "voltage", "temperature",
    "disk", "card", "clock", "keys", "settings", "surface", "copying",
)  # fmt: skip

HOT_C, TOO_HOT_C = 75, 80
WORN_PERCENT, WORN_OUT_PERCENT = 80, 100
SOON_S, LATER_S = 2 * 3600, 24 * 3600
FULL_PERCENT, MUCH_PERCENT = 90, 75
FILLING_PERCENT = 10  # below, the time until it is full says nothing
_LONG_GONE_MS = 1672531200000  # 2023: before this firmware was written

# Source of an alarm -> (condition, level). Those that are not here belong to a surface.
_SURFACE = ("surface", WARNING)
_SOURCES = {
    "usb": ("storage", CRITICAL),  # its host cannot have the disk
    "keys": ("keys", WARNING),
    "certificates": ("keys", WARNING),
    "settings": ("settings", WARNING),
    "rate": ("clock", WARNING),
}


def conditions(status: dict, facts: dict, language: str) -> list:
    """[{name, level, sentence, sentences}], the most urgent first; `status` is the snapshot as far as it is made.
    `sentence` has all of `sentences`; one that is an alarm as well is the same there."""
    found = []
    for judge in (_storage, _journal, _link, _lag, _health, _clock, _alarms):
        found += judge(status, facts, language)
    merged, joint = [], say(language, "conditions.join")
    for name in NAMES:
        same = [each for each in found if each[0] == name]
        if same:
            level = CRITICAL if CRITICAL in [each[1] for each in same] else WARNING
            sentences = _different([each[2] for each in same])
            merged.append({"name": name, "level": level, "sentence": joint.join(sentences), "sentences": sentences})
    merged.sort(key=_urgency)
    return merged


def _different(sentences: list) -> list:
    different = []
    for sentence in sentences:
        if sentence not in different:
            different.append(sentence)
    return different


def _urgency(condition: dict) -> tuple:
    return (condition["level"] != CRITICAL, NAMES.index(condition["name"]))


class Since:
    """Remembers since when each condition holds, by the clock that never jumps: as exactly as it is told (pulse.py)."""

    def __init__(self):
        self._began = {}

    def date(self, conditions: list, now_ms: int, uptime_s: float) -> None:
        """Puts `since_ms`, a wall clock, into each; to be told of all conditions of one moment."""
        began = {}
        for condition in conditions:
            name = condition["name"]
            if name not in began:
                began[name] = self._began.get(name, uptime_s)
            condition["since_ms"] = int(now_ms - (uptime_s - began[name]) * 1000)
        self._began = began


def _storage(status: dict, facts: dict, language: str) -> list:
    found = []
    if facts["failure"] is not None:
        found.append(("storage", CRITICAL, translate(language, facts["failure"])))
    if facts["fenced"]:
        sentence = fencing(facts["name"], facts["durable"] - facts["acked"])
        found.append(("fenced", CRITICAL, translate(language, sentence)))
    for sentence in (facts["damage"], facts["copy_trouble"]):
        if sentence:
            found.append(("damage", CRITICAL, translate(language, sentence)))
    return found


def fencing(name: str, unsent: int) -> str:
    """What is said of a board that is fenced with so many groups that its twin never had."""
    kept = "the %d groups that it never sent stay in its journal" % unsent if unsent else "it had sent everything"
    return "%s is fenced: the other board was promoted; %s" % (name, kept)


def _journal(status: dict, facts: dict, language: str) -> list:
    journal = status["journal"]
    # What a twin's disk has not taken yet makes its primary wait, which is the one to tell.
    if not journal["size"] or facts["fenced"] or status["role"] == "twin":
        return []
    if facts["journal_full"]:
        return [("journal_full", CRITICAL, say(language, "condition.journal_full"))]
    percent, left_s = journal["used"] * 100 // journal["size"], journal["full_in_s"]
    level = level_of_filling(percent, left_s)
    if level is None:
        return []
    if left_s is None:
        return [("journal_filling", level, say(language, "condition.journal_filling", percent))]
    left = phrases.duration(language, left_s)
    return [("journal_filling", level, say(language, "condition.journal_hours", percent, left))]


def level_of_filling(percent: int, left_s: "float | None") -> "str | None":
    """Of a journal that is not full; None: it needs nobody's care."""
    if percent >= FULL_PERCENT or (left_s is not None and left_s < SOON_S and percent >= 25):
        return CRITICAL
    if percent >= MUCH_PERCENT or (left_s is not None and left_s < LATER_S and percent >= FILLING_PERCENT):
        return WARNING
    return None


def _link(status: dict, facts: dict, language: str) -> list:
    if facts["fenced"] or status["link"]["state"] == "up" or not status["disk_size"]:
        return []
    if facts["promoted"]:
        return [("no_link", WARNING, say(language, "condition.alone"))]
    if facts["refusal"]:
        return [("no_link", CRITICAL, translate(language, facts["refusal"]))]
    twin = ".twin" if status["role"] == "twin" else ""
    return [("no_link", WARNING, say(language, "condition.no_link" + twin))]


def _lag(status: dict, facts: dict, language: str) -> list:
    if facts["fenced"] or facts["promoted"]:  # there is no twin that could be behind
        return []
    found = _copying(status, facts, language) if facts["disk_size"] else []
    target, seconds = facts["rpo_s"], _least_lag_s(status, facts)
    level = level_of_lag(seconds, target)
    if level is None:
        return found
    text = "condition.behind" if status["backlog"]["seconds"] is not None else "condition.behind.least"
    places = phrases.duration(language, seconds), phrases.span(language, target)
    return found + [("behind", level, say(language, text, *places))]


def level_of_lag(seconds: float, target: "float | None") -> "str | None":
    """Of a twin that is so far behind, by the target `rpo`; None: no further than is wanted."""
    if target is None or seconds <= target:
        return None
    return CRITICAL if seconds > 2 * target else WARNING


def _least_lag_s(status: dict, facts: dict) -> float:
    return 0 if status["role"] == "twin" else least_lag_s(facts)


def _copying(status: dict, facts: dict, language: str) -> list:
    if status["role"] == "twin":
        return [] if facts["consistent"] else [("copying", WARNING, say(language, "condition.copying.twin"))]
    if facts["whole"]:
        return []
    done = phrases.percent(facts["copied"], facts["disk_size"])
    return [("copying", WARNING, say(language, "condition.copying", done))]


def _health(status: dict, facts: dict, language: str) -> list:
    health, found = facts["health"], []
    degrees, used = health["temperature_c"], health["card"]["used_percent"]
    if health["under_voltage"]:
        found.append(("voltage", CRITICAL, say(language, "condition.voltage")))
    if degrees is not None and degrees >= HOT_C:
        level = CRITICAL if degrees >= TOO_HOT_C else WARNING
        found.append(("temperature", level, say(language, "condition.temperature", int(degrees))))
    if used is not None and used >= WORN_PERCENT:
        level = CRITICAL if used >= WORN_OUT_PERCENT else WARNING
        found.append(("card", level, say(language, "condition.card", used)))
    if health["disk"]["ok"] is False:
        found.append(("disk", CRITICAL, _disk(health["disk"]["sentence"], language)))
    return found


def _disk(sentence: "str | None", language: str) -> str:
    if not sentence:
        return say(language, "condition.disk.silent")
    return say(language, "condition.disk", translate(language, sentence))


def _clock(status: dict, facts: dict, language: str) -> list:
    if facts["clock_set"] is False:
        return [("clock", WARNING, say(language, "condition.clock"))]
    if facts["now_ms"] < _LONG_GONE_MS:
        return [("clock", WARNING, say(language, "condition.clock.past"))]
    return []


def _alarms(status: dict, facts: dict, language: str) -> list:
    troubles = facts["troubles"]
    found = []
    for source in sorted(troubles):  # "settings", "settings 2", ..: one for each line
        found.append(_SOURCES.get(source.split(" ")[0], _SURFACE) + (translate(language, troubles[source]),))
    return found
