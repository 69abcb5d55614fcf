"""What a board looks at of itself every few seconds, so that its snapshot can tell of the last minutes, and since when
its conditions hold, whoever looks at it or not."""

from firmware.status.facts import look_at_growth
from firmware.status.forecast import EVERY_MS


class Pulse:
    """Beats from start() on. `call_after(ms, call)` is a timer, `show()` makes the snapshot."""

    def __init__(self, board, call_after, show):
        self._board = board
        self._call_after = call_after
        self._show = show
        self._stopped = False

    def start(self) -> None:
        """Looks now, and again and again."""
        if not self._stopped:
            self._call_after(EVERY_MS, self.start)
            look_at_growth(self._board)
            self._show()  # which dates the conditions

    def stop(self) -> None:
        """The board stops; the figures stay as they are."""
        self._stopped = True
