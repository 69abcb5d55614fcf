"""Questions to a disk image, asked of tools that nobody here wrote: e2fsck, cmp."""

import contextlib
import os

from tools.demo.board import Board
from tools.demo.workshop import Broken, Workshop, call, wait_for

CORRECTED = 1


def copy_sparse(source: str, target: str):
    """A copy that takes only the room of what is not zero."""
    call("cp", "--sparse=always", "--reflink=auto", source, target)


def check_copy(copy: str):
    """The file system in the copy is sound: e2fsck replays its journal, then finds nothing to say.

    The first run may do what every boot after a power cut does (`-p`: replay, and safe counters), never more.
    """
    try:
        call("e2fsck", "-fp", copy, accept=(0, CORRECTED))
        call("e2fsck", "-fn", copy)
    except Broken as error:
        raise Broken("the twin's file system is damaged (%s)" % error) from None


def compare(first: str, second: str) -> int:
    """Both images are the same, byte for byte; returns their size."""
    try:
        call("cmp", first, second)
    except Broken as error:
        raise Broken("the two images differ (%s)" % error) from None
    return os.path.getsize(first)


@contextlib.contextmanager
def frozen_copy(workshop: Workshop, source: "Board | None", twin: Board):
    """A copy of the twin's image while nothing is played: what its disk holds at one group boundary.

    The source, if any, is frozen meanwhile; the copy counts only if the twin stood still during all of it.
    """
    copy = workshop.path("copy.img")
    if source:
        source.hold()
    try:
        wait_for("the twin plays what it holds", lambda: _copy_if_still(twin, copy))
    finally:
        if source:
            source.release()
    try:
        yield copy
    finally:
        os.unlink(copy)


def _copy_if_still(twin: Board, copy: str) -> bool:
    before = twin.status()["group"]
    if before["played"] != before["durable"]:
        return False
    copy_sparse(twin.disk, copy)
    return twin.status()["group"] == before
