"""sosie.conf as it is laid on the card: the commented template with the lines of one board filled in, and judged."""

import re
from pathlib import Path

from board import settings
from firmware.errors import Refused

CARD = Path(__file__).parent / "card"
# In front of everything on a card of --onto.
ONTO_NOTE = """\
# This board lives on a system that has settings of its own: the lines for the network and the time have no effect here.

"""
COMMENT_COLUMN = 36
_LINE = re.compile(r"#?([a-z_]+) = (.*?)(\s+# .*)?")


def template() -> str:
    """sosie.conf for any board: every line there is, each with its meaning, none in force."""
    return (CARD / "sosie.conf").read_text()


def readme() -> bytes:
    """README.txt beside it."""
    return (CARD / "README.txt").read_bytes()


def keys() -> "list[str]":
    """What may be set, in the template's order."""
    return [found[1] for line in template().splitlines() if (found := _LINE.fullmatch(line))]


def render(values: "dict[str, str]", note: str = "") -> bytes:
    """The template with `values` in force, `note` in front; raises Refused when the board would not take them."""
    for key, value in values.items():
        _check_writable(key, value)
    lines = []
    for line in template().splitlines():
        found = _LINE.fullmatch(line)
        lines.append(_line(found[1], values[found[1]], found[3]) if found and found[1] in values else line)
    text = (note + "\n".join(lines + [""])).encode()
    # A primary's twin may have no address yet: that line can be written later, the others are judged.
    later = b"peer = 192.0.2.1:7411\n" if not {"peer", "listen"} & set(values) else b""
    settings.check(text + later)
    return text


def _check_writable(key: str, value: str) -> None:
    """A line cannot say everything: neither space at its ends nor what looks like a comment."""
    option = "--" + key.replace("_", "-")
    if not value or value != value.strip() or not value.isprintable():
        raise Refused("%s is empty, or has white space at an end, or control characters; write it without" % option)
    if value.startswith("#") or " #" in value:
        raise Refused("%s has a # behind a space, which begins a comment in sosie.conf; choose another" % option)


def _line(key: str, value: str, comment: "str | None") -> str:
    text = "%s = %s" % (key, value)
    return "%-*s%s" % (COMMENT_COLUMN, text, " " * (len(text) >= COMMENT_COLUMN) + comment.strip()) if comment else text
