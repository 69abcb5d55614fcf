"""Whether the mirror is alive: a ping that stays away is the only alert that a dead board can give.

What waits somewhere on its way (to be journaled, to be taken by the twin, to be played on the disk) has to move. What
the quota holds back, and has not been sent, is meant to wait; under a rate the twin acknowledges group by group, as
slowly as that is. The first copy waits while the twin lacks much of what it has put into the log: where the twin lacks
anything, it is the twin that has to move.
"""

from firmware.log.layout import MAX_BODY

STILL_MS = 120000  # a link that comes back by itself, or a slow disk, is no reason
_STEPS = (  # what has to move while it is behind the other
    ("durable", "written", "the journal takes nothing"),
    ("acked", "durable", "the twin takes nothing"),
    ("played", "durable", "the disk takes nothing"),
)


class Heartbeat:
    """Looks at the snapshot once in a while."""

    def __init__(self):
        self._moved = {}  # step -> (its number, monotonic ms of when it was seen to move, or had nothing to do)

    def look(self, status: dict, now_ms: int) -> str:
        """Empty while the board mirrors; else the sentence that says what stands still."""
        group, first = status["group"], status["role"] == "primary"
        stuck = ""
        for step, ahead, words in _STEPS:
            idle = group[step] >= group[ahead] or (step == "acked" and _waits_on_purpose(status))
            still_ms = STILL_MS + (_longest_ms(status["link"]["cap"]) if step == "acked" else 0)
            if not self._moves(step, group[step], idle, now_ms, still_ms) and not stuck and (first or step != "acked"):
                stuck = words
        up = self._moves("link", 0, status["state"] != "no link", now_ms)
        copies = self._moves("copy", status["copy"]["bytes"], not _is_to_copy(status), now_ms)
        if status["state"] in ("failed", "fenced"):
            return "this board takes no more writes"
        if not up:
            return "the other board is not reached"
        return stuck or ("" if copies else "the first copy does not go on")

    def _moves(self, step: str, number: int, idle: bool, now_ms: int, still_ms: int = STILL_MS) -> bool:
        before = self._moved.get(step)
        if before is None or idle or number != before[0]:
            self._moved[step] = (number, now_ms)
            return True
        return now_ms - before[1] < still_ms


def _waits_on_purpose(status: dict) -> bool:
    """Whether the twin is not to take anything now: what was sent to it, whatever the quota, it has to take."""
    holds, group = status["link"]["quota"]["holds"], status["group"]
    return (holds and group["acked"] >= group["sent"]) or status["state"] in ("promoted", "no link")


def _is_to_copy(status: dict) -> bool:
    """Whether the first copy is to go on. It is the primary's: the twin cannot tell whether it waits on purpose."""
    if status["state"] != "copying" or status["role"] != "primary":
        return False
    # Hosts that write without a break always leave the twin something to take: that hides no disk that cannot be read.
    damaged = "damage" in [each["name"] for each in status["conditions"]]
    return damaged or status["group"]["acked"] >= status["group"]["durable"]


def _longest_ms(cap: int) -> int:
    """What the largest group takes at `cap` bits per second; 0: no cap."""
    return MAX_BODY * 8000 // cap if cap else 0
