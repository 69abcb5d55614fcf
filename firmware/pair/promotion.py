"""Promotion: a twin fixes its log, takes the next generation, plays what it holds and serves.

| step  | ends when                                      | a power cut here comes up as            |
|-------|------------------------------------------------|-----------------------------------------|
| DRAIN | every group received is durable, link closed   | the twin it was                         |
| SAVE  | role, generation and fork are durable          | the twin, or the promoted board         |
| PLAY  | the last group is on the disk                  | the promoted board, playing the rest    |
"""

from firmware.errors import Refused
from firmware.pair.identity import NO_PAIR, PRIMARY, TWIN

DRAIN, SAVE, PLAY = "drain", "save", "play"


class Promotion:
    """One promotion of `board`, which calls `advance()` whenever something moved on."""

    def __init__(self, board, done):
        self._board = board
        self._done = done
        self._step = DRAIN

    def begin(self, force: bool) -> None:
        """Refuses, or drops the link and goes on."""
        refusal = self._refusal(force)
        if refusal:
            self._end(None, Refused(refusal))
            return
        self._board.peer.drop_link()
        self._board.journal.forget_received()
        self.advance()

    def _refusal(self, force: bool) -> str:
        mine = self._board.identity
        if mine.role != TWIN:
            return "%s is no twin; only a twin can be promoted" % mine.name
        if mine.pair_id == NO_PAIR:
            return "%s has never met a primary and holds nothing to serve" % mine.name
        if self._board.failed:
            return "%s failed and cannot be promoted; see its alarms" % mine.name
        if not force:
            return (
                "promoting %s fences the other board for good and loses what it has not sent; "
                "say force to do it" % mine.name
            )
        if not mine.whole:
            return (
                "%s holds only a part of the disk yet: the first copy is at %d %%; it cannot be promoted"
                % (mine.name, mine.copied * 100 // mine.disk_size)
            )
        return ""

    def advance(self) -> None:
        """Goes as far as it can now."""
        board = self._board
        if self._step == DRAIN and board.journal.drained:
            self._step = SAVE
            board.peer.mute = True  # the other board would be fenced by a generation that a power cut takes back
            self._take_over()
            board.journal.save(self._saved)
        if self._step == PLAY and board.playback.point.number >= board.identity.fork_number:
            self._end(self._report(), None)

    def _take_over(self) -> None:
        mine, journal = self._board.identity, self._board.journal
        mine.role = PRIMARY
        mine.generation += 1
        mine.fork_number, mine.fork_chain = journal.head.number, journal.head.chain
        journal.generation = mine.generation
        journal.acked = journal.head

    def _saved(self, error) -> None:
        if error is None:  # else the journal has told the board, and the board us
            self._step = PLAY
            self._board.peer.mute = False
            self.advance()

    def fail(self) -> None:
        """Storage failed on the way."""
        self._end(None, Refused("%s failed while it was promoted; see its alarms" % self._board.identity.name))

    def _report(self) -> dict:
        mine, written = self._board.identity, self._board.peer.written
        return {
            "generation": mine.generation,
            "group": mine.fork_number,
            "missing_groups": max(0, written - mine.fork_number),
        }

    def _end(self, report, error) -> None:
        self._board.promoted()
        self._done(report, error)
