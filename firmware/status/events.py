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


class Hosts:
    """Counts who has the disk, however many connections they have; tells of the first to come and the last to leave."""

    def __init__(self, note):
        self._note = note
        self._counts = {}

    def came(self, way: str) -> None:
        """A host has the disk now; `way` says how, for a reader."""
        self._counts[way] = self._counts.get(way, 0) + 1
        if self._counts[way] == 1:
            self._note("a host has the disk (%s)" % way)

    def left(self, way: str) -> None:
        """It has let go of it."""
        self._counts[way] -= 1
        if not self._counts[way]:
            self._note("no host has the disk any more (%s)" % way)
