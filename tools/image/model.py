"""Kinds of boards: one folder each under board/models, its model.ini says what is special about it."""

import configparser
from pathlib import Path

from firmware.errors import Refused

CHECKOUT = Path(__file__).resolve().parents[2]
MODELS = CHECKOUT / "board/models"
COMMON = MODELS / "common.ini"


class Model:
    """What model.ini says; `common.ini` is read before it. Lists are words, separated by any white space."""

    def __init__(self, name: str, folder: Path = MODELS):
        self.name, self.folder = name, folder / name
        ini = configparser.ConfigParser(interpolation=None)
        if name not in names(folder):
            raise Refused(_unknown(name, folder))
        ini.read([folder / "common.ini", self.folder / "model.ini"])
        board = ini["board"]
        for key in ("title", "arch", "boot"):
            if key not in board:
                raise Refused("%s/model.ini does not say %s; the README beside it has the keys" % (name, key))
        self.arch, self.boot, self.title = board["arch"], board["boot"], board["title"]
        self.command_line = board.get("command_line", "")
        kinds = ["common", "arch-" + self.arch] + ["family-" + word for word in board.get("family", "").split()]
        for kind in kinds:
            if kind not in ini:
                raise Refused("common.ini has no section [%s]; correct arch or family in %s/model.ini" % (
                    kind, name))
        self._sections = [ini[kind] for kind in kinds] + [board]
        self.kernel = self._words("kernel")[-1]
        self.packages = self._words("packages")
        self.boot_packages = self._words("boot_packages")
        self.components = self._words("components")
        self.modules = self._words("modules")
        self.early_modules = self._words("early_modules")
        self.firmware = self._words("firmware")
        self.card_files = self._words("card_files")
        self.raw_files = self._words("raw_files")
        self.overlays = self._words("overlays")

    def overlay(self, name: str) -> Path:
        """The source of one of `overlays`: the model's own, or one that all may have."""
        own = self.folder / (name + ".dts")
        return own if own.is_file() else self.folder.parent / (name + ".dts")

    def _words(self, key: str) -> "list[str]":
        """From all sections, from the common one to the model's own; each word once."""
        return list(dict.fromkeys(word for section in self._sections for word in section.get(key, "").split()))


def names(folder: Path = MODELS) -> "list[str]":
    return sorted(path.parent.name for path in folder.glob("*/model.ini"))


def _unknown(name: str, folder: Path) -> str:
    excuse = folder / "missing" / name
    if "/" not in name and excuse.is_file():
        return excuse.read_text().strip()
    return "--board %s is not known; choose one of: %s" % (name, ", ".join(names(folder)))

