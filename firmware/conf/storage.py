"""Values of what the disk and the journal are like. Text in, value out, Refused with a clause otherwise."""

from firmware.errors import Refused
from firmware.quantity import is_digits, parse_size

MIN_DISK_SIZE = 64 << 10
MIN_JOURNAL_SIZE = 8 << 20


def disk_size(text: str) -> int:
    """In bytes, as all sizes."""
    return parse_size(text, MIN_DISK_SIZE)


def journal_size(text: str) -> int:
    """In bytes."""
    return parse_size(text, MIN_JOURNAL_SIZE)


def history_size(text: str) -> int:
    """In bytes."""
    if is_digits(text) and not text.strip("0"):
        return 0
    parse_size(text, 0)
    raise Refused("history is not built yet; write 0 or leave the line out")


def when_full(text: str) -> str:
    """What happens when the journal is full."""
    if text == "catch_up":
        raise Refused("catch_up is not built yet; write hold")
    if text != "hold":
        raise Refused("write hold")
    return text
