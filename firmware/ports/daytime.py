"""Local time: the system's time zone (TZ, /etc/localtime), with summer time."""

from .runtime import system


def local_minute(wall_ms: int) -> int:
    """Minutes from 1970-01-01 00:00 on, as a calendar and a clock on the wall here show them at `wall_ms`."""
    year, month, day, hour, minute = system.localtime(wall_ms // 1000)[:5]
    return (days(year, month, day) * 24 + hour) * 60 + minute


def days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar. The year begins in March here: its odd day is its last."""
    if month < 3:
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469
