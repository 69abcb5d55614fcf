"""Sizes, times and counts in a language, as they stand in the middle of a sentence."""

from firmware.status.texts import module, say

_UNITS = (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def size(language: str, count: int) -> str:
    """Bytes: "0 bytes", "12 KiB", "9.4 MiB"."""
    if count < 1024:
        return say(language, "bytes", count)
    name, scale = _UNITS[0]
    for unit in _UNITS:
        if count >= unit[1]:
            name, scale = unit
    return say(language, name, _number(language, count / scale))


def rate(language: str, bits_per_s: int) -> str:
    """Bits per second, as links are sold: "2 Mbit/s"."""
    if bits_per_s < 1000000:
        return say(language, "kbit", _number(language, bits_per_s / 1000))
    return say(language, "Mbit", _number(language, bits_per_s / 1000000))


def duration(language: str, seconds: float) -> str:
    """"0.4 s", "12 s", "3 min", "2 h 10 min", "3 days 4 h". What took next to no time took a tenth of a second."""
    if seconds < 2 * _MINUTE:
        return say(language, "seconds", _number(language, max(seconds, 0.1)))
    whole = int(seconds)
    if whole < 2 * _HOUR:
        return say(language, "minutes", whole // _MINUTE)
    if whole < 2 * _DAY:
        return _pair(language, "hours", "hours_minutes", whole // _HOUR, whole % _HOUR // _MINUTE)
    hours = whole % _DAY // _HOUR if whole < 7 * _DAY else 0
    return _pair(language, "days", "days_hours", whole // _DAY, hours)


def span(language: str, seconds: int) -> str:
    """A target as its owner wrote it: "15 min", "2 h", "1 day"."""
    for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if seconds >= unit and seconds % unit == 0:
            count = seconds // unit
            return say(language, "day" if name == "days" and count == 1 else name, count)
    return duration(language, seconds)


def _pair(language: str, alone: str, both: str, large: int, small: int) -> str:
    return say(language, both, large, small) if small else say(language, alone, large)


def groups(language: str, count: int) -> str:
    """"1 group of writes", "3 groups of writes"."""
    return say(language, "group" if module(language).is_one(count) else "groups", count)


def word(language: str, prefix: str, name: str) -> str:
    """A word of a table, as "state." + "no link"; another version's words stay as they are."""
    return module(language).WORDS.get(prefix + name, name)


def _number(language: str, value: float) -> str:
    """With a decimal where that says something."""
    tenths = int(value * 10 + 0.5)
    if tenths % 10 == 0 or tenths >= 100:
        return "%d" % int(value + 0.5)
    return ("%d.%d" % (tenths // 10, tenths % 10)).replace(".", say(language, "point"))


def percent(part: int, whole: int) -> int:
    """How much of it is done; never 100 of what is not complete."""
    return min(99, part * 100 // whole) if whole else 0
