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
        if not ini.read([folder / "common.ini"]) or not ini.read([self.folder / "model.ini"]):
            raise Refused(_unknown(name, folder))
        for section in ("arch-" + ini["board"]["arch"], "board"):
            if section not in ini:
                raise Refused("board/models: section [%s] is missing; add it to common.ini or model.ini" % section)
        arch = ini["arch-" + ini["board"]["arch"]]
        self.arch = ini["board"]["arch"]
        self.boot = ini["board"]["boot"]
        self.title = ini["board"]["title"]
        self.command_line = ini["board"].get("command_line", "")
        self.kernel = ini["board"].get("kernel", arch["kernel"])
        self.packages = _words(ini["common"], arch, ini["board"], key="packages")
        self.boot_packages = _words(arch, ini["board"], key="boot_packages")
        self.components = _words(ini["common"], arch, ini["board"], key="components")
        self.modules = _words(ini["common"], arch, ini["board"], key="modules")
        self.card_files = _words(ini["board"], key="card_files")
        self.raw_files = _words(ini["board"], key="raw_files")
        self.overlays = _words(ini["board"], key="overlays")
        self.early_modules = _words(ini["common"], arch, ini["board"], key="early_modules")


def names(folder: Path = MODELS) -> "list[str]":
    return sorted(path.parent.name for path in folder.glob("*/model.ini"))


def _unknown(name: str, folder: Path) -> str:
    excuse = folder / "missing" / name
    if name and excuse.parent.is_dir() and excuse.is_file():
        return excuse.read_text().strip()
    return "--board %s is not known; choose one of: %s" % (name, ", ".join(names(folder)))


def _words(*sections, key: str) -> "list[str]":
    words = []
    for section in sections:
        words += [word for word in section.get(key, "").split() if word not in words]
    return words
