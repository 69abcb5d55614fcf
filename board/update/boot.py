"""The boot choice on the card: read, changed, written back. The first partition is writable only meanwhile."""

import contextlib
import subprocess

from board.update import grubenv
from board.update.bootchoice import Choice
from board.update.places import Places


class Boot:
    """`remount(options)` makes the card's first partition "rw" or "ro"."""

    def __init__(self, places: Places, remount=None):
        self._places = places
        self._remount = remount or self._mount_again

    def read(self) -> Choice:
        """What is booted next."""
        return Choice(grubenv.read(self._places.grubenv), self._places.slot(), self._places.tried())

    def change(self, action, *args):
        """Does `action(choice, *args)`, for instance `Choice.try_once, "B"`, durably; returns the new choice."""
        choice = self.read()
        before = choice.variables
        action(choice, *args)
        if list(choice.variables.items()) != list(before.items()):
            with self._writable():
                grubenv.write(self._places.grubenv, choice.variables)
        return choice

    @contextlib.contextmanager
    def _writable(self):
        self._remount("rw")
        try:
            yield
        finally:
            self._remount("ro")

    def _mount_again(self, how: str):
        run = subprocess.run(["mount", "-o", "remount,%s" % how, self._places.card], capture_output=True, text=True)
        if run.returncode != 0:
            raise OSError("the card's first partition cannot be made %s: %s" % (how, run.stderr.strip()))
