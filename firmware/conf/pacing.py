"""Values of how fast it goes, besides firmware/schedule.py. Text in, value out, Refused with a clause otherwise."""

from firmware.quantity import parse_duration, parse_size, parse_span

MIN_QUOTA = 16 << 20  # a day's heartbeats take some of it, and one group is up to 4 MiB


def quota(text: str) -> int:
    """In bytes a day; 0: none."""
    return 0 if text == "0" else parse_size(text, MIN_QUOTA)


def rpo(text: str) -> "int | None":
    """In seconds; None: none."""
    return None if text == "0" else parse_span(text, 1, 30 * 86400)


def max_age(text: str) -> int:
    """In milliseconds."""
    return parse_duration(text, 1, 60000)
