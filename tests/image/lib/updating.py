"""What an operator does with updates over the page, and ways to stop it."""

import io
import json

from tests.image.lib.board import Board
from tests.process.boards import wait_until
from tools.api import Client
from tools.errors import BoardError

INSTALL_LIMIT_S = 600.0  # emulated, beside other tests; a minute or two where nothing else runs


def send(client: Client, bundle) -> None:
    with open(bundle, "rb") as file:
        client.send_update(file, bundle.stat().st_size)


class CutShort(io.FileIO):
    """A file that calls `act()` when it is read beyond `place`."""

    def __init__(self, path, place: int, act):
        super().__init__(path)
        self._place, self._act = place, act

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        if self._act and self.tell() > self._place:
            self._act()
            self._act = None
        return data


def wait_for(client: Client, board: Board, *states: str, limit_s=INSTALL_LIMIT_S) -> dict:
    """The report, as soon as its state is one of these."""
    last: list = [None]

    def attempt():
        assert board.machine.running, board.says()
        try:
            last[0] = client.update_state()
        except BoardError:
            return None
        return last[0] if last[0]["state"] in states else None

    try:
        return wait_until("", attempt, limit_s, 0.5)
    except AssertionError:
        raise AssertionError("%s was not reached, but %s; serial port:\n%s" % (states, last[0], board.says())) from None


def arm(board: Board, slot: str, version: str) -> None:
    """Ready for a trial, as the installer leaves it, but for the minutes that the writing takes; switched off."""
    story = {"stage": "armed", "version": version, "slot": slot}
    board.shell.put("/state/updater/story.json", json.dumps(story).encode())
    board.shell.run("sync")
    board.cut()
    board.card.set_boot_variables(trial=slot)
