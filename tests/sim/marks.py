"""Marks in the simulator: which were set and promised, and whether the logs carry them where they belong.

Nothing is taken from the journals' own walk: every header in a ring's medium is collected, and the log is followed
backwards from its end by the chains. Only layouts are shared with the firmware, since they are the format.
"""

from binascii import crc32

from firmware.errors import Damaged
from firmware.log.layout import BLOCK, HEADER_SIZE, MARK, records, unpack_header, unpack_mark
from tests.sim.oracle import Violation

_MAGIC = b"SOSG"


class _Mark:
    """`least`: operations of the host that had been accepted before it was set; `group`: where it stands, if known."""

    def __init__(self, least: int):
        self.least = least
        self.group = None
        self.promised = False


class Marks:
    """What the host was told of its marks."""

    def __init__(self, oracle):
        self._oracle = oracle
        self._known = {}

    def begin(self) -> str:
        """A new mark is about to be set; its name."""
        name = "mark %d" % (len(self._known) + 1)
        self._known[name] = _Mark(len(self._oracle.operations))
        return name

    def done(self, name: str, group: int) -> None:
        """The board says that it stands behind `group`, durably."""
        mark = self._known[name]
        if self._oracle.prefix_of_group(group) < mark.least:
            raise Violation("%s stands behind group %d, before writes that were accepted before it" % (name, group))
        mark.group, mark.promised = group, True

    def log_ends(self, number: int) -> None:
        """The primary has restarted with a log that ends with group `number`."""
        for name, mark in self._known.items():
            if mark.group is not None and mark.group > number:
                if mark.promised:
                    raise Violation("%s was promised behind group %d, not %d" % (name, mark.group, number))
                mark.group = None

    def taken_over(self, number: int) -> None:
        """The twin, whose log ends with group `number`, is the primary now: what it had not got is no more."""
        for mark in self._known.values():
            if mark.group is not None and mark.group > number:
                mark.group, mark.promised = None, False

    def check(self, board, what: str, is_primary: bool) -> int:
        """Whether the log of `board`, at rest or a copy of one, carries the marks that it must; how many it has."""
        found, oldest, newest = logged(board)
        for name, group in found.items():
            self._check_place(name, group, what)
        for name, mark in self._known.items():
            if is_primary and mark.promised and mark.group > newest:
                raise Violation("%s ends with group %d, %s was promised behind %d" % (what, newest, name, mark.group))
            if mark.group is not None and oldest <= mark.group <= newest and name not in found:
                raise Violation("%s has no %s in its log, which stands behind group %d" % (what, name, mark.group))
        return len(found)

    def _check_place(self, name: str, group: int, what: str) -> None:
        mark = self._known.get(name)
        if mark is None:
            raise Violation("%s has a mark in its log that nobody set: %s" % (what, name))
        if mark.group is None:
            mark.group = group  # set, but not confirmed: from now on it is here
        if mark.group != group:
            raise Violation("%s has %s behind group %d, not %d" % (what, name, group, mark.group))


def logged(board) -> tuple:
    """({name: group} of the marks in a board's log, the oldest group that is whole in its ring, its newest)."""
    journal, medium = board.board.journal, board.journal
    headers = _headers(medium, journal.ring)
    number, chain, found = journal.head.number, journal.head.chain, {}
    while (number, chain) in headers:
        at, descriptor = headers[number, chain]
        body = medium.read(at + HEADER_SIZE, descriptor.body_length)
        if crc32(body) != descriptor.body_crc:
            break  # nobody needs it any more, and what is written over it is on its way
        _collect(body, medium, board.disk.size, number, found)
        number, chain = number - 1, descriptor.previous_chain
    return found, number + 1, journal.head.number


def _headers(medium, ring) -> dict:
    """{(number, chain): (offset, descriptor)} of every whole header in its own place."""
    headers = {}
    first, end = ring.offset(0), ring.offset(0) + ring.size
    for offset, length in medium.touched():
        for at in range(max(first, offset), min(offset + length, end), BLOCK):
            if medium.read(at, 4) != _MAGIC:
                continue
            try:
                header = unpack_header(medium.read(at, HEADER_SIZE), ring.log_id)
            except Damaged:
                continue
            if ring.offset(header.position) == at:
                headers[header.descriptor.number, header.descriptor.chain] = at, header.descriptor
    return headers


def _collect(body: bytes, medium, disk_size: int, number: int, found: dict) -> None:
    last = None
    for kind, _, length, at in records(body, disk_size):
        if last is not None:
            raise Violation("group %d goes on behind %s" % (number, last))
        if kind == MARK:
            last = unpack_mark(body[at : at + length])
            if last in found:
                raise Violation("%s stands behind group %d and behind group %d" % (last, number, found[last]))
            found[last] = number
