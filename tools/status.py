"""`sosie status`: a board's status for a tired person, in the words of its page and console, and in its language.

Exit codes, those of monitoring plugins too; of several boards the highest:

    0  all is well: it mirrors, or was promoted (and has no twin: a decision, which nobody has to be woken for)
    1  attention: behind, held back, no link, copying, or whatever else stands in its conditions or alarms
    2  not safe, or not for long: failed, fenced, damaged, or something critical
    3  nobody answers who is a board
"""

import datetime
import json
import sys

from firmware.status import table
from firmware.status.screen import clean
from firmware.status.texts import known, page, say
from tools.api import Client
from tools.errors import BoardError

WELL, ATTENTION, NOT_SAFE, UNREACHED = 0, 1, 2, 3
GOOD_STATES, BAD_STATES = ("mirroring", "promoted"), ("failed", "fenced")
EVENTS = 10
_WIDTH = 80


def run(options) -> int:
    """Prints every board; the exit code of the worst one."""
    clients = [Client(address, pair=options.pair) for address in options.addresses]
    if options.watch:
        from tools import watch

        return watch.run(clients, options)
    return max([_show_board(client, options) for client in clients])


def _show_board(client: Client, options) -> int:
    def ask() -> dict:
        status = client.status(options.lang)
        if options.events:
            try:
                status["events"] = client.events(options.lang)[-EVENTS:]
            except (BoardError, KeyError, TypeError) as error:
                print("What happened cannot be shown: %s" % error, file=sys.stderr)
        return status

    return show(ask, client.address, options.json)


def show(ask, address: str, as_json: bool) -> int:
    """Prints what `ask()`, a status or a BoardError, says of the board at `address`; the exit code."""
    try:
        status = ask()
        text = json.dumps(status) if as_json else describe(status)
        code = judge(status)
    except BoardError as error:
        print(error, file=sys.stderr)
        return UNREACHED
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        print("What answers at %s is not a board of this version." % address, file=sys.stderr)
        return UNREACHED
    print(text)
    return code


def judge(status: dict) -> int:
    """The exit code for a board that answers."""
    state, conditions = status["state"], status.get("conditions", ())
    mood = status.get("words", {}).get("mood")
    if state in BAD_STATES or mood == "bad" or any(each["level"] == "critical" for each in conditions):
        return NOT_SAFE
    if state not in GOOD_STATES or status.get("alarms"):
        return ATTENTION
    others = [each for each in conditions if (state, each["name"]) != ("promoted", "no_link")]
    return ATTENTION if others or (mood == "warn" and state != "promoted") else WELL


def describe(status: dict) -> str:
    """The status as lines of text."""
    if "words" not in status:
        return _describe_older(status)
    language, words = known(status["language"]), status["words"]
    status = dict(status, language=language)
    lines = ["%s: %s, %s" % (status["name"], words["verdict"], words["distance"]), words["sentence"]]
    lines += _table([table.board(status), *table.rows(status), *table.wrong(status)])
    if "events" in status:
        lines += ["", *happened(status["events"], language)]
    return "\n".join([clean(line) for line in lines])


def describe_past(status: dict, age_s: float) -> str:
    """The same of a board that is not heard any more: nothing in it may read as if it were of now."""
    language, words = known(status.get("language")), status.get("words")
    time = (datetime.datetime.now() - datetime.timedelta(seconds=age_s)).strftime("%H:%M:%S")
    as_of = page(language)["as.of"].replace("{time}", time)
    if words is None:
        return as_of + "\n" + _describe_older(status)
    status = dict(status, language=language)
    of_now = say(language, "row.loss"), say(language, "row.advice")
    rows = [row for row in [table.board(status), *table.rows(status), *table.wrong(status)] if row[0] not in of_now]
    lines = ["%s: %s" % (status["name"], say(language, "verdict.unknown"))]
    lines.append("%s %s, %s" % (as_of, words["verdict"], words["distance"]))
    return "\n".join([clean(line) for line in lines + _table(rows)])


def wrong(status: dict) -> "list[tuple[str, str]]":
    """(level, sentence) of all that is not as it should be."""
    return table.wrong(dict(status, language=known(status.get("language"))))


def _table(rows: "list[tuple[str, str]]") -> "list[str]":
    column = max(len(word) for word, _ in rows) + 2
    return [line for word, value in rows for line in _wrapped("  " + word + " " * (column - len(word)), value)]


def happened(events: list, language: str) -> "list[str]":
    """What happened, as lines under a title; times are those of this computer."""
    texts = page(language)
    if not events:
        return [texts["events.title"], "  " + texts["events.none"]]
    return [texts["events.title"], *[line for each in events for line in event(each, language)]]


def event(each: dict, language: str) -> "list[str]":
    """One event, as lines."""
    time, text = moment(each, language)
    return _wrapped("  %s  " % time, text)


def moment(each: dict, language: str) -> "tuple[str, str]":
    """When, and what happened then."""
    texts, more = page(language), each.get("more", 0)
    time = datetime.datetime.fromtimestamp(each["ms"] / 1000).strftime("%Y-%m-%d %H:%M:%S")
    text = str(each["sentence"])
    if more:
        text += " " + texts["events.more.one" if more == 1 else "events.more.other"].replace("{n}", "%d" % more)
    if each.get("sure") is False:
        text += " (%s)" % texts["events.unsure"]
    return time, text


def said_by(name: str, sentence: str) -> str:
    """The sentence with the name of its board, once."""
    return sentence if sentence.startswith(name + " ") else "%s: %s" % (name, sentence)


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
