"""Who a board is: what it keeps with its journal (the label, log/FORMAT.md) and tells its peer at the greeting."""

import struct

from firmware.errors import Damaged, Refused

PRIMARY = "primary"
TWIN = "twin"
NO_PAIR = bytes(16)
MAX_NAME = 63

_LAYOUT = "<BBBBIQIQ16s16sQQ"
_SIZE = 76


class Identity:
    """A board's place in its pair.

    `pair_id`, `board_id`: 16 bytes each, NO_PAIR for a twin that no primary has greeted yet.
    `generation`: which promotion of the pair this board follows; it began behind group `fork_number`,
    whose chain is `fork_chain`. `fenced`: it has met a newer generation and takes no more writes.
    `copied`: bytes of the disk, from its start, that the log holds or has held; `whole`: the group with
    which that became the whole disk, 0 before. A twin without `whole` can never be promoted.
    """

    def __init__(
        self,
        pair_id: bytes,
        board_id: bytes,
        name: str,
        role: str,
        disk_size: int,
        generation: int = 0,
        fork_number: int = 0,
        fork_chain: int = 0,
        fenced: bool = False,
        copied: int = 0,
        whole: int = 0,
    ):
        self.pair_id = pair_id
        self.board_id = board_id
        self.name = name
        self.role = role
        self.disk_size = disk_size
        self.generation = generation
        self.fork_number = fork_number
        self.fork_chain = fork_chain
        self.fenced = fenced
        self.copied = copied
        self.whole = whole

    def copy_ended(self, number: int) -> None:
        """Group `number` is in the log, and with it all of the disk."""
        self.copied = self.disk_size
        self.whole = self.whole or number

    def pack(self) -> bytes:
        """76 bytes and the name."""
        name = self.name.encode()
        return struct.pack(
            _LAYOUT, _SIZE, self.role == PRIMARY, self.fenced, len(name), self.generation, self.fork_number,
            self.fork_chain, self.disk_size, self.pair_id, self.board_id, self.copied, self.whole,
        ) + name  # fmt: skip


def unpack(label) -> Identity:
    """The identity in a packed label; raises Damaged, and Refused for one of a later firmware."""
    if len(label) < _SIZE or label[0] < _SIZE or len(label) != label[0] + label[3]:
        raise Damaged("the identity of the board is cut short")
    if label[0] > _SIZE:
        raise Refused("was written by a later firmware; update this board")
    _, primary, fenced, _, generation, fork_number, fork_chain, disk_size, pair_id, board_id, copied, whole = (
        struct.unpack_from(_LAYOUT, label, 0)
    )
    try:
        name = bytes(label[_SIZE:]).decode()
    except UnicodeError:
        raise Damaged("the name of the board is no text")
    role = PRIMARY if primary else TWIN
    return Identity(
        pair_id, board_id, name, role, disk_size, generation, fork_number, fork_chain, bool(fenced), copied, whole
    )
