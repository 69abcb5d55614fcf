"""start-anew: a file that somebody put on the card so that the board forgets what it was.

Everything that it asks for can be done twice, and the file goes when all of it is durable: a power cut in the middle
makes the next boot do it again.
"""

import os

from board.files import sync_folder, write_whole
from firmware.errors import Refused

from . import first, keys
from .card import HISTORY, JOURNAL, Card
from .folders import Writable
from .machine import Machine

FILES = ("start-anew", "start-anew.txt")
EMPTY_DISK, FORGET_KEYS = "empty the disk", "forget the keys"
WANTED = "board/empty-disk"  # below /state: the steward does it, who knows which disk is meant
MEMORY = "board/memory.json"  # below /state: what the steward knows of the disk and the journal
_UNKNOWN = (
    "the file %s on the card asks for something that a board cannot do (%s); it may have the lines `%s` and `%s`, "
    "or be empty"
)


def obey(machine: Machine, card: Card, keep_disk: bool) -> None:
    """Does what the file asks for, if there is one. `keep_disk`: history is this board's disk.

    Raises Refused, and then nothing is changed.
    """
    names = [name for name in FILES if os.path.exists("%s/%s" % (machine.card, name))]
    if not names:
        return
    wishes = set()
    for name in names:
        wishes |= _wishes("%s/%s" % (machine.card, name), name)
    for number in (JOURNAL,) if keep_disk else (JOURNAL, HISTORY):
        first.blank(card.part(number))
    if FORGET_KEYS in wishes:
        keys.forget(machine)
    if EMPTY_DISK in wishes:
        write_whole("%s/%s" % (machine.state, WANTED), b"")
    else:
        _forget(machine.state, WANTED)
    _forget(machine.state, MEMORY)
    with Writable(machine):
        for name in names:
            os.unlink("%s/%s" % (machine.card, name))


def _wishes(path: str, name: str) -> set:
    with open(path, "rb") as file:
        lines = file.read(4096).decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    wishes = {" ".join(line.lower().split()) for line in lines if line.strip()}
    unknown = sorted(wishes - {EMPTY_DISK, FORGET_KEYS})
    if unknown:
        raise Refused(_UNKNOWN % (name, unknown[0][:60], EMPTY_DISK, FORGET_KEYS))
    return wishes


def _forget(folder: str, name: str) -> None:
    path = "%s/%s" % (folder, name)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    sync_folder(os.path.dirname(path))
