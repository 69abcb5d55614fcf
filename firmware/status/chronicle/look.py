"""What the series are made of, looked up at a board."""

from firmware.pair.identity import PRIMARY
from firmware.status.case import is_fresh
from firmware.status.lag import lag_s


class Look:
    """A board at a moment: `backlog` in bytes and `lag_ms`, None where it cannot know; what hosts wrote, what was
    sent and what was journaled since it started, in bytes."""

    def __init__(self, backlog, lag_ms, written, sent, journaled):
        self.backlog = backlog
        self.lag_ms = lag_ms
        self.written = written
        self.sent = sent
        self.journaled = journaled


class Looker:
    """Looks at `board` once a second."""

    def __init__(self, board):
        self._board = board

    def look(self) -> Look:
        board, facts = self._board, self._board.facts()
        backlog, lag_ms = self._first(facts) if board.identity.role == PRIMARY else self._told(facts)
        return Look(backlog, lag_ms, facts["host"]["write_bytes"], facts["sent_bytes"], facts["journal_written"])

    def _first(self, facts: dict) -> tuple:
        age_s = lag_s(facts)
        return facts["backlog_bytes"], None if age_s is None else int(age_s * 1000)

    def _told(self, facts: dict) -> tuple:
        """A twin knows what its primary says, for as long as that is of now."""
        other = facts["other"]
        backlog = other.get("backlog") if is_fresh(other) else None
        if not backlog:
            return None, None
        seconds = backlog.get("seconds")
        return backlog.get("bytes"), None if seconds is None else int(seconds * 1000)
