"""One card made: the boot partition gets the board's own files, then all of it is written and read back."""

import os
from pathlib import Path

from board.setup import table
from tools.flash import conf
from tools.flash.fat import Fat, Workshop
from tools.flash.image import Image
from tools.flash.progress import Progress
from tools.flash.target import Card, Target
from tools.flash.writer import Stamps, Writer

RING_HEAD = 4 << 20
_DEVICE_PORT = b"dtoverlay=dwc2,dr_mode=peripheral"


class Maker:
    """Puts an image onto a target as the card of one board; raises Refused when it does not fit."""

    def __init__(self, image: Image, target: Target, progress: Progress, is_onto: bool = False):
        self._is_onto = is_onto  # the system is not a board's own, and neither is the rest of the card
        self._image, self._target, self._progress = image, target, progress
        self._is_card = isinstance(target, Card)
        self._blanks = image.blanks(target.size) + (self._ring_heads() if self._is_card and not is_onto else [])

    def make(self, half, settings: bytes) -> None:
        """The card of the board `half`, with the sosie.conf `settings`. Raises Failed, Refused, BoardError."""
        # The keys are never on any disk but the card: the changed boot partition lies in memory where that has room.
        with Workshop(self._image.boot.size) as folder:
            self._make_personal(folder, half, settings)
            self._write()
        self._target.finish()

    def _make_personal(self, folder: str, half, settings: bytes) -> None:
        half.make()
        keys = Path(folder, "pair")
        keys.mkdir(mode=0o700)
        boot = os.path.join(folder, "boot")
        self._image.save_boot(boot)
        fat = Fat(boot)
        fat.put("sosie.conf", settings)
        fat.put("sosie.txt" if self._is_onto else "README.txt", conf.readme())
        if self._is_onto:
            self._make_device_port(fat)
        fat.folder("pair")
        for path in half.files(str(keys)):
            fat.put("pair/" + path.name, path.read_bytes())
        self._image.lay_over(boot)

    def _make_device_port(self, fat: Fat) -> None:
        """A Raspberry Pi's firmware is told that the USB port is a device's."""
        config = fat.get("config.txt")
        if config is not None and _DEVICE_PORT not in config.splitlines():
            fat.put("config.txt", config.rstrip(b"\n") + b"\n\n[all]\n# Sosie: the server is plugged in here.\n"
                    + _DEVICE_PORT + b"\n")

    def _ring_heads(self) -> "list[tuple[int, int]]":
        """Where the first boot will put state and rings: those of an earlier life must not be found there."""
        found = []
        for disk_on_card in (False, True):  # sosie.conf can still be edited
            for part in table.plan(self._target.size, self._image.end, disk_on_card):
                found.append((part.record, part.start - part.record + RING_HEAD))
        return found

    def _write(self) -> None:
        writer = Writer(self._image, self._target, self._blanks)
        stamps = Stamps(self._target, self._image) if self._is_card else None
        self._progress.begin("Writing")
        writer.write(self._progress.move, stamps)
        self._progress.end()
        self._progress.begin("Reading back")
        writer.verify(self._progress.move)
        if stamps:
            stamps.check()
        writer.seal()
        self._progress.end("it is what was written")
