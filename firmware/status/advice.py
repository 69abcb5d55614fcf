"""What the operator of a board should do now: one thing, the most useful one."""

from firmware.status import phrases
from firmware.status.texts import say

_OWN = ("storage", "keys", "settings", "surface", "voltage", "temperature", "disk", "card", "clock")


def advice(status: dict, case: str, language: str) -> str:
    """For a snapshot that has its conditions; `case` is that of words.py."""
    if case in ("failed", "fenced"):
        return say(language, "advice." + case)
    critical = [each["name"] for each in status["conditions"] if each["level"] == "critical"]
    other = [each["name"] for each in status["conditions"] if each["level"] != "critical"]
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
    relief = _relief(status, language)
    if left_s == 0:
        return say(language, "advice.full.up", relief)
    if left_s is None:
        return say(language, "advice.filling.much", relief, journal["used"] * 100 // journal["size"])
    return say(language, "advice.filling", relief, phrases.duration(language, left_s))


def _relief(status: dict, language: str) -> str:
    """What empties the journal faster, by what holds it up."""
    link, forecast = status["link"], status["forecast"]
    if link["quota"]["holds"] or forecast["full_quota"]:
        return say(language, "relief.quota")
    cap = forecast["full_cap"] or (link["cap"] if link["held_bytes"] else 0)
    return say(language, "relief.rate", phrases.rate(language, cap)) if cap else say(language, "relief.line")


def _of_case(status: dict, case: str, language: str) -> str:
    caught_up_s = status["forecast"]["caught_up_s"]
    if case == "no link":
        return _of_outage(status, language)
    if case == "held" and status["role"] != "twin":
        return _of_hold(status, caught_up_s, language)
    if case == "behind" and caught_up_s is not None:
        return say(language, "advice.behind.soon", phrases.duration(language, caught_up_s))
    if case == "damaged":
        return _of_alarms(status, language)
    key = {"catching up": "catching_up", "promoted": "alone", "held": "held.unknown"}.get(case, case)
    return say(language, "advice." + key)


def _of_hold(status: dict, caught_up_s: "float | None", language: str) -> str:
    if caught_up_s is not None:
        return say(language, "advice.held", phrases.duration(language, caught_up_s))
    if ("behind", "critical") in [(each["name"], each["level"]) for each in status["conditions"]]:
        return say(language, "advice.held.late")
    known = status["forecast"]["lag_s"] is not None
    return say(language, "advice.held.never" if known else "advice.held.unknown")


def _of_outage(status: dict, language: str) -> str:
    if status["role"] == "twin":
        return say(language, "advice.no_link.twin")
    journal = status["journal"]
    if journal["full_in_s"]:
        return say(language, "advice.no_link.hours", phrases.duration(language, journal["full_in_s"]))
    return say(language, "advice.no_link", phrases.size(language, max(0, journal["size"] - journal["used"])))
