"""What the series are made of, looked up at a board."""

from firmware.pair.identity import PRIMARY


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
        self._doubted = 0  # groups up to this one carry times of a clock that was wrong

    def stepped(self) -> None:
        """The wall clock was moved."""
        self._doubted = self._board.facts()["written"]

    def look(self) -> Look:
        board, facts = self._board, self._board.facts()
        backlog, lag_ms = self._first(facts) if board.identity.role == PRIMARY else self._told(facts)
        return Look(backlog, lag_ms, facts["host"]["write_bytes"], facts["sent_bytes"], facts["journal_written"])

    def _first(self, facts: dict) -> tuple:
        if facts["oldest_ms"] is None:
            return facts["backlog_bytes"], 0
        lag_ms = max(0, facts["now_ms"] - facts["oldest_ms"])
        return facts["backlog_bytes"], lag_ms if self._knows_age(facts) else None

    def _knows_age(self, facts: dict) -> bool:
        oldest = facts["acked"] + 1
        if oldest <= self._board.first_number:  # of an earlier life, which had the time
            return facts["clock_set"] is not False
        return oldest > self._doubted

    def _told(self, facts: dict) -> tuple:
        """A twin knows what its primary says."""
        other = facts["other"]
        backlog = other.get("backlog") if other else None
        if not backlog or backlog.get("bytes") is None or backlog.get("seconds") is None:
            return None, None
        return backlog["bytes"], int(backlog["seconds"] * 1000)
