"""What a terminal shows that was connected to a serial line all along."""

import pyte

_COLUMNS, _LINES = 80, 25


def last_screen(said: bytes) -> str:
    """As one line, so that a sentence is found wherever the screen breaks it."""
    screen = pyte.Screen(_COLUMNS, _LINES)
    pyte.ByteStream(screen).feed(said)
    return " ".join(" ".join(screen.display).split())
