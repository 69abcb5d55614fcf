"""Who a board is: what it keeps with its journal and tells its peer at the greeting."""

import struct

from firmware.errors import Damaged

PRIMARY = "primary"
TWIN = "twin"
NO_PAIR = bytes(16)
MAX_NAME = 63

_LAYOUT = "<BBIQIQ16s16sB"
_SIZE = 59


class Identity:
    """A board's place in its pair.

    `pair_id`, `board_id`: 16 bytes each, NO_PAIR for a twin that no primary has greeted yet.
    `generation`: which promotion of the pair this board follows; it began behind group `fork_number`,
    whose chain is `fork_chain`. `fenced`: it has met a newer generation and takes no more writes.
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

    @property
    def writable(self) -> bool:
        """Whether this board is the one that takes host writes."""
        return self.role == PRIMARY and not self.fenced

    def pack(self) -> bytes:
        """59 bytes and the name."""
        name = self.name.encode()
        return struct.pack(
            _LAYOUT, self.role == PRIMARY, self.fenced, self.generation, self.fork_number,
            self.fork_chain, self.disk_size, self.pair_id, self.board_id, len(name),
        ) + name  # fmt: skip


def unpack(label) -> Identity:
    """The identity in a packed label; raises Damaged."""
    if len(label) < _SIZE or len(label) != _SIZE + label[_SIZE - 1]:
        raise Damaged("the identity of the board is cut short")
    primary, fenced, generation, fork_number, fork_chain, disk_size, pair_id, board_id, _ = (
        struct.unpack_from(_LAYOUT, label, 0)
    )
    try:
        name = bytes(label[_SIZE:]).decode()
    except UnicodeError:
        raise Damaged("the name of the board is no text")
    role = PRIMARY if primary else TWIN
    return Identity(
        pair_id, board_id, name, role, disk_size, generation, fork_number, fork_chain, bool(fenced)
    )
