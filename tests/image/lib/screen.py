"""What a terminal shows that was connected to a serial line all along."""

import pyte

_COLUMNS, _LINES = 80, 25


class Terminal:
    """It is fed what comes."""

    def __init__(self):
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, said: bytes) -> str:
        """What it shows then, as one line, so that a sentence is found wherever the screen breaks it."""
        self._stream.feed(said)
        return " ".join(" ".join(self._screen.display).split())
