"""On trial: keeps the new system when it has served its disk for a while, and restarts into the old one otherwise.

`python3 -m board.update.confirm` runs at every boot that is a trial. Whatever keeps it from its work is on the safe
side: the boot loader has already forgotten the trial, and every other way down ends in the old slot as well.
"""

import os
import subprocess
import sys
import time

from board.files import write_whole
from board.update.boot import Boot
from board.update.bootchoice import Choice
from board.update.install import KEPT, restart_board
from board.update.places import Places
from board.update.story import Report, Serving, Story

LIMIT_S, GOOD_S = 300, 20
TRYING = "version %s is on trial: it is kept when it has served its disk for %d seconds"


class Trial:
    """`serving()` and `alive()` say whether all is well now; clock in seconds, monotonic."""

    def __init__(self, places: Places, boot: Boot, report: Report, serving, alive, clock, pause):
        self._places, self._boot, self._report = places, boot, report
        self._serving, self._alive = serving, alive
        self._clock, self._pause = clock, pause

    def run(self) -> bool:
        """Whether the new system was kept; otherwise the board is to be restarted."""
        story = Story.load(self._places)
        self._report.say("trial", TRYING % (self._places.running_version(), GOOD_S))
        # A board that could not serve before, for a missing disk or so, is not asked to serve now.
        good = self._serving if story.served else self._alive
        if not self._good_for_long(good):
            return False
        self._boot.change(Choice.keep)
        write_whole(self._places.confirmed, b"")
        story.stage, story.sentence = "confirmed", KEPT % self._places.running_version()
        story.keep(self._places)
        self._report.story(story)
        return True

    def _good_for_long(self, good) -> bool:
        began = self._clock()
        since = None
        while self._clock() - began < LIMIT_S:
            now = self._clock()
            since = (since if since is not None else now) if good() else None
            if since is not None and now - since >= GOOD_S:
                return True
            self._pause(1)
        return False


class Unit:
    """Whether the firmware's unit is up, and has not been started again since we looked first."""

    def __init__(self, run=subprocess.run):
        self._run = run
        self._restarts = None

    def alive(self) -> bool:
        argv = ["systemctl", "show", "--property=ActiveState,NRestarts", "sosie.service"]
        said = dict(line.split("=", 1) for line in self._run(argv, capture_output=True, text=True).stdout.splitlines())
        before, self._restarts = self._restarts, said.get("NRestarts")
        return said.get("ActiveState") == "active" and before in (None, self._restarts)


def main() -> int:
    """Exit: 0 when it was kept; otherwise the restart is under way."""
    places = Places(os.environ.get("SOSIE_ROOT", ""))
    serving = Serving(places, time.time)
    try:
        kept = Trial(places, Boot(places), Report(places), lambda: serving.facts() is not None, Unit().alive,
                     time.monotonic, time.sleep).run()  # fmt: skip
    except Exception as error:
        print("sosie-confirm: %s" % error, file=sys.stderr)
        kept = False
    if not kept:
        print("sosie-confirm: the new system did not serve its disk; the old one is started", file=sys.stderr)
        restart_board()
    return 0


if __name__ == "__main__":
    sys.exit(main())
