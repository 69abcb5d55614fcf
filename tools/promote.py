"""`sosie promote`: says what it means and what may be missing, asks, and does it."""

import sys

from firmware.status.phrases import groups
from firmware.status.texts import say
from tools.api import Client
from tools.errors import BoardError

MEANING = """\
Promoting {name} makes it the board that takes the server's writes, from now on.
The other board, once it meets {name} again, takes no more writes: it is fenced,
and the way back is a new pair with the roles changed (README.md). Do this when the first board or its site is lost."""


def run(options) -> int:
    """Promotes the twin at the address, after asking unless --force was given."""
    client = Client(options.address, timeout_s=60.0, pair=options.pair)
    status = client.status()
    if status["role"] != "twin":
        raise BoardError("%s is no twin; only a twin can be promoted" % status["name"])
    if not options.force and not _confirmed(status):
        return 1
    print(_report(status["name"], client.promote()))
    return 0


def _confirmed(status: dict) -> bool:
    name = status["name"]
    print(MEANING.format(name=name))
    print()
    for line in missing(status):
        print(line)
    if not sys.stdin.isatty():
        sys.stdout.flush()
        print("\nNothing was done: this asks on a terminal; without one, say --force.", file=sys.stderr)
        return False
    try:
        answer = input("\nType the board's name (%s) to promote it: " % name)
    except EOFError:
        answer = ""
    if answer.strip() == name:
        return True
    print("Nothing was done.", file=sys.stderr)
    return False


def missing(status: dict) -> "list[str]":
    """What this board would serve, and what it cannot have, as far as it knows."""
    group, link, lacked = status["group"], status["link"], status.get("missing_groups")
    lines = [say("en", "console.serves", group["durable"])]
    if link["state"] == "up":
        lines.append("It is connected with %s now: that board is alive, and would be fenced." % link["peer"])
    else:
        lines.append(say("en", "console.not_there"))
    if lacked:
        lines.append(say("en", "console.lacks", groups("en", lacked)))
    if not status["consistent"]:
        lines.append("Its first full copy is not complete: what it has is NOT a whole disk, and it will refuse.")
    lines += ["It raises an alarm: %s" % alarm for alarm in status["alarms"]]
    return lines


def _report(name: str, report: dict) -> str:
    text = "%s is promoted: generation %s, from group %s on." % (name, report.get("generation"), report.get("group"))
    lost = report.get("missing_groups")
    if lost:
        return text + "\n%d group%s that the first board had told of %s missing." % (
            lost, "" if lost == 1 else "s", "is" if lost == 1 else "are")
    return text + "\nNothing that it had heard of is missing."
