"""How far behind the twin is, in time: what the facts of a board say of it, and where they say nothing."""

BEHIND_S = 5  # a twin that lacks a group for longer than this is behind
STEP_MS = 2000  # a wall clock that is moved by less has run a little fast or slow


def lag_s(facts: dict) -> "float | None":
    """Age of the oldest group that the twin of this primary lacks, in seconds; 0: it lacks none; None: not known."""
    if facts["written"] <= facts["acked"]:
        return 0
    if facts["oldest_ms"] is None:
        return None
    age_ms = facts["now_ms"] - facts["oldest_ms"]
    if age_ms < -STEP_MS:  # of a time that is still to come: one of the two is wrong
        return None
    return max(0, age_ms / 1000, facts["lacked_s"])


def least_lag_s(facts: dict) -> float:
    """The same, and where the age is not known, for how long at least the twin has lacked that group."""
    age_s = lag_s(facts)
    return facts["lacked_s"] if age_s is None else age_s


def is_behind(facts: dict) -> bool:
    """Whether the twin of this primary has lacked something for too long."""
    return least_lag_s(facts) > BEHIND_S
