"""Brings what the sensors and the disk tell to a board, every ten seconds, by a lane: nobody waits for a sensor."""

import json
import os

from .sensors import Sensors
from .smart import FILE
from .verdict import NOTHING, verdict

EVERY_MS = 10000
_VOLTAGE_MS = 60000  # a supply that gave too little is not well the moment after
_MOST_FILE = 4 << 20
_LEAVE_S = 1  # a sensor that hangs does not hold up the end of the board


class Reader:
    """Worker of the lane: all that can be told, in the shape of the snapshot's `health`."""

    def __init__(self, disk: str, journal: str, root: str = "", number_of=None):
        self._sensors = Sensors(journal, root, number_of)
        self._disk = disk
        self._file = root + FILE
        self._seen = None
        self._said = NOTHING

    def read(self):
        """Ends with the dictionary."""
        told = self._sensors.read()
        ok, sentence = self._of_disk()
        return {
            "temperature_c": told["temperature_c"],
            "under_voltage": told["under_voltage"],
            "card": {"used_percent": told["card_percent"], "written_bytes": None},
            "disk": {"ok": ok, "sentence": sentence},
        }
        yield

    def _of_disk(self) -> tuple:
        """The file is looked at again only when it is another one."""
        try:
            stat = os.stat(self._file)
            seen = stat.st_ino, stat.st_mtime_ns
            if seen != self._seen:
                self._said = self._judged()
                self._seen = seen
        except OSError:
            self._seen, self._said = None, NOTHING
        return self._said

    def _judged(self) -> tuple:
        folder = self._sensors.whole_disk(self._disk)
        try:
            with open(self._file, "rb") as file:
                said = json.loads(file.read(_MOST_FILE))
            return verdict(said[os.path.basename(folder or "")]["answer"])
        except (KeyError, TypeError, ValueError):
            return NOTHING


class Health:
    """The surface: `board.health` from start() on. `lane` runs a Reader, `call_after(ms, call)` is a timer."""

    def __init__(self, board, lane, call_after):
        self._board = board
        self._lane = lane
        self._call_after = call_after
        self._low_ms = None  # when the voltage was too low last
        self._stopped = False

    def start(self) -> None:
        """Reads now, and again and again; never a second time while the first one waits."""
        if not self._stopped:
            self._lane.submit(self._told, "read")

    def stop(self) -> None:
        """The board stops; what was told last stays."""
        self._stopped = True

    def close(self) -> None:
        """Ends the thread."""
        self._lane.close(_LEAVE_S)

    def _told(self, health: dict, error) -> None:
        self._call_after(EVERY_MS, self.start)
        self._board.alarm("health", "" if error is None else "the sensors cannot be read (%s)" % error)
        if error is None:
            health["under_voltage"] = self._held(health["under_voltage"])
            self._board.health = health

    def _held(self, low: "bool | None") -> "bool | None":
        now_ms = self._board.clock.now_ms()
        if low:
            self._low_ms = now_ms
        if low is None or self._low_ms is None:
            return low
        return low or now_ms - self._low_ms < _VOLTAGE_MS
