"""The snapshot for all who only show it: made once for those who ask at about the same time.

It takes a small board milliseconds, in which a host's command waits. Who acts upon it, or was asked for what is true
now, takes snapshot() itself.
"""

from firmware.status import texts
from firmware.status.snapshot import snapshot

HELD_MS = 500


class Shown:
    """Of `board`; `now_ms()` is a clock that never steps. What get() gives belongs to all: nobody changes it."""

    def __init__(self, board, now_ms, make=snapshot):
        self._board = board
        self._now_ms = now_ms
        self._make = make
        self._made = {}  # language, None: the board's own -> (when, snapshot)

    def get(self, language: "str | None" = None) -> dict:
        """At most HELD_MS old; languages as in snapshot()."""
        now_ms, language = self._now_ms(), language if language in texts.LANGUAGES else None
        made_ms, made = self._made.get(language, (None, None))
        if made_ms is None or not 0 <= now_ms - made_ms < HELD_MS:
            made = self._make(self._board, language)
            self._made[language] = self._made[made["language"]] = (now_ms, made)
        return made
