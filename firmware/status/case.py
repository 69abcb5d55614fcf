"""The case that a board is in: one word, of which all that is said of it follows.

It is the state, or what the state alone would call better than it is. A word of safety needs facts: nothing is missing,
or what is missing is known to be young.

    damaged     the journal or the disk cannot be read where the twin needs it
    held        something could go to the twin, but for the rate or the quota
    copying     there is no whole copy yet
    unknown     what the twin lacks is not known, or of what age it is
"""

from firmware.status.lag import BEHIND_S

FRESH_S = 70  # a board that holds everything back tells of itself each 60 s, every other one far more often
MOST_ON_ITS_WAY = 1 << 30  # bytes; no line of a board carries more in BEHIND_S


def case_of(status: dict) -> str:
    """Of a snapshot that has its conditions."""
    state = status["state"]
    if state in ("failed", "fenced", "promoted"):
        return state
    if any(each["name"] == "damage" for each in status["conditions"]):
        return "damaged"
    if state not in ("mirroring", "behind"):
        return state
    if not (status["consistent"] and status["copy"]["whole"]):
        return "copying"
    if status["role"] == "twin":
        return _case_beside_twin(status["other"])
    if status["link"]["held_bytes"]:
        return "held"
    backlog = status["backlog"]
    return "unknown" if state == "mirroring" and backlog["groups"] and backlog["seconds"] is None else state


def _case_beside_twin(other: "dict | None") -> str:
    """A twin lacks what its primary says that it lacks; where that is silent or does not mirror, nobody knows."""
    if other is None or other.get("role") != "primary" or not is_fresh(other):
        return "unknown"
    if held_bytes(other):
        return "held"
    state = other.get("state")
    if state == "mirroring":
        return state if _is_little(other.get("backlog") or {}) else "unknown"
    return state if state in ("behind", "catching up") else "unknown"


def is_fresh(other: dict) -> bool:
    """Whether what the other board has told of itself is of now."""
    age_s = other.get("age_s")
    return age_s is not None and age_s <= FRESH_S


def _is_little(backlog: dict) -> bool:
    """Whether that may be on its way."""
    groups, size, seconds = [backlog.get(word) for word in ("groups", "bytes", "seconds")]
    if groups == 0:
        return True
    if groups is None or size is None or seconds is None:
        return False
    return size <= MOST_ON_ITS_WAY and seconds <= BEHIND_S


def held_bytes(other: dict) -> int:
    """What the other board holds back, as it says."""
    return (other.get("link") or {}).get("held_bytes") or 0
