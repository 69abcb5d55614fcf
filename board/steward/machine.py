"""The machine as the steward sees it: every path below a root that tests replace."""

import json
import os


class Machine:
    """`root`: put in front of every path; "" is the machine itself."""

    def __init__(self, root: str = ""):
        self.sys = root + "/sys"
        self.dev = root + "/dev"
        self.udev = root + "/run/udev"
        self.settings = root + "/card/sosie.conf"
        self.keys = root + "/state/keys"
        self.memory = root + "/state/board/memory.json"
        self.changed = root + "/state/board/settings.conf"  # what is set on the page
        self.chronicle = root + "/state/board/chronicle"  # events, and how lag and rates went
        self.told = root + "/state/board/alerts"  # of what is wrong, to whom
        self.quota = root + "/state/board/quota"  # what its day has used
        self.empty_disk = root + "/state/board/empty-disk"
        self.card_facts = root + "/run/sosie/card.json"
        self.journal = root + "/run/sosie/journal"
        self.own_folder = root + "/run/sosie/board"

    @property
    def disk(self) -> str:
        return self.own_folder + "/disk"

    @property
    def board_conf(self) -> str:
        return self.own_folder + "/board.conf"

    def card(self) -> dict:
        """What the set-up found out (board/setup): disk, parts, slot, troubles, alarms; {} when it left nothing."""
        try:
            with open(self.card_facts, "rb") as file:
                return json.loads(file.read())
        except (OSError, ValueError):
            return {}

    @property
    def settling(self) -> bool:
        """Whether udev has devices to look at yet."""
        return os.path.exists(self.udev + "/queue")

    def read(self, path: str) -> str:
        """A short file, stripped; "" when there is none."""
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read(4096).strip()
        except OSError:
            return ""

    def names(self, path: str) -> list:
        try:
            return sorted(os.listdir(path))
        except OSError:
            return []
