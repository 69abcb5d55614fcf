"""Keeps a primary connected to its peer."""

from firmware.link.backoff import Backoff

_LOOK_AGAIN_MS = 1000


class Dialer:
    """Dials while `board.dials` and there is no link, with growing pauses.

    `dial(make_conversation, on_failed)` opens one connection, `call_after(ms, call)` is a timer,
    `random()` a float from 0 up to 1, `ready()` whether there is anybody to dial.
    """

    def __init__(self, board, dial, call_after, random, ready=None):
        self._board = board
        self._dial = dial
        self._call_after = call_after
        self._ready = ready
        self._backoff = Backoff(random)
        self._link = None
        board.peer.on_parted = self._parted

    def start(self) -> None:
        """Dials, or looks again later whether it should: roles change while a board runs."""
        if self._board.dials and self._board.peer.link is None and (self._ready is None or self._ready()):
            self._dial(self._new_link, self._failed)
        else:
            self._call_after(_LOOK_AGAIN_MS, self.start)

    def _new_link(self):
        self._link = self._board.peer.new_link()
        return self._link

    def _failed(self, error) -> None:
        self._call_after(self._backoff.next_ms(), self.start)

    def _parted(self, link) -> None:
        if link is not self._link:
            return
        self._link = None
        if link.peer is not None and not link.refusal:
            self._backoff.reset()
        self._call_after(self._backoff.next_ms(), self.start)
