"""`sosie status`: a board's status in a few lines for a tired person."""

import json
import sys

from tools.api import Client
from tools.errors import BoardError

GOOD_STATES = ("mirroring", "promoted")

MEANINGS = {
    "mirroring": "all is well",
    "behind": "the twin lacks the latest writes",
    "copying": "the first full copy is under way; the twin cannot take over yet",
    "catching up": "the twin gets what the journal could not hold",
    "no link": "the other board is not reached; the journal keeps what the twin lacks",
    "promoted": "this board took over and serves the disk; it has no twin",
    "fenced": "another board took over; this one takes no more writes",
    "failed": "this board takes no writes; the alarm says what to do",
}


def run(options) -> int:
    """Prints every board; the exit code of the worst one."""
    codes = [show(Client(address, pair=options.pair).status, address, options.json) for address in options.addresses]
    return max(codes)


TWIN_MEANINGS = {
    "mirroring": "all is well",
    "behind": "this board lacks the latest writes",
    "copying": "the first full copy is under way; this board cannot take over yet",
    "no link": "the other board is not reached; what it writes now is not here",
}


def show(ask, address: str, as_json: bool) -> int:
    """Prints what `ask()`, a status or a BoardError, says of the board at `address`; the exit code."""
    try:
        status = ask()
        text = json.dumps(status) if as_json else describe(status)
    except BoardError as error:
        print(error, file=sys.stderr)
        return 3
    except (KeyError, TypeError):
        print("What answers at %s is not a board of this version." % address, file=sys.stderr)
        return 3
    print(text)
    return 0 if is_fine(status) else 1


def is_fine(status: dict) -> bool:
    """Whether nobody needs to get up."""
    return status["state"] in GOOD_STATES and not status.get("alarms")


def describe(status: dict) -> str:
    """The status as lines of text."""
    lines = ["%s (%s): %s, %s" % (status["name"], status["role"], status["state"].upper(), _meaning(status))]
    lines.append("  twin      " + _twin(status))
    lines.append("  journal   " + _used(status["journal"]))
    lines.append("  link      " + _link(status["link"]))
    lines += ["  ALARM     " + str(alarm) for alarm in status["alarms"]]
    return "\n".join(lines)


def _meaning(status: dict) -> str:
    state = status["state"]
    if status["role"] == "twin" and state in TWIN_MEANINGS:
        return TWIN_MEANINGS[state]
    return MEANINGS.get(state, "a state this program does not know")


def _twin(status: dict) -> str:
    if status["role"] == "twin":
        holds, shows = status["group"]["durable"], status["group"]["played"]
        sound = "can take over" if status["consistent"] else "cannot take over yet"
        waiting = ", %d of them not on its disk yet" % (holds - shows) if holds > shows else ""
        return "is this board; holds everything up to group %d%s; %s" % (holds, waiting, sound)
    backlog = status["backlog"]
    if status["state"] == "promoted":
        return "none yet"
    if not status.get("copy", {}).get("whole", True):
        return "has no whole copy yet"
    if not backlog["groups"]:
        return "has everything"
    return "lacks %s in %d group%s, the oldest %s old" % (
        size(backlog["bytes"]), backlog["groups"], "" if backlog["groups"] == 1 else "s", age(backlog["seconds"]))


def _used(journal: dict) -> str:
    percent = 100 * journal["used"] / journal["size"] if journal["size"] else 0
    return "%s of %s used (%.0f %%)" % (size(journal["used"]), size(journal["size"]), percent)


def _link(link: dict) -> str:
    peer = " with %s" % link["peer"] if link["peer"] else ""
    rtt = ", round trip %.0f ms" % link["rtt_ms"] if link["rtt_ms"] is not None else ""
    return "%s%s%s" % (link["state"], peer, rtt)


def size(count: int) -> str:
    """Bytes for a reader: '0 B', '64 KiB', '9.4 MiB', '1.2 GiB'."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return "%.1f %s" % (value, unit) if unit != "B" and value < 9.95 else "%.0f %s" % (value, unit)


def age(seconds: float) -> str:
    """Seconds for a reader: '0.4 s', '12 s', '3 min 5 s', '2 h 10 min', '3 d 4 h'."""
    if seconds < 60:
        return "%.1f s" % seconds if seconds < 9.95 else "%.0f s" % seconds
    whole = int(seconds)
    for unit, name, part, part_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            return "%d %s %d %s" % (whole // unit, name, whole % unit // part, part_name)
    return "%d s" % whole
