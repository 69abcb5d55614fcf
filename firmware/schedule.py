"""A rate by the clock: `2M mon-fri 08:00-19:00, 500K 19:00-23:00, 0`. The first entry that names a time counts there.

An entry is a rate and, where it does not hold at all times, days, hours or both. Hours that go over midnight belong to
the day on which they begin. Together the entries name every minute of the week, and each names one that no entry
before it does: whatever else somebody wrote, it is not what they meant.
"""

from firmware.errors import Refused
from firmware.quantity import is_digits, parse_rate

DAY, WEEK = 1440, 10080  # minutes
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_ENTRIES = 20
_HOW = "write for example 2M 08:00-19:00, 0 or 2M mon-fri 08:00-19:00, 0"


class Schedule:
    """Bits per second, 0 for no cap, for each minute of the week from Monday 00:00 on. `text`: as it was written.

    `steps`: (first minute, rate) in order, the first one at 0.
    """

    def __init__(self, steps: list, text: str):
        self.steps = steps
        self.text = text

    @property
    def constant(self) -> bool:
        """Whether it is the same rate at all times."""
        return len(self.steps) == 1

    @property
    def strictest(self) -> int:
        """What holds while nobody knows the time."""
        caps = [rate for _, rate in self.steps if rate]
        return min(caps) if caps else 0

    def rate_at(self, minute: int) -> int:
        """`minute` of the week."""
        found = 0
        for first, rate in self.steps:
            if first > minute:
                break
            found = rate
        return found


def always(rate: int) -> Schedule:
    """The same rate at all times."""
    return Schedule([(0, rate)], str(rate))


def parse(text: str) -> Schedule:
    """Raises Refused with a clause."""
    entries = text.split(",")
    if len(entries) > _MOST_ENTRIES:
        raise Refused("a rate has at most %d entries; write fewer" % _MOST_ENTRIES)
    week = [None] * WEEK
    for entry in entries:
        _fill(week, entry.strip(" \t"))
    if None in week:
        minute = week.index(None)
        when = "%s %02d:%02d" % (_DAYS[minute // DAY], minute % DAY // 60, minute % 60)
        raise Refused("no entry names %s; add one for all other times, for example 0 for no cap" % when)
    steps = [(minute, rate) for minute, rate in enumerate(week) if not minute or rate != week[minute - 1]]
    return Schedule(steps, text)


def _fill(week: list, entry: str) -> None:
    words = entry.split()
    if not words:
        raise Refused("there is an empty entry; " + _HOW)
    rate, ranges = parse_rate(words[0]), _ranges(words[1:])
    names_one = False
    for first, length in ranges:
        for minute in range(first, first + length):
            if week[minute % WEEK] is None:
                week[minute % WEEK] = rate
                names_one = True
    if not names_one:
        raise Refused("%s never counts: entries before it name all its times; delete it, or put it first" % entry[:40])


def _ranges(words: list) -> list:
    """(first minute of the week, minutes) of what the words behind a rate name."""
    days, hours = range(7), (0, DAY)
    if words and words[0][0] not in "0123456789":
        days = _days(words.pop(0))
    if words:
        hours = _hours(words.pop(0))
    if words:
        raise Refused("%s is too much for one entry; %s" % (words[0][:40], _HOW))
    begin, end = hours
    return [(day * DAY + begin, end - begin if begin < end else end + DAY - begin) for day in days]


def _days(word: str) -> list:
    first, dash, last = word.lower().partition("-")
    if first not in _DAYS or (last if dash else first) not in _DAYS:
        raise Refused("%s is no day; write mon, tue, wed, thu, fri, sat, sun, or for example mon-fri" % word[:40])
    begin, end = _DAYS.index(first), _DAYS.index(last if dash else first)
    return [day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)]


def _hours(word: str) -> tuple:
    first, dash, last = word.partition("-")
    begin, end = _minute(first), _minute(last)
    if not dash or begin is None or end is None or begin == DAY:
        raise Refused("%s are no hours; write them with four digits each, for example 08:00-19:00" % word[:40])
    if begin == end:
        raise Refused("%s begins when it ends; leave the hours out for all day" % word[:40])
    return begin, end


def _minute(text: str) -> "int | None":
    """Of the day; None when this is no time."""
    if len(text) != 5 or text[2] != ":" or not is_digits(text[:2] + text[3:]):
        return None
    minute = int(text[:2]) * 60 + int(text[3:])
    return minute if int(text[3:]) < 60 and minute <= DAY else None
