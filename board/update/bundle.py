"""What a bundle says of itself, and whether this board takes it."""

import re

from firmware.errors import Refused
from firmware.link import frames
from firmware.log import superblock

FORMATS = {"journal-format": superblock.VERSION, "link-version": frames.VERSION}  # of the system that runs
_FORMAT = re.compile(r"([a-z-]+)=(\d+)")


class Bundle:
    """From the description that RAUC gives of a bundle whose signature is good."""

    def __init__(self, info: dict):
        images = [(name, image) for each in info.get("images", ()) for name, image in each.items()]
        if [name for name, _ in images] != ["system"] or info.get("hooks"):
            raise Refused("this is no update for a Sosie board; make one with `sosie update make`")
        self.compatible = info["compatible"]
        self.version = info.get("version") or ""
        self.size = images[0][1]["size"]
        # In RAUC's field `build`: its free-form sections are dropped by the RAUC of Debian 12.
        self.formats = {name: int(number) for name, number in _FORMAT.findall(info.get("build") or "")}


def judge(bundle: Bundle, version: str, model: str, slot_size: int):
    """Raises Refused when the bundle is not for the running system: `version` of a board of kind `model`."""
    if bundle.compatible != "sosie-" + model:
        kind = bundle.compatible.removeprefix("sosie-")
        raise Refused("this update is for a board of kind %s, and this one is %s; make one with `--board %s`"
                      % (kind, model, model))
    if not bundle.version or not order(bundle.version):
        raise Refused("this update does not say its version; make it anew with `sosie update make`")
    if order(bundle.version) < order(version):
        raise Refused("this update is older (%s) than what runs here (%s); to go back to it, flash the card"
                      % (bundle.version, version))
    if bundle.size > slot_size:
        raise Refused("this update is too big: %d MiB, and a slot of this card holds %d MiB; flash the card instead"
                      % (bundle.size >> 20, slot_size >> 20))
    journal = bundle.formats.get("journal-format")
    if journal != FORMATS["journal-format"]:
        raise Refused("this update keeps its journal in format %s, and this board's journal has format %d; let the "
                      "twin take everything, then flash both cards and start a new pair from the disk"
                      % (journal, FORMATS["journal-format"]))


def advice(bundle: Bundle) -> str:
    """What else its operator should know, "" for nothing."""
    if bundle.formats.get("link-version") == FORMATS["link-version"]:
        return ""
    return "; the two boards understand each other again when the other one has this update, too"


def order(version: str) -> "list[int]":
    """What decides which of two versions is older: its numbers, up to a `+`."""
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]
