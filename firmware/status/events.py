"""What happened on a board lately, in sentences, for its operator. In memory only, and bounded."""

MOST = 64
MAX_SENTENCE = 240  # characters; what others said (a peer, a system call) may be longer


class Events:
    """The last MOST things that happened; `wall_ms()` is the wall clock."""

    def __init__(self, wall_ms):
        self._wall_ms = wall_ms
        self._entries = []

    def note(self, sentence: str) -> None:
        """Something happened now."""
        self._entries.append((self._wall_ms(), sentence[:MAX_SENTENCE]))
        if len(self._entries) > MOST:
            self._entries.pop(0)

    def newest(self, count: int = MOST) -> list:
        """[(ms since 1970, sentence)], the newest last."""
        return self._entries[-count:] if count > 0 else []
