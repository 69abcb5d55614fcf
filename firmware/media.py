"""The two media of a board, its disk and its journal: found, checked, and made where there is none."""

from firmware import ports
from firmware.errors import Refused
from firmware.log import superblock

_PIECE = 1 << 20
_ANEW = "to start the pair anew, give both boards an empty disk and an empty journal"


def open_media(settings) -> tuple:
    """(disk, journal) storages. Raises Refused, and then has changed nothing."""
    journal = ports.FileStorage(settings.journal, direct=True) if ports.exists(settings.journal) else None
    if journal is not None:
        _check_size("journal", settings.journal_size, journal)
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
        blank = _is_zero(journal, 0, min(superblock.RING_OFFSET, journal.size))
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
        _check_size("disk", settings.disk_size, disk)
        _check_shape(disk)
        if fresh:
            _check_empty(disk)
        return disk
    if not fresh:
        raise Refused("%s is missing, but its journal knows it; attach that disk, or %s" % (settings.disk, _ANEW))
    if settings.disk_size is None:
        raise Refused("%s does not exist; attach that disk, or add disk_size to have a file made" % settings.disk)
    return None


def _check_shape(disk) -> None:
    if disk.size % 512 or not disk.size:
        raise Refused("%s has %d bytes, not a multiple of 512; give a disk or an image of whole blocks" % (disk.path, disk.size))


def _check_empty(disk) -> None:
    """The log of a fresh pair begins with two empty disks: what one of them holds now would never reach
    the other."""
    try:
        extents = disk.allocated(0, disk.size) or [(0, disk.size, True)]
        empty = all(not is_data or _is_zero(disk, offset, length) for offset, length, is_data in extents)
    except OSError as e:
        raise Refused("%s cannot be read (%s); replace it" % (disk.path, e))
    if not empty:
        raise Refused(
            "%s holds data, and a fresh journal cannot know of it; %s, then copy the data onto the "
            "mirrored disk" % (disk.path, _ANEW)
        )


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
