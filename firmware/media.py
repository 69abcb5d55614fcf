"""The two media of a board, its disk and its journal: found, checked, and made where there is none."""

from firmware import ports
from firmware.errors import Refused
from firmware.log import superblock
from firmware.pair.identity import TWIN

_PIECE = 1 << 20
_LOOKS_AT_FILE = 64 << 20  # bytes of data
_LOOKS_AT_DEVICE = 4 << 20
_LOOKS_AT_END = 1 << 20  # and so many before the end
_ANEW = "to start the pair anew, give both boards an empty journal and the twin an empty disk"


def open_media(settings) -> tuple:
    """(disk, journal) storages. Raises Refused, and then has changed nothing."""
    journal = ports.FileStorage(settings.journal, direct=True) if ports.exists(settings.journal) else None
    if journal is not None:
        _check_size("journal", settings.journal_size, journal)
        if journal.size < superblock.MIN_JOURNAL:
            raise Refused("%s is smaller than %d MiB; make it larger" % (journal.path, superblock.MIN_JOURNAL >> 20))
    fresh = journal is None or _is_blank(journal, settings.journal)
    disk = _find_disk(settings, fresh)
    journal_size = _journal_size(settings) if journal is None else 0
    made_disk = disk is None
    if made_disk:
        ports.create_file(settings.disk, settings.disk_size, False)
    try:
        if journal is None:
            ports.create_file(settings.journal, journal_size, True)
            journal = ports.FileStorage(settings.journal, direct=True)
    except Refused:
        if made_disk:
            ports.remove_file(settings.disk)
        raise
    return disk or ports.FileStorage(settings.disk), journal


def _check_size(key: str, wanted: "int | None", storage) -> None:
    if wanted is not None and wanted != storage.size:
        raise Refused(
            "%s has %d bytes and %s_size asks for %d; correct that line or leave it out"
            % (storage.path, storage.size, key, wanted)
        )


def _is_blank(journal, path: str) -> bool:
    """Whether nobody has used the journal yet; Refused when somebody else has."""
    try:
        if superblock.read(journal) is not None:
            return False
        superblock.ring_size(journal.size)  # refuses one that is too small
        blank = _is_zero(journal, 0, min(superblock.RING_OFFSET + _PIECE, journal.size))  # the ring's start, too
    except Refused as e:
        raise Refused("%s %s" % (path, e))
    except OSError as e:
        raise Refused("%s cannot be read (%s); replace it" % (path, e))
    if not blank:
        raise Refused("%s holds something that is not a Sosie journal; name an empty file or device" % path)
    return True


def _find_disk(settings, fresh: bool):
    """The disk's storage, None when it is to be made."""
    if ports.exists(settings.disk):
        disk = ports.FileStorage(settings.disk)
        if disk.is_device and settings.disk_size is not None:  # no two disks are alike; the smaller one says the size
            disk.use_first(settings.disk_size)
        _check_size("disk", settings.disk_size, disk)
        _check_shape(disk)
        if fresh and settings.role == TWIN:
            _check_unused(disk)
        return disk
    if not fresh:
        raise Refused("%s is missing, but its journal knows it; attach that disk, or %s" % (settings.disk, _ANEW))
    if settings.disk_size is None:
        raise Refused("%s does not exist; attach that disk, or add disk_size to have a file made" % settings.disk)
    return None


def _check_shape(disk) -> None:
    if disk.size % 512 or not disk.size:
        raise Refused(
            "%s has %d bytes, not a multiple of 512; give a disk or an image of whole blocks" % (disk.path, disk.size)
        )


def _check_unused(disk) -> None:
    """The disk of a fresh twin is overwritten from its first byte to its last: not when it looks as if
    somebody still needed it. Looks at the places where every partition table and file system begins or ends."""
    try:
        used = not all(_is_zero(disk, offset, length) for offset, length in _telling(disk))
    except OSError as e:
        raise Refused("%s cannot be read (%s); replace it" % (disk.path, e))
    if used:
        raise Refused(
            "%s holds data, and a twin's disk is overwritten with that of the primary; if nobody needs it, %s"
            % (disk.path, _how_to_empty(disk))
        )


def _telling(disk):
    """Yields (offset, length) of the ranges to look at: of a file only what is no hole."""
    extents = disk.allocated(0, disk.size)
    if extents is None:
        extents = [(0, disk.size, True)]
    left = _LOOKS_AT_DEVICE if disk.is_device else _LOOKS_AT_FILE
    last = disk.size - min(_LOOKS_AT_END, disk.size)
    for offset, length, is_data in extents:
        if is_data:
            yield offset, min(length, left)
            left -= min(length, left)
            end = offset + length
            yield max(offset, last), max(0, end - max(offset, last))


def _how_to_empty(disk) -> str:
    if disk.is_device:
        return (
            "empty it with `blkdiscard -f %s`, with `-z` too where that is not enough; where there is no shell, put a "
            "file start-anew with the line `empty the disk` on the card" % disk.path
        )
    return "delete the file"


def _is_zero(storage, offset: int, length: int) -> bool:
    view = memoryview(bytearray(_PIECE))
    zeroes = bytes(_PIECE)
    while length:
        piece = min(_PIECE, length)
        storage.read_into(offset, view[:piece])
        if view[:piece] != zeroes[:piece]:
            return False
        offset += piece
        length -= piece
    return True


def _journal_size(settings) -> int:
    free = ports.free_bytes(settings.journal)
    size = settings.journal_size
    if size is None:
        size = free // 2 & ~((1 << 20) - 1)
        if size < superblock.MIN_JOURNAL:
            raise Refused("there is no room for %s; free some space" % settings.journal)
    elif size > free:
        raise Refused("there is no room for %s; make journal_size smaller or free some space" % settings.journal)
    return size
