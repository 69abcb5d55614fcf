"""What became of the last update: kept over restarts for ourselves, and told to whoever shows it.

    stage         what is true                                          after a restart
    ""            no update yet
    installing    the bundle is here, the other slot is being written   begin again
    installed     the other slot is whole, the bundle is gone           ask for its trial
    armed         the next boot tries it                                it runs, or it was tried and is rolled back
    confirmed     it served its disk; it is booted from now on
    rolled back   it did not, and the old one runs
    refused       nothing was changed
"""

import json
import os
import stat

from board.files import write_whole
from board.update.places import Places

# stage -> state as the page shows it, of a stage that lasts
STATES = {"": "idle", "installing": "checking", "installed": "installing", "armed": "ready to restart",
          "confirmed": "confirmed", "rolled back": "rolled back", "refused": "refused"}  # fmt: skip


class Story:
    """`served`: whether the board served its disk when the update began. `attempts`: how often it began."""

    def __init__(self, stage: str = "", sentence: str = "", version: str = "", slot: str = "", attempts: int = 0,
                 served: bool = True, **newer):  # fmt: skip
        self.stage = stage if stage in STATES else ""
        self.sentence = sentence
        self.version = version
        self.slot = slot
        self.attempts = attempts
        self.served = served

    @classmethod
    def load(cls, places: Places) -> "Story":
        """What was kept; a damaged or missing file is no story."""
        try:
            with open(places.story, encoding="utf-8") as file:
                return cls(**json.load(file))
        except (OSError, ValueError, TypeError):
            return cls()

    def keep(self, places: Places):
        """Durably."""
        write_whole(places.story, json.dumps(vars(self)).encode())


class Report:
    """Tells /run: one small JSON object, replaced whole."""

    def __init__(self, places: Places, log=print):
        self._places = places
        self._log = log
        self._said = None

    def say(self, state: str, sentence: str, **more):
        """`state` as the interface lists them, `sentence` for a person."""
        places = self._places
        facts = {"state": state, "sentence": sentence, "version": places.running_version(), "slot": places.slot()}
        write_whole(places.report, json.dumps(facts | more).encode(), 0o644)
        if sentence != self._said:
            self._log("%s: %s" % (state, sentence))
        self._said = sentence

    def story(self, story: Story):
        """A stage that lasts."""
        self.say(STATES[story.stage], story.sentence or "no update was sent to this board")


class Serving:
    """Whether the firmware serves the disk, by the file that it touches while it does."""

    FRESH_S = 10

    def __init__(self, places: Places, now):
        self._path = places.serving
        self._now = now  # wall clock, that of files

    def facts(self) -> "dict | None":
        """What the firmware says, while it says it; None otherwise."""
        try:
            with open(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or abs(self._now() - status.st_mtime) > self.FRESH_S:
                    return None
                said = json.loads(file.read(4096))
        except (OSError, ValueError):
            return None
        return said if isinstance(said, dict) and said.get("serving") is True else None
