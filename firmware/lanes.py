"""Where a board's storage work runs."""


class Lanes:
    """The lanes of a board and what their workers are: `journal` Scribe, `player` Player,
    `sync` Syncer, `read` Reader, `link` Compressor."""

    def __init__(self, journal, player, sync, read, link):
        self.journal = journal
        self.player = player
        self.sync = sync
        self.read = read
        self.link = link

    def close(self) -> None:
        """Ends them, when the board has stopped."""
        for lane in (self.player, self.journal, self.sync, self.read, self.link):
            lane.close()
