"""The greeting: what a board says of itself, and whether two boards may work together."""

from firmware.errors import Refused
from firmware.link import codec
from firmware.link.frames import VERSION, Hello
from firmware.pair.identity import PRIMARY, TWIN

# Bits of a HELLO's capabilities (PROTOCOL.md)
PROMPT = 1  # a host waits for the twin's acknowledgements
STATUS = 2  # this board takes a STATUS


def hello(board, journal, window_bytes: int) -> Hello:
    """What this board sends first."""
    head = journal.head
    codecs = codec.bits(codec.unpackable())
    return Hello(board.identity, head.number, head.chain, codecs, window_bytes, board.capabilities)


def settled(board, journal) -> bool:
    """Whether the head that a HELLO names is where groups will go on.

    A twin that still has groups of an earlier connection on their way to the journal waits for them:
    named too early, they would be sent twice.
    """
    return board.identity.role != TWIN or journal.received_number == journal.head.number


def check_version(theirs: int) -> None:
    """Raises Refused, in the same words on both boards."""
    if theirs != VERSION:
        older, newer = min(theirs, VERSION), max(theirs, VERSION)
        raise Refused(
            "one board speaks version %d of the link and the other version %d; install the same release on both"
            % (older, newer)
        )


def judge(board, peer: Hello):
    """The Point from which this primary sends, or None on a twin. Raises Refused.

    The board judges whatever the roles are: that is where it learns of a newer generation.
    """
    if board.identity.role == PRIMARY:
        start = board.judge(peer.identity, peer.number, peer.chain)
    else:
        start = board.accept(peer.identity)
    if board.identity.role == peer.identity.role:
        raise Refused(
            "%s and %s are both %s; one must be the other's twin"
            % (board.identity.name, peer.identity.name, peer.identity.role)
        )
    return start
