"""Whether the mirror is alive: a ping that stays away is the only alert that a dead board can give.

What waits somewhere on its way (to be journaled, to be taken by the twin, to be played on the disk) has to move. What
the quota holds back, and has not been sent, is meant to wait; under a rate the twin acknowledges group by group, as
slowly as that is. So it does on a slow line: what goes out is movement as well, if it is more than heartbeats, and no
more than it takes until a twin that is well has the next group. The first copy waits while the twin lacks much of what
it has put into the log: where the twin lacks anything, it is the twin that has to move.
"""

from firmware.log.layout import MAX_BODY

STILL_MS = 120000  # a link that comes back by itself, or a slow disk, is no reason
_PIECE = 64 << 10  # bytes that are movement
_BEATS = 2200  # bytes a second that are none: a report of at most 4 KiB every 2 s, and heartbeats
# Until the twin has a group: that group, and what the systems of both boards take of those behind it. However much goes
# out beyond that, a twin that does not take the group takes nothing.
_MOST_BYTES = 2 * MAX_BODY


class Heartbeat:
    """Looks at the snapshot once in a while."""

    def __init__(self):
        self._moved = {}  # what has to -> (its number, monotonic ms of when it was seen to move, or had nothing to do)
        self._wire = _Wire()

    def look(self, status: dict, now_ms: int) -> str:
        """Empty while the board mirrors; else the sentence that says what stands still."""
        group = status["group"]
        journals = self._moves("durable", group["durable"], group["durable"] >= group["written"], now_ms)
        ships = self._ships(status, now_ms) or status["role"] != "primary"
        plays = self._moves("played", group["played"], group["played"] >= group["durable"], now_ms)
        up = self._moves("link", 0, status["state"] != "no link", now_ms)
        copies = self._moves("copy", status["copy"]["bytes"], not _is_to_copy(status), now_ms)
        if status["state"] in ("failed", "fenced"):
            return "this board takes no more writes"
        if not up:
            return "the other board is not reached"
        if not journals:
            return "the journal takes nothing"
        if not ships:
            return "the twin takes nothing"
        if not plays:
            return "the disk takes nothing"
        return "" if copies else "the first copy does not go on"

    def _ships(self, status: dict, now_ms: int) -> bool:
        acked, link = status["group"]["acked"], status["link"]
        idle = acked >= status["group"]["durable"] or _waits_on_purpose(status)
        moved = self._wire.look(acked, link["sent_bytes"], idle, now_ms)
        return self._moves("acked", moved, idle, now_ms, STILL_MS + _longest_ms(link["cap"]))

    def _moves(self, what: str, number, idle: bool, now_ms: int, still_ms: int = STILL_MS) -> bool:
        before = self._moved.get(what)
        if before is None or idle or number != before[0]:
            self._moved[what] = (number, now_ms)
            return True
        return now_ms - before[1] < still_ms


class _Wire:
    """What goes out until the twin takes a group."""

    def __init__(self):
        self._acked = None
        self._sent_bytes = self._since_ms = 0  # when it took one, or was to take none
        self._pieces = 0

    def look(self, acked: int, sent_bytes: int, idle: bool, now_ms: int) -> tuple:
        """(the last group that it took, the pieces of the next ones that went out since)."""
        if idle or acked != self._acked:
            self._acked, self._sent_bytes, self._since_ms, self._pieces = acked, sent_bytes, now_ms, 0
        beats = (now_ms - self._since_ms) * _BEATS // 1000
        pieces = (min(sent_bytes - self._sent_bytes, _MOST_BYTES) - beats) // _PIECE
        self._pieces = max(self._pieces, pieces)
        return acked, self._pieces


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
