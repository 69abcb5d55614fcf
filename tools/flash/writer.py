"""Writes an image to a target and reads it back.

The order is what makes a half-written card harmless: the table of partitions goes first, and comes when all else was
read back. Whatever happens in between, the card is an empty one and no half of a board.
"""

import hashlib
import os

from tools.flash.image import ZEROES, Image
from tools.flash.target import CHUNK, Card, Failed, Target

LEAST_STAMPS = 16
STAMP_BYTES = 4096
_FAKE = "%s has less room than it says: %s. It is a fake; take another card"
_ELSE = "%s gives back something else than was written, at %d MiB: the card or its reader is broken; take another one"


class Writer:
    """One image onto one target, and zeroes in `blanks`. `progress(done, total)` hears of bytes."""

    def __init__(self, image: Image, target: Target, blanks: "list[tuple[int, int]]"):
        self._blanks = blanks
        self._image = image
        self._target = target
        self._digests = {}

    def write(self, progress, stamps: "Stamps | None" = None) -> None:
        """All but the first piece is on the medium, the blanks around the image, and `stamps`; raises Failed."""
        self._target.discard()
        self._target.zero(0, min(CHUNK, self._image.size))
        self._target.sync()
        for offset, length in self._blanks:
            self._target.zero(offset, length)
        if stamps:
            stamps.set()
        for offset in range(CHUNK, self._image.size, CHUNK):
            self._copy(offset)
            progress(offset + CHUNK, self._image.size)
        self._target.sync()

    def verify(self, progress) -> None:
        """Reads back what was written so far; raises Failed where it is something else."""
        for offset in sorted(self._digests):
            length, digest = self._digests[offset]
            if hashlib.sha256(self._target.read(offset, length)).digest() != digest:
                raise Failed(_ELSE % (self._target.path, offset >> 20))
            progress(offset + length, self._image.size)

    def seal(self) -> None:
        """Writes the first piece, with the table of partitions, and reads it back: now it is a board's card."""
        self._digests.clear()
        self._copy(0)
        self._target.sync()
        self.verify(lambda done, total: None)

    def _copy(self, offset: int) -> None:
        view = self._target.buffer[:min(CHUNK, self._image.size - offset)]
        if self._image.read(offset, view):
            self._target.write(offset, view)
        else:
            self._target.zero(offset, len(view))
        self._digests[offset] = (len(view), hashlib.sha256(view).digest())


class Stamps:
    """Marks all over a card, to find one that has less room than it says.

    Such a card drops what is written behind its true end, or begins anew at its start. The marks lie so close that in
    the second case one of them and the image are in the same place, wherever the true end is.
    """

    def __init__(self, card: Card, image: Image):
        self._card = card
        first, last = _down(image.end), _down(card.size - STAMP_BYTES)
        step = max(STAMP_BYTES, min(_down((last - first) // LEAST_STAMPS), _down(image.size - STAMP_BYTES)))
        self._places = {offset: os.urandom(32) * (STAMP_BYTES // 32) for offset in range(last, first, -step)}

    def set(self) -> None:
        """Before the image is written; raises Failed."""
        for offset, mark in self._places.items():
            view = self._card.buffer[:STAMP_BYTES]
            view[:] = mark
            self._card.write(offset, view)

    def check(self) -> None:
        """After the image was written, all but its first piece; raises Failed. The marks are gone then."""
        start = self._card.read(0, CHUNK).tobytes()
        if any(mark in start for mark in self._places.values()):
            raise Failed(_FAKE % (self._card.path, "its end lies on top of its start"))
        if start != ZEROES:
            raise Failed(_ELSE % (self._card.path, 0))
        for offset in sorted(self._places):
            if self._card.read(offset, STAMP_BYTES) != self._places[offset]:
                raise Failed(_FAKE % (self._card.path, "nothing is kept at %d MiB" % (offset >> 20)))
        for offset in self._places:
            self._card.zero(offset, STAMP_BYTES)
        self._card.sync()


def _down(offset: int) -> int:
    return offset // STAMP_BYTES * STAMP_BYTES
