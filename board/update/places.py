"""Every path that updates touch, behind one root that tests replace."""

import json
import os
import shutil


class Places:
    """`root` is "" on a board."""

    def __init__(self, root: str = ""):
        self.root = root
        self.code = root + "/usr/lib/sosie"
        self.version = self.code + "/version"
        self.model = self.code + "/model"
        self.card = root + "/card"  # the first partition, read-only until somebody writes
        self.grubenv = self.card + "/grub/grubenv"
        # Whoever serves the page may put things here, and only here.
        self.inbox = root + "/state/update"
        self.received = self.inbox + "/bundle.raucb"
        self.restart = self.inbox + "/restart"
        # Only root comes here: what was checked is what is installed.
        self.work = root + "/state/updater"
        self.bundle = self.work + "/bundle.raucb"
        self.story = self.work + "/story.json"
        self.rauc = self.work + "/rauc"
        self.certificate = self.work + "/update.crt"  # whoever can replace it can put any system here
        self.run = root + "/run/sosie"
        self.report = self.run + "/update.json"
        self.card_facts = self.run + "/card.json"
        self.serving = self.run + "/board/serving"
        self.confirmed = self.run + "/confirmed"
        self.command_line = root + "/proc/cmdline"
        self.scratch = root + "/run/sosie-update"
        self.system_conf = self.scratch + "/system.conf"

    def running_version(self) -> str:
        """Of the system that runs."""
        return _line(self.version)

    def running_model(self) -> str:
        """The kind of board that the system was made for."""
        return _line(self.model)

    def slot(self) -> str:
        """The slot that runs: A or B."""
        return self._facts()["slot"]

    def tried(self) -> bool:
        """Whether the boot loader booted this slot as a trial."""
        return "sosie.trial=1" in _line(self.command_line).split()

    def slot_device(self, slot: str) -> str:
        """The partition of a slot: A is the second of the card, B the third."""
        return self._facts()["parts"]["2" if slot == "A" else "3"]

    def _facts(self) -> dict:
        with open(self.card_facts, encoding="utf-8") as file:
            return json.load(file)


def remove(path: str):
    """Removes a file that may not be there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def discard(path: str):
    """Removes whatever lies there."""
    try:
        remove(path)
    except (IsADirectoryError, PermissionError):
        shutil.rmtree(path)


def _line(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
