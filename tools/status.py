"""`sosie status`: a board's status for a tired person, in the words of its page and console, and in its language."""

import json
import sys

from firmware.status import table
from firmware.status.texts import known, say
from tools.api import Client
from tools.errors import BoardError

GOOD_STATES = ("mirroring", "promoted")
_WIDTH = 80


def run(options) -> int:
    """Prints every board; the exit code of the worst one."""
    codes = [show(Client(address, pair=options.pair).status, address, options.json) for address in options.addresses]
    return max(codes)


def show(ask, address: str, as_json: bool) -> int:
    """Prints what `ask()`, a status or a BoardError, says of the board at `address`; the exit code."""
    try:
        status = ask()
        text = json.dumps(status) if as_json else describe(status)
    except BoardError as error:
        print(error, file=sys.stderr)
        return 3
    except (KeyError, TypeError, AttributeError, ValueError):
        print("What answers at %s is not a board of this version." % address, file=sys.stderr)
        return 3
    print(text)
    return 0 if is_fine(status) else 1


def is_fine(status: dict) -> bool:
    """Whether nobody needs to get up."""
    critical = any(each["level"] == "critical" for each in status.get("conditions", ()))
    return status["state"] in GOOD_STATES and not status.get("alarms") and not critical


def describe(status: dict) -> str:
    """The status as lines of text."""
    if "words" not in status:
        return _describe_older(status)
    language, words = known(status["language"]), status["words"]
    status = dict(status, language=language)
    lines = ["%s: %s, %s" % (status["name"], words["verdict"], words["distance"]), words["sentence"]]
    rows = [table.board(status), *table.rows(status)]
    rows += [(say(language, "row.alarm"), str(alarm)) for alarm in status["alarms"]]
    column = max(len(word) for word, _ in rows) + 2
    for word, value in rows:
        lines += _wrapped("  " + word + " " * (column - len(word)), value)
    return "\n".join(lines)


def _wrapped(label: str, text: str) -> "list[str]":
    """The text behind its label, on as many lines as it takes."""
    lines, line = [], label
    for word in text.split(" "):
        if len(line) + len(word) + 1 > _WIDTH and line.strip() and line != label:
            lines.append(line.rstrip())
            line = " " * len(label)
        line += word + " "
    return [*lines, line.rstrip()]


def _describe_older(status: dict) -> str:
    """Of a board whose firmware has no words of its own yet."""
    lines = ["%s (%s): %s" % (status["name"], status["role"], status["state"].upper())]
    backlog = status["backlog"]
    if backlog["groups"]:
        lines.append("  The twin lacks %d groups, %d bytes." % (backlog["groups"], backlog["bytes"]))
    lines += ["  ALARM     " + str(alarm) for alarm in status["alarms"]]
    return "\n".join([*lines, "  Its firmware is older than this program; `sosie update` brings the new one."])


def size(count: int) -> str:
    """Bytes for a reader of the other commands: '0 B', '64 KiB', '9.4 MiB', '1.2 GiB'."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return "%.1f %s" % (value, unit) if unit != "B" and value < 9.95 else "%.0f %s" % (value, unit)
