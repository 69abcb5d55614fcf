"""Commands that move blocks between the host and the medium (SBC-3 5)."""

import struct

from firmware.host.scsi.limits import ATOMIC, BLOCK_SHIFT, MAX_TRANSFER, PIECE
from firmware.host.scsi.sense import OUT_OF_RANGE, CheckCondition, invalid_field

_FUA = 0x08


def extent(cdb) -> tuple:
    """(flags, LBA, blocks, the byte of the CDB where their number stands) of a command on a range of blocks."""
    group = cdb[0] >> 5
    if group == 0:
        high, low, blocks = struct.unpack_from(">BHB", cdb, 1)
        return 0, (high & 0x1F) << 16 | low, blocks or 256, 4
    if group == 4:
        _, flags, lba, blocks = struct.unpack_from(">BBQI", cdb)
        return flags, lba, blocks, 10
    if group == 5:
        _, flags, lba, blocks = struct.unpack_from(">BBII", cdb)
        return flags, lba, blocks, 6
    _, flags, lba, _, blocks = struct.unpack_from(">BBIBH", cdb)
    return flags, lba, blocks, 7


def checked_extent(unit, cdb) -> tuple:
    """(flags, byte offset, bytes) of a command on a range that there is, and of which not too much is asked."""
    flags, lba, blocks, at = extent(cdb)
    if lba + blocks > unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    if blocks > MAX_TRANSFER:
        raise invalid_field(at)
    unit.used(cdb[0] & 0x1F == 0x0A)
    return flags, lba << BLOCK_SHIFT, blocks << BLOCK_SHIFT


def read(task, cdb):
    _, offset, length = checked_extent(task.unit, cdb)
    if not length:
        return None
    task.sends(length)
    return _read(task, task.unit.volume, offset, length)


def _read(task, volume, offset: int, length: int):
    while length:
        window = task.buffer[: min(length, PIECE)]
        yield from task.read(volume, offset, window)
        yield window
        offset += len(window)
        length -= len(window)


def write(task, cdb):
    flags, offset, length = checked_extent(task.unit, cdb)
    task.receives(length)
    is_through = flags & _FUA or not task.unit.write_cache
    return _write(task, task.unit.volume, offset, length, is_through)


def _write(task, volume, offset: int, length: int, is_through: bool):
    while length:
        window = task.buffer[: min(length, PIECE)]
        yield window
        yield from task.write(volume, offset, window)
        offset += len(window)
        length -= len(window)
    if is_through:
        yield from task.flush(volume)


def write_atomic(task, cdb):
    """SBC-4 5.49: all of it or none of it is there, even after a power cut. Up to PIECE bytes any write is that."""
    flags, lba, length_at = cdb[1], struct.unpack_from(">Q", cdb, 2)[0], 12
    blocks = cdb[12] << 8 | cdb[13]
    if lba + blocks > task.unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    if blocks > ATOMIC:
        raise invalid_field(length_at)
    length = blocks << BLOCK_SHIFT
    task.receives(length)
    is_through = flags & _FUA or not task.unit.write_cache
    return _write(task, task.unit.volume, lba << BLOCK_SHIFT, length, is_through)


def synchronize_cache(task, cdb):
    """SBC-3 5.22: the range does not matter, all is flushed. With IMMED the flush is only set going."""
    flags, lba, blocks, _ = extent(cdb)
    unit = task.unit
    if lba + blocks > unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    if flags & 0x02:
        unit.check_sound()
        unit.volume.flush(_nobody_waits)
        return None
    return task.flush(unit.volume)


def _nobody_waits(error) -> None:
    """A flush that fails shows itself to the next command: the volume stays failed."""
