"""The case that a board is in: one word, of which all that is said of it follows.

It is the state, or what the state alone would call better than it is. A word of safety needs facts: nothing is missing,
or what is missing is known to be young.

    damaged     the journal or the disk cannot be read where the twin needs it
    held        something that is not on its way within seconds could go to the twin, but for the rate or the quota
    copying     there is no whole copy yet
    unknown     what the twin lacks is not known, or of what age it is
"""

from firmware.status.lag import BEHIND_S

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
    return _case_of_sender(status)


def _case_beside_twin(other: "dict | None") -> str:
    """A twin lacks what its primary says that it lacks; where that is silent or does not mirror, nobody knows."""
    if not is_told_by_primary(other):
        return "unknown"
    case = _case_of_sender(other)
    if case == "mirroring":
        return case if _is_at_hand(other) else "unknown"
    return case if case in ("held", "behind", "catching up") else "unknown"


def _case_of_sender(board: dict) -> "str | None":
    """Of a primary whose link is up, as its snapshot says or its report."""
    if is_held(board):
        return "held"
    state = board.get("state")
    return "unknown" if state == "mirroring" and not _is_little(board.get("backlog") or {}) else state


def is_held(board: dict) -> bool:
    """Whether the rate or the quota of this primary keeps something from the twin for longer than is safe.

    Under a rate something waits nearly always. It counts once it is old, or will be when it is sent: a burst that goes
    within seconds is none, and a longer one is held back from its first moment to its last.
    """
    size, link = held_bytes(board), board.get("link") or {}
    if not size or (link.get("quota") or {}).get("holds"):
        return size > 0
    left_s = BEHIND_S - ((board.get("backlog") or {}).get("seconds") or 0)
    return board.get("state") == "behind" or size * 8 > (link.get("cap") or 0) * left_s


def is_told_by_primary(other: "dict | None") -> bool:
    """Whether the primary of this twin tells how it is."""
    return is_fresh(other) and other.get("role") == "primary"


def is_fresh(other: "dict | None") -> bool:
    """Whether the other board has told of itself, and that is of now, as its line allows."""
    age_s, fresh_s = (other or {}).get("age_s"), (other or {}).get("fresh_s")
    return age_s is not None and fresh_s is not None and age_s <= fresh_s


def _is_at_hand(other: dict) -> bool:
    """Whether the other board is heard now, and what it has is here: it tells of its last group far more often, and
    sooner, than how it is. Where it was not heard for longer, it may have been written to since, or what comes in is a
    group that takes too long to be young."""
    heard_s, lacked_s = other.get("heard_s"), other.get("lacked_s")
    return heard_s is not None and lacked_s is not None and heard_s <= BEHIND_S and lacked_s <= BEHIND_S


def _is_little(backlog: dict) -> bool:
    """Whether that may be on its way."""
    groups, size, seconds = [backlog.get(word) for word in ("groups", "bytes", "seconds")]
    if groups == 0:
        return True
    if groups is None or size is None or seconds is None:
        return False
    return size <= MOST_ON_ITS_WAY and seconds <= BEHIND_S


def held_bytes(board: dict) -> int:
    """What that board holds back, as it says."""
    return (board.get("link") or {}).get("held_bytes") or 0
