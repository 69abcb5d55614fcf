"""What must be true of the disk and of every answer, by what the commands mean."""

from tests.fuzz.usb import meaning
from tests.fuzz.usb.disk import MIB, SECTOR, Sparse

PASSED, FAILED, PHASE_ERROR = 0, 1, 2
# A host gives a command up that changed the disk more often than this: a long WRITE SAME.
MOST_WRITTEN = 5
_CODES = {
    0x020401, 0x023A00, 0x030C00, 0x031100, 0x044400, 0x051A00, 0x052000, 0x052100, 0x052400, 0x052500, 0x052600,
    0x053900, 0x055302, 0x062800, 0x062900, 0x072700, 0x072702, 0x072707, 0x0B0801, 0x0E1D00,
}  # fmt: skip
_MISCOMPARE = 0x0E1D00


class Result:
    """What came of a command: `status` of the CSW, `data` to the host, `code`: sense key, ASC and ASCQ, or 0."""

    def __init__(self, status: int, data: bytes, residue: int):
        self.status, self.data, self.residue = status, data, residue
        self.code = 0


class Asked:
    """A command: its CDB, padded to 16 bytes, what its wrapper says, and all that the host sends."""

    def __init__(self, cdb: bytes, lun: int, to_host: bool, expected: int, stream: bytes):
        self.cdb, self.lun, self.to_host, self.expected, self.stream = cdb, lun, to_host, expected, stream
        self.needed = meaning.sends(cdb)


class Oracle:
    """Holds what `disk` must hold, and lets it be changed only where the command under way may change it."""

    def __init__(self, disk):
        self._disk = disk
        self._known = Sparse()
        self._named = []
        self._planned = []
        self._is_beyond = self._is_protected = self._is_through = False
        disk.named = self._check_named

    def _check_named(self, offset: int, length: int) -> None:
        assert any(start <= offset and offset + length <= end for start, end in self._named), (
            "bytes %d to %d are written, %s are named" % (offset, offset + length, self._named))

    # A command

    def begins(self, asked: Asked, unit) -> None:
        """The changes that the command may make, if it is carried out."""
        # Else it is one of cases 8, 10 and 13 of BOT 6.7, a phase error.
        agrees = not asked.needed or not asked.to_host and asked.expected >= asked.needed
        planned = meaning.changes(asked.cdb, asked.stream, self._known) if asked.lun == 0 and agrees else []
        self._is_beyond = any(each.start + each.length > self._disk.size for each in planned)
        self._planned = [each for each in planned if each.length and not self._is_beyond]
        self._named = [(each.start, each.start + each.length) for each in self._planned]
        self._is_protected = bool(unit.write_protect or unit.ejected or self._disk.refusal)
        self._is_through = not unit.write_cache or meaning.is_flushed(asked.cdb)

    def over(self) -> None:
        """Nothing may be changed any more."""
        self._named = []

    def interrupted(self) -> None:
        """The command was ended from outside: some of its changes, from the first on, each as a whole, may be there."""
        self.over()
        pieces = list(_first_pieces(self._planned))
        for start, length, content in pieces:
            if not self._agrees(start, length):
                self._apply(start, length, content)
        for start, length, _ in pieces:
            assert self._agrees(start, length), "a half of what was written"

    def ended(self, asked: Asked, result: Result) -> None:
        """The command had its status."""
        self.over()
        is_good = result.status == PASSED
        assert not (is_good and self._is_beyond), "beyond the end"
        if not is_good:
            self.interrupted()
        elif self._planned:
            assert len(asked.stream) >= asked.needed and result.residue == asked.expected - asked.needed
            assert not self._is_protected, "written, though it is protected"
            self._check_wholly()
        is_flush = asked.lun == 0 and asked.cdb[0] in meaning.SYNCHRONIZES and meaning.is_flushed(asked.cdb)
        if is_good and (is_flush or self._planned and self._is_through):
            assert self._disk.durable == self._disk.written, "not flushed"
        if asked.lun == 0:
            self._check_content(asked.cdb, asked.stream, result)

    def _check_wholly(self) -> None:
        pieces = [piece for each in self._planned for piece in each.pieces()]
        for piece in pieces:
            self._apply(*piece)
        for start, length, _ in pieces:
            assert self._agrees(start, length), "another content than was written"

    def _apply(self, start: int, length: int, content) -> None:
        if content is None:
            self._known.zero(start, length)
        else:
            self._known.write(start, content)

    def _agrees(self, start: int, length: int) -> bool:
        """Whether the disk holds what it must hold."""
        return self._disk.content.equals(self._known, start, length)

    def _check_content(self, cdb, stream, result) -> None:
        """What was read, or compared with what the host sent."""
        code = cdb[0]
        lba, blocks = meaning.extent(cdb) if code in meaning.READS + meaning.VERIFIES + (0x89,) else (0, 0)
        start, length = lba * SECTOR, blocks * SECTOR
        if code in meaning.READS and result.status != PHASE_ERROR:
            assert len(result.data) <= length
            assert result.status != PASSED or len(result.data) == length and start + length <= self._disk.size
            assert result.data == self._known.read(start, len(result.data)), "another content than was written"
        if code in meaning.VERIFIES and cdb[1] & 2 and length and len(stream) >= meaning.sends(cdb):
            told = stream[:length] if cdb[1] & 6 == 2 else stream[:SECTOR] * min(blocks, MIB // SECTOR)
            there = self._known.read(start, len(told))
            assert result.status != PASSED or told == there, "not verified"
            assert result.code != _MISCOMPARE or told != there or len(told) < length
        if code == 0x89 and result.code == _MISCOMPARE:
            assert stream[:length] != self._known.read(start, length)

    def check_all(self) -> None:
        """The whole disk."""
        assert self._disk.content.pages == self._known.pages, "the disk holds something else"


def _first_pieces(planned):
    """As many as can have been done: a host gives up what takes long."""
    written = 0
    for piece in (piece for each in planned for piece in each.pieces()):
        yield piece
        written += piece[2] is not None
        if written > MOST_WRITTEN + 1:
            return


def sense_code(sense: bytes) -> int:
    """Sense key, ASC and ASCQ of fixed format sense data (SPC-4 4.5.3), whose form is checked."""
    assert len(sense) == 18 and sense[0] in (0x70, 0xF0) and sense[1] == 0 and sense[7] == 10, sense.hex()
    assert sense[2] & 0xF0 == 0 and (sense[0] & 0x80 or sense[3:7] == bytes(4))
    code = sense[2] << 16 | sense[12] << 8 | sense[13]
    assert code in _CODES or code == 0, "sense %06x" % code
    return code
