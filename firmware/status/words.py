"""The snapshot in words, the same on every surface: is it safe, what would be lost now, what is to be done.

`words(status, language)` of a snapshot without its words gives what every surface begins with:

    case       what all the others tell of, one word for programs: that of case_of(status)
    verdict    safe or not, in a word or two
    distance   how far behind the twin is, a few words that go on from the verdict
    sentence   what that means
    loss       what would be lost if the first site burned now
    advice     what its operator should do now
    mood       GOOD, WARN or BAD: the colour of all that
"""

from firmware.status import advice, phrases
from firmware.status.case import case_of, held_bytes, is_fresh
from firmware.status.texts import say

GOOD, WARN, BAD = "good", "warn", "bad"
_RECENT_S = 5  # what was told longer ago is shown with its age

# The case that a board is in, of which verdict and sentence tell: its state, but for what must not be called safe.
_VERDICTS = {
    "mirroring": "verdict.safe",
    "behind": "verdict.behind",
    "held": "verdict.held",
    "copying": "verdict.copying",
    "catching up": "verdict.behind",
    "no link": "verdict.no_link",
    "promoted": "verdict.alone",
    "damaged": "verdict.damaged",
    "unknown": "verdict.unknown",
    "fenced": "verdict.fenced",
    "failed": "verdict.failed",
}


def words(status: dict, language: str) -> dict:
    """As above; `status` has its conditions already."""
    case = case_of(status)
    return {
        "case": case,
        "verdict": say(language, _VERDICTS[case]),
        "distance": _distance(status, case, language),
        "sentence": _sentence(status, case, language),
        "loss": _loss(status, case, language),
        "advice": advice.advice(status, case, language),
        "mood": _mood(status, case),
    }


def _mood(status: dict, case: str) -> str:
    if case in ("failed", "fenced", "damaged") or any(each["level"] == "critical" for each in status["conditions"]):
        return BAD
    return WARN if case != "mirroring" or _worry(status) else GOOD


def _its_backlog(status: dict) -> dict:
    """Of the board that sends to a twin, as far as it says."""
    backlog = (status["other"] or {}).get("backlog") or {}
    return {word: backlog.get(word) for word in ("groups", "bytes", "seconds")}


def _distance(status: dict, case: str, language: str) -> str:
    copy = status["copy"]
    if case == "copying" and status["state"] == case:
        return say(language, "distance.copying", phrases.percent(copy["bytes"], status["disk_size"]))
    if case in ("fenced", "failed"):
        return say(language, "distance.no_writes")
    if case == "promoted":
        return say(language, "distance.alone")
    if status["role"] == "twin":
        return _distance_of_twin(status, case, language)
    if not copy["whole"]:
        return say(language, "distance.no_copy")
    missing = _missing(status, status["backlog"], language)
    return say(language, "distance.lacks", missing) if missing else say(language, "distance.all")


def _distance_of_twin(status: dict, case: str, language: str) -> str:
    if not status["consistent"]:
        return say(language, "distance.twin_no_copy")
    lacks = case in ("held", "behind") and _missing(status, _its_backlog(status), language)
    if lacks and status["other"]["age_s"] > _RECENT_S:
        return say(language, "distance.twin_lacked", lacks, phrases.duration(language, status["other"]["age_s"]))
    if lacks:
        return say(language, "distance.twin_lacks", lacks)
    return say(language, "distance.twin", status["group"]["durable"])


def _sentence(status: dict, case: str, language: str) -> str:
    worry = _worry(status)
    if case == "mirroring" and worry and not _is_full(status):
        return say(language, "sentence.but", worry)
    if status["role"] == "twin":
        key, places = _sentence_of_twin(status, case, language)
    else:
        key, places = _sentence_of_primary(status, case, language)
    return say(language, "sentence." + key, *places)


def _worry(status: dict) -> str:
    """The first thing that is not as it should be; empty: all is."""
    worries = [each["sentence"] for each in status["conditions"]] + status["alarms"]
    return worries[0] if worries else ""


def _sentence_of_primary(status: dict, case: str, language: str) -> tuple:
    link, backlog = status["link"], status["backlog"]
    if case == "held":
        held = phrases.size(language, link["held_bytes"])
        return ("quota", (held,)) if link["quota"]["holds"] else ("held", (phrases.rate(language, link["cap"]), held))
    if _is_full(status) and case in ("no link", "behind", "mirroring", "unknown"):
        return ("no_link.full" if case == "no link" else "full"), ()
    if case == "behind":
        if backlog["seconds"] is None:
            return "behind.no_age", ()
        return case, (phrases.duration(language, backlog["seconds"]),)
    if case == "mirroring":
        return ("close" if backlog["groups"] else "safe"), ()
    return {"promoted": "alone"}.get(case, case.replace(" ", "_")), ()


def _sentence_of_twin(status: dict, case: str, language: str) -> tuple:
    if case == "held":
        return "twin.held", (phrases.size(language, held_bytes(status["other"])),)
    if case == "behind":
        return "twin.behind", (phrases.size(language, _its_backlog(status)["bytes"] or 0),)
    if case == "mirroring":
        return "twin", ()
    if case == "unknown":
        return _sentence_of_silence(status["other"], language)
    key = {"promoted": "alone"}.get(case, case.replace(" ", "_"))
    return ("twin." + key if key in ("copying", "no_link") else key), ()


def _sentence_of_silence(other: "dict | None", language: str) -> tuple:
    """What a twin says that does not know what it lacks."""
    if not is_fresh(other) or not other.get("state") or other["state"] == "mirroring":
        return "twin.unknown", ()
    return "twin.unknown.state", (phrases.word(language, "state.", other["state"]),)


def _loss(status: dict, case: str, language: str) -> str:
    if not status["disk_size"]:  # a board that does not run, and has not looked
        return say(language, "loss.unknown")
    if status["role"] == "twin":
        return _loss_beside_twin(status, case, language)
    if status["state"] == "promoted":
        return say(language, "loss.alone")
    if status["state"] == "fenced":
        unsent = status["group"]["durable"] - status["group"]["acked"]
        if unsent <= 0:
            return say(language, "loss.fenced")
        return say(language, "loss.fenced.some", phrases.groups(language, unsent))
    if not status["copy"]["whole"]:
        return say(language, "loss.no_copy")
    backlog = status["backlog"]
    if not backlog["groups"]:
        return say(language, "loss.nothing")
    what = phrases.groups(language, backlog["groups"]), phrases.size(language, backlog["bytes"])
    if backlog["seconds"] is None:
        return say(language, "loss.some.no_age", *what)
    return say(language, "loss.some", phrases.duration(language, backlog["seconds"]), *what)


def _loss_beside_twin(status: dict, case: str, language: str) -> str:
    if not status["consistent"]:
        return say(language, "loss.twin.no_copy")
    if status["link"]["state"] != "up":
        missing = status["missing_groups"]
        if not missing:
            return say(language, "loss.twin.no_link")
        return say(language, "loss.twin.no_link.some", phrases.groups(language, missing))
    backlog = _its_backlog(status)
    if case == "mirroring":
        return say(language, "loss.twin")
    if case not in ("held", "behind") or not backlog["groups"]:
        return say(language, "loss.twin.unknown")
    what = phrases.groups(language, backlog["groups"]), phrases.size(language, backlog["bytes"] or 0)
    return say(language, "loss.twin.some", *what)


def _missing(status: dict, backlog: dict, language: str) -> str:
    """Empty when nothing is missing."""
    if not backlog["groups"]:
        return ""
    what = phrases.groups(language, backlog["groups"]), phrases.size(language, backlog["bytes"] or 0)
    if backlog["seconds"] is None:
        return say(language, "missing.no_age", *what)
    return say(language, "missing", *(what + (phrases.duration(language, backlog["seconds"]),)))


def _is_full(status: dict) -> bool:
    return status["journal"]["full_in_s"] == 0
