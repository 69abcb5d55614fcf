"""Notices that a card or a disk was taken out while nobody happens to write to it."""

LOOK_EVERY_MS = 2000
_GONE = "it was taken out, or its slot lost it"


class Presence:
    """Looks after `media`, (storage, its name in the operator's words) each, of a board that runs from start() on.

    A medium that is put back is another one to the system, so this is a failure of storage like any other, with the
    same cure: put it back and restart the board.
    """

    def __init__(self, board, media: list, call_after):
        self._board = board
        self._media = media
        self._call_after = call_after

    def start(self) -> None:
        """Looks now, and again and again."""
        for storage, medium in self._media:
            if not self._board.failed and not storage.present:
                self._board.fail(_GONE, medium)
        self._call_after(LOOK_EVERY_MS, self.start)
