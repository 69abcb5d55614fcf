"""What the operator of a board should do now: one thing, the most useful one."""

from firmware.status import phrases
from firmware.status.conditions import CRITICAL, level_of_filling, level_of_lag
from firmware.status.texts import say

_OWN = ("storage", "keys", "settings", "surface", "voltage", "temperature", "disk", "card", "clock")


def advice(status: dict, case: str, language: str) -> str:
    """For a snapshot that has its conditions; `case` is that of words.py."""
    if case in ("failed", "fenced"):
        return say(language, "advice." + case)
    critical = [each["name"] for each in status["conditions"] if each["level"] == CRITICAL]
    other = [each["name"] for each in status["conditions"] if each["level"] != CRITICAL]
    filling = case in ("held", "behind") and "journal_filling" in other and not _is_sent_before(status)
    for name in critical + (["journal_filling"] if filling else []):
        found = _of_condition(name, status, language)
        if found:
            return found
    if case != "mirroring":
        return _of_case(status, case, language)
    for name in other:
        found = _of_condition(name, status, language)
        if found:
            return found
    return _of_alarms(status, language) if status["alarms"] else say(language, "advice.nothing")


def _is_sent_before(status: dict) -> bool:
    """Whether what fills the journal is sent before that is full."""
    return status["journal"]["full_in_s"] is None and status["forecast"]["caught_up_s"] is not None


def _of_condition(name: str, status: dict, language: str) -> str:
    """Empty where the state says more."""
    if name == "damage":  # its own sentence says it: it is shown as an alarm
        return _of_alarms(status, language)
    if name in _OWN:
        return say(language, "advice." + name)
    if name == "no_link" and status["link"]["state"] == "refused":
        return _of_alarms(status, language)
    if name in ("journal_full", "journal_filling"):
        return _of_journal(status, language)
    return ""


def _of_alarms(status: dict, language: str) -> str:
    return say(language, "advice.alarms" if len(status["alarms"]) > 1 else "advice.alarm")


def _of_journal(status: dict, language: str) -> str:
    journal, up = status["journal"], status["link"]["state"] == "up"
    left_s = journal["full_in_s"]
    if not up:
        return say(language, "advice.full") if left_s == 0 else _of_outage(status, language)
    if left_s is None:
        return say(language, "advice.filling.much", _relief(status, language), journal["used"] * 100 // journal["size"])
    return _of_filling(status, left_s, language)


def _of_filling(sender: dict, left_s: float, language: str) -> str:
    """Of a primary whose journal is full in `left_s` while its link is up, by its snapshot or its report."""
    relief = _relief(sender, language)
    if left_s == 0:
        return say(language, "advice.full.up", relief)
    return say(language, "advice.filling", relief, phrases.duration(language, left_s))


def _relief(sender: dict, language: str) -> str:
    """What empties the journal faster, by what holds it up."""
    link, forecast = sender.get("link") or {}, sender.get("forecast") or {}
    if (link.get("quota") or {}).get("holds") or forecast.get("full_quota"):
        return say(language, "relief.quota")
    cap = forecast.get("full_cap") or (link.get("cap") if link.get("held_bytes") else 0)
    return say(language, "relief.rate", phrases.rate(language, cap)) if cap else say(language, "relief.line")


def _of_case(status: dict, case: str, language: str) -> str:
    if case == "no link":
        return _of_outage(status, language)
    if case in ("held", "behind"):
        lacked = _of_lack_elsewhere if status["role"] == "twin" else _of_lack_here
        return lacked(status, case, language)
    if case == "damaged":
        return _of_alarms(status, language)
    key = {"catching up": "catching_up", "promoted": "alone"}.get(case, case)
    return say(language, "advice." + key)


def _of_lack(sender: dict, case: str, late: bool, language: str) -> str:
    """Of a primary whose twin lacks something, by its snapshot or its report; `late`: by twice the target."""
    forecast = sender.get("forecast") or {}
    caught_up_s = forecast.get("caught_up_s")
    if caught_up_s is not None:
        key = "advice.held" if case == "held" else "advice.behind.soon"
        return say(language, key, phrases.duration(language, caught_up_s))
    if case == "behind":
        return say(language, "advice.behind")
    if late:
        return say(language, "advice.held.late")
    return say(language, "advice.held.unknown" if forecast.get("lag_s") is None else "advice.held.never")


def _of_lack_here(status: dict, case: str, language: str) -> str:
    late = ("behind", CRITICAL) in [(each["name"], each["level"]) for each in status["conditions"]]
    return _of_lack(status, case, late, language)


def _of_lack_elsewhere(status: dict, case: str, language: str) -> str:
    """On a twin: what the primary itself advises, as its report tells it."""
    other = status["other"]
    journal, backlog = other.get("journal") or {}, other.get("backlog") or {}
    left_s = journal.get("full_in_s")
    if left_s is not None and level_of_filling((journal.get("used") or 0) * 100 // (journal.get("size") or 1), left_s):
        return _of_filling(other, left_s, language)
    late = level_of_lag(backlog.get("seconds") or 0, other.get("rpo_s")) == CRITICAL
    return _of_lack(other, case, late, language)


def _of_outage(status: dict, language: str) -> str:
    if status["role"] == "twin":
        return say(language, "advice.no_link.twin")
    journal = status["journal"]
    if journal["full_in_s"]:
        return say(language, "advice.no_link.hours", phrases.duration(language, journal["full_in_s"]))
    return say(language, "advice.no_link", phrases.size(language, max(0, journal["size"] - journal["used"])))
