"""The wall clock in figures, in UTC: a board knows no other time for certain."""

from firmware.status.screen import date

_DAY_MS = 86400000


def text(ms: int) -> str:
    """"2026-11-23 00:20 UTC"."""
    minute = ms % _DAY_MS // 60000
    return "%s %02d:%02d UTC" % (date(ms // _DAY_MS), minute // 60, minute % 60)


def stamp(ms: int) -> str:
    """"2026-11-23T00:20:56.123Z" (RFC 3339)."""
    second = ms % _DAY_MS // 1000
    figures = (date(ms // _DAY_MS), second // 3600, second // 60 % 60, second % 60, ms % 1000)
    return "%sT%02d:%02d:%02d.%03dZ" % figures
