"""What must hold when a board, its player or `sosie journal` meets a damaged ring of tests.fuzz.rings."""

from firmware import startup
from firmware.disk.player import Player
from firmware.errors import Damaged, Refused
from firmware.log import layout, recovery, superblock
from firmware.log.layout import MAX_GROUP, RECORD_SIZE, SECTOR, Point
from firmware.log.ring import Ring
from tests.fuzz import rings

_MEMORY = bytearray(MAX_GROUP)
WORDS = {layout.ZERO: "zero", layout.TRIM: "trim"}


class Changes:
    """A disk that remembers what was done to it."""

    size = rings.DISK_SIZE

    def __init__(self):
        self.done = []

    def write(self, start, view):
        assert 0 <= start and start + len(view) <= self.size
        self.done.append((layout.WRITE, start, bytes(view)))

    def zero(self, start, length):
        assert 0 <= start and start + length <= self.size
        self.done.append((layout.ZERO, start, length))

    def trim(self, start, length):
        assert 0 <= start and start + length <= self.size
        self.done.append((layout.TRIM, start, length))


def opened(storage):
    """Remains, or the error with which the board refuses to start. Anything else escapes."""
    try:
        made = startup.open_journal(storage, rings.Settings, rings.DISK_SIZE, lambda count: b"r" * count, _MEMORY)
        return rings.driven(made)
    except rings.ALLOWED as error:
        assert str(error)
        return error


def newest(written, storage) -> "superblock.Superblock | None":
    """The superblock that counts, found by comparing with those that were written."""
    found = [bytes(storage.bytes[slot : slot + SECTOR]) for slot in superblock.SLOTS]
    blocks = [written.saved[sector] for sector in found if sector in written.saved]
    return max(blocks, key=lambda block: block.sequence) if blocks else None


def check_opening(written, storage) -> None:
    """Opening ends with the true end of the log, or with an alarm exactly where something durable is gone."""
    block, before = newest(written, storage), bytes(storage.bytes)
    blank = not any(any(storage.bytes[slot : slot + SECTOR]) for slot in superblock.SLOTS)
    found = opened(storage)
    if block is None:
        assert blank or isinstance(found, Refused), found
        return
    number, witness = rings.expected_end(written, storage, block.durable.number)
    if witness:
        assert isinstance(found, Damaged), "group %d is gone and %d proves it" % (number + 1, witness)
        assert before == storage.bytes, "it was changed before it was refused"
        return
    assert isinstance(found, startup.Remains), found
    assert (found.head.number, found.identity.name) == (number, "left")
    assert before[superblock.RING_OFFSET :] == storage.bytes[superblock.RING_OFFSET :], "opening changed the ring"
    again = opened(storage)
    assert again.head == found.head and again.superblock.sequence == block.sequence + 2


def check_opening_cut_short(storage) -> None:
    """Of a storage whose end is missing nothing but the classes of errors can be foretold."""
    opened(storage)


def check_player(written, storage, start: int) -> None:
    """What is played from group `start` on is what was written, up to the first group that is not whole."""
    ring = Ring(storage, max(written.saved.values(), key=lambda block: block.sequence))
    disk = Changes()
    group = written.groups.get(start)
    number, position, chain = (start, group.end, group.chain) if group else (0, 0, 0)
    try:
        while number < written.last:
            player = Player(disk, ring, None)
            number, position, chain = rings.driven(player.play(number, position, chain, written.last))[:3]
    except (Damaged, OSError) as error:
        assert str(error)
    else:
        assert number == written.last
    end = start
    while rings.whole(written, storage, end + 1):
        end += 1
    wanted = [change for each in range(start + 1, end + 1) for change in written.groups[each].changes]
    assert disk.done == wanted, "played something else than groups %d to %d" % (start + 1, end)


def exercise_resealed(storage) -> None:
    """Checksums fit and the content may be anything: nothing but the classes of errors can be foretold."""
    opened(storage)
    try:
        block = superblock.read(storage)
        if block is None:
            return
        ring = Ring(storage, block)
        end = rings.driven(recovery.find_end(ring, block, rings.BUFFER))[0]
        assert end.number >= block.durable.number
        at = block.played
        played = rings.driven(Player(Changes(), ring, None).play(at.number, at.position, at.chain, end.number))
        assert Point(*played[:3]).number >= at.number
    except rings.ALLOWED:
        pass


def check_records(body: bytes) -> None:
    """Every record lies inside of its body and of the disk."""
    at = 0
    try:
        for kind, start, length, payload in layout.records(body, rings.DISK_SIZE):
            assert payload == at + RECORD_SIZE and length > 0 and start + length <= rings.DISK_SIZE
            at = payload + (length if kind in (layout.WRITE, layout.COPY, layout.MARK) else 0)
    except Damaged:
        return
    assert at == len(body)
