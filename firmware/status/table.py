"""The whole snapshot as a table of words, for the console and for `sosie status`."""

from firmware.status import phrases
from firmware.status.case import is_fresh
from firmware.status.texts import say


def rows(status: dict) -> list:
    """[(word, value)] in the language of the snapshot."""
    language, group = status["language"], status["group"]
    numbers = group["written"], group["durable"], group["acked"], group["played"]
    found = [
        ("row.loss", status["words"]["loss"]),
        ("row.advice", status["words"]["advice"]),
        ("row.role", say(language, "role." + status["role"], status["generation"])),
        ("row.disk", _disk(status, language)),
        ("row.journal", _journal(status, language)),
        ("row.link", _link(status["link"], language)),
        ("row.sent", _sent(status["link"], language)),
        ("row.groups", say(language, "groups.row", *numbers)),
    ]
    health = _health(status["health"], language)
    if health:
        found.append(("row.health", health))
    if status["other"] is not None:
        found.append(("row.other", _other(status["other"], language)))
    return [(say(language, key), value) for key, value in found]


def wrong(status: dict) -> list:
    """[(level, sentence)], words for all that is not as it should be, the most urgent first, each once."""
    language, alarms, found = status["language"], [str(alarm) for alarm in status["alarms"]], []
    for each in status.get("conditions", ()):
        sentences = each.get("sentences") or [each["sentence"]]  # the board may be of an older version
        alarms = [alarm for alarm in alarms if alarm not in sentences]
        level = say(language, "row.critical" if each["level"] == "critical" else "row.warning")
        found += [(level, sentence) for sentence in sentences]
    return found + [(say(language, "row.warning"), alarm) for alarm in alarms]


def board(status: dict) -> tuple:
    """The row that says which board this is."""
    language = status["language"]
    named = say(language, "other.board", status["name"], phrases.word(language, "state.", status["state"]))
    return (say(language, "row.board"), named)


def _disk(status: dict, language: str) -> str:
    size = phrases.size(language, status["disk_size"])
    return size if status["consistent"] else say(language, "disk.inconsistent", size)


def _journal(status: dict, language: str) -> str:
    journal = status["journal"]
    sizes = phrases.size(language, journal["used"]), phrases.size(language, journal["size"])
    left_s = journal["full_in_s"]
    if left_s == 0:
        return say(language, "journal.full", *sizes)
    if left_s is not None:
        return say(language, "journal.full_in", *(sizes + (phrases.duration(language, left_s),)))
    growth = journal["growth_bytes_per_s"]
    if growth is None and status["role"] == "primary" and status["state"] in ("no link", "behind"):
        return say(language, "journal.unknown", *sizes)
    # It grows, and is not full within a day: the twin has caught up before, or nothing is behind.
    return say(language, "journal.used" if growth is None or growth > 0 else "journal.steady", *sizes)


def _link(link: dict, language: str) -> str:
    text = phrases.word(language, "link.", link["state"])
    if link["peer"] and link["state"] in ("waiting", "refused"):
        text = say(language, "link.to." + link["state"], link["peer"])
    elif link["peer"]:
        text = say(language, "link.to", text, link["peer"])
    if link["rtt_ms"] is not None:
        text = say(language, "link.rtt", text, link["rtt_ms"])
    if link["cap"]:
        text = say(language, "link.cap", text, phrases.rate(language, link["cap"]))
    return text


def _sent(link: dict, language: str) -> str:
    places = phrases.size(language, link["sent_bytes"]), phrases.size(language, link["raw_bytes"])
    if link["held_bytes"]:
        text = say(language, "sent.held", *(places + (phrases.size(language, link["held_bytes"]),)))
    else:
        text = say(language, "sent", *places)
    quota = link["quota"]
    if not quota["bytes"]:
        return text
    used, whole = phrases.size(language, quota["used"]), phrases.size(language, quota["bytes"])
    return say(language, "sent.quota", text, used, whole)


def _health(health: dict, language: str) -> str:
    """Empty where nobody tells anything."""
    parts = []
    if health["temperature_c"] is not None:
        parts.append(say(language, "health.degrees", int(health["temperature_c"])))
    if health["under_voltage"]:
        parts.append(say(language, "health.low_voltage"))
    if health["card"]["used_percent"] is not None:
        parts.append(say(language, "health.card", health["card"]["used_percent"]))
    if health["card"]["written_bytes"]:
        parts.append(say(language, "health.written", phrases.size(language, health["card"]["written_bytes"])))
    if health["disk"]["ok"] is not None:
        parts.append(say(language, "health.disk_ok" if health["disk"]["ok"] else "health.disk_bad"))
    return ", ".join(parts)


def _other(other: dict, language: str) -> str:
    said = other.get("name") or "", phrases.word(language, "state.", other.get("state") or "")
    if other.get("age_s") is None or is_fresh(other):
        return say(language, "other.board", *said)
    return say(language, "other.board.then", *said, phrases.duration(language, other["age_s"]))
