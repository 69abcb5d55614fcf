"""What the lane of the chronicle does: everything that touches its file."""

from firmware.status.chronicle.chronicle import HOUR, WEEK
from firmware.status.chronicle.keeper import Keeper
from firmware.status.chronicle.layout import MINUTES, SAMPLES, SECONDS
from firmware.status.chronicle.recall import recall
from firmware.status.chronicle.series import Series


class Memory:
    """What earlier runs noted: `seconds`, `minutes` (Series), and the rest as a `recollection` (recall.py)."""

    def __init__(self):
        self.seconds = Series(SECONDS, HOUR + SAMPLES)
        self.minutes = Series(MINUTES, WEEK + SAMPLES)
        self.recollection = None


class Archive:
    """The worker; its operations are generators. `open_storage`: keeper.py."""

    def __init__(self, open_storage):
        self._keeper = Keeper(open_storage)

    def read(self, fresh: bool):
        """Opens the file; returns (its Memory when that is wanted (`fresh`), else None; whether it is blank). Raises
        Refused and OSError."""
        found = yield from self._keeper.read()
        if not fresh:
            return None, not found.pages
        memory = Memory()
        memory.recollection = yield from recall(found, memory.seconds, memory.minutes)
        return memory, not found.pages

    def write(self, pages: list):
        """Puts pages on the card, durably. Raises Gone (keeper.py) and OSError."""
        return (yield from self._keeper.write(pages))

    def close(self):
        """Lets go of the file."""
        yield from self._keeper.close()
