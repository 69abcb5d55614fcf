"""Sizes, rates and durations as a person writes them, sizes also as a person reads them.

Every parser takes text without surrounding space and raises `Refused` with the clause that says what
is wrong and what to write; the caller says where it stood.
"""

from firmware.errors import Refused

SECTOR = 512
MAX_SIZE = 1 << 50  # 1024T: no disk that a board can carry is near it
MAX_RATE = 10**12

_DIGITS = "0123456789"
_MAX_DIGITS = 20  # before int(): thousands of digits cost seconds, or an error of another class
_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_RATES = {"K": 10**3, "M": 10**6, "G": 10**9}
_DURATIONS = {"s": 1000, "ms": 1}
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def is_digits(text: str) -> bool:
    """Whether text is one or more ASCII digits; str.isdigit() also takes digits that int() does not."""
    for character in text:
        if character not in _DIGITS:
            return False
    return bool(text)


def _split(text: str) -> tuple:
    """("12", "M") of "12M"; the digits are empty when there are none in front."""
    for place, character in enumerate(text):
        if character not in _DIGITS:
            return text[:place], text[place:]
    return text, ""


def _scaled(text: str, units: dict, what: str) -> tuple:
    """(number, had a unit): the digits times what their unit stands for."""
    digits, unit = _split(text)
    if not digits or (unit and unit not in units):
        raise Refused("this is not " + what)
    if len(digits) > _MAX_DIGITS:
        raise Refused("this number is absurdly large; write " + what)
    return int(digits) * units.get(unit, 1), bool(unit)


def parse_size(text: str, least: int, bare_least: int = 1 << 20) -> int:
    """Bytes of "512M". A number without a unit is in bytes, and a small one is taken for a forgotten unit."""
    size, has_unit = _scaled(text, _SIZES, "a size: digits, then one of K M G T (powers of 1024), for example 1G")
    if not has_unit and size < bare_least:
        raise Refused("the unit is missing; write one of K M G T behind the number, for example 64M")
    if size < least:
        raise Refused("this is too small; write at least %s" % size_text(least))
    if size > MAX_SIZE:
        raise Refused("this is absurdly large; write at most %s" % size_text(MAX_SIZE))
    if size % SECTOR:
        raise Refused("a size is a multiple of %d bytes; write %d" % (SECTOR, size - size % SECTOR))
    return size


def parse_rate(text: str) -> int:
    """Bits per second of "2M" (powers of 1000, as links are sold); 0 is no cap."""
    rate, has_unit = _scaled(text, _RATES, "a rate: digits, then one of K M G (bits per second), for example 2M, or 0")
    if rate and not has_unit and rate < 1000:
        raise Refused("the unit is missing; write one of K M G behind the number, for example %dM" % rate)
    if 0 < rate < 1000:
        raise Refused("this is too slow to mirror anything; write at least 1K")
    if rate > MAX_RATE:
        raise Refused("this is absurdly fast; write 0 for no cap")
    return rate


def parse_duration(text: str, least_ms: int, most_ms: int) -> int:
    """Milliseconds of "500ms" or "1s"."""
    duration, has_unit = _scaled(text, _DURATIONS, "a duration: digits, then s or ms, for example 1s")
    if not has_unit:
        raise Refused("the unit is missing; write s or ms behind the number, for example 1s")
    if not least_ms <= duration <= most_ms:
        raise Refused("this must lie between %dms and %ds; write for example 1s" % (least_ms, most_ms // 1000))
    return duration


def parse_span(text: str, least_s: int, most_s: int) -> int:
    """Seconds of "30s", "15m", "2h" or "1d"."""
    span, has_unit = _scaled(text, _SPANS, "a time: digits, then one of s m h d, for example 15m")
    if not has_unit:
        raise Refused("the unit is missing; write one of s m h d behind the number, for example 15m")
    if not least_s <= span <= most_s:
        raise Refused("this must lie between %ds and %dd; write for example 15m" % (least_s, most_s // 86400))
    return span


def size_text(size: int) -> str:
    """A size for a person's eye: "512 bytes", "1.5G"; exact multiples carry no decimals."""
    unit, scale = "", 1
    for name in "KMGT":
        if size < _SIZES[name]:
            break
        unit, scale = name, _SIZES[name]
    if not unit:
        return "%d bytes" % size
    if size % scale == 0:
        return "%d%s" % (size // scale, unit)
    return "%.1f%s" % (size / scale, unit)
