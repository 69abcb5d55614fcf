"""Which disk and which journal belong together: kept in the state partition, forgotten by start-anew.

The disk is noted before the firmware first runs, and counts from when the journal is in use; until then another disk
may be tried. The journal is noted when the firmware has made it.
"""

import json

from board.files import write_whole
from firmware.errors import Damaged, Refused
from firmware.log import superblock
from firmware.pair import identity

from .disks import Disk, Waiting
from .machine import Machine

_FOREIGN = (
    "the journal on this card belongs to the board %s, not to this one; put the right card in, or flash this one again"
)
_GONE = (
    "the journal of this board is gone from the card; flash the card again, or, to begin a new pair, put an empty file "
    "start-anew on the card and restart the board"
)


class Memory:
    """`disk`: {"names", "size"} or None; `board`: the board's number in its journal, 32 hexadecimal digits, or None."""

    def __init__(self, machine: Machine):
        self._machine = machine
        kept = _load(machine.memory)
        self.disk, self.board = kept.get("disk"), kept.get("board")

    def check_journal(self) -> bool:
        """Whether the journal is in use. Raises Refused when it is not this board's."""
        who = read_identity(self._machine.journal)
        if who is None:
            if self.board is not None:
                raise Refused(_GONE)
            return False
        if self.board is not None and who.board_id.hex() != self.board:
            raise Refused(_FOREIGN % who.name)
        return True

    def keep_disk(self, disk: Disk) -> None:
        """This disk is the board's from now on."""
        self._keep({"names": disk.names, "size": disk.size}, self.board)

    def keep_journal(self) -> bool:
        """Notes the journal, if the firmware has made it by now; whether it is noted."""
        if self.board is None:
            try:
                who = read_identity(self._machine.journal)
            except Refused:
                who = None
            if who is not None:
                self._keep(self.disk, who.board_id.hex())
        return self.board is not None

    def _keep(self, disk, board) -> None:
        if (disk, board) == (self.disk, self.board):
            return
        try:
            write_whole(self._machine.memory, json.dumps({"disk": disk, "board": board}).encode())
        except OSError as error:
            raise Refused("the state partition of the card cannot be written (%s); flash the card again" % error)
        self.disk, self.board = disk, board


def read_identity(journal: str):
    """Whose journal it is (firmware/pair/identity.py); None: nobody's yet. Raises Refused."""
    try:
        with open(journal, "rb", buffering=0) as file:
            block = superblock.read(_Storage(file))
        return None if block is None else identity.unpack(block.label)
    except PermissionError:
        raise Waiting("the journal on the card is not given to this board; restart it, or flash it again") from None
    except OSError as error:
        raise Refused("the journal on the card cannot be read (%s); flash the card again, or another one" % error)
    except Damaged as error:
        raise Refused("the journal on the card is damaged (%s); flash the card again" % error)
    except Refused as error:
        raise Refused("the journal on the card %s" % error)


class _Storage:
    """What superblock.read() asks of a storage."""

    def __init__(self, file):
        self._file = file

    def read_into(self, offset: int, view: memoryview) -> None:
        self._file.seek(offset)
        if self._file.readinto(view) != len(view):
            raise OSError("it is too short")


def _load(path: str) -> dict:
    try:
        with open(path, "rb") as file:
            kept = json.loads(file.read())
        disk = kept.get("disk")
        if disk is not None and not (disk["names"] and isinstance(disk["size"], int)):
            raise ValueError
        return kept
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refused(
            "what this board remembers of its disk is damaged; put an empty file start-anew on the card and restart it"
        )
