"""Commands that speak of many blocks with few bytes: UNMAP, WRITE SAME, GET LBA STATUS (SBC-3 5.6, 5.35, 5.43)."""

import struct

from firmware.host.scsi import media
from firmware.host.scsi.compare import repeat
from firmware.host.scsi.limits import BLOCK, BLOCK_SHIFT, MAX_DESCRIPTORS, PIECE
from firmware.host.scsi.sense import (
    INVALID_FIELD_IN_LIST,
    LIST_LENGTH_ERROR,
    OUT_OF_RANGE,
    CheckCondition,
    invalid_field,
)

_UNMAP, _NDOB = 0x08, 0x01
_ZEROES = bytes(BLOCK)
_LIST_HEADER = 8  # of UNMAP and of GET LBA STATUS
_DESCRIPTOR = 16
_MAPPED, _DEALLOCATED = 0, 1
_LOOK_AHEAD = 1 << 30  # bytes: how far GET LBA STATUS looks; the host asks again from there
_MOST_STATUSES = 256


def write_same(task, cdb):
    """One block, or none for zeroes, again and again. Zeroes are one record of the log, however many there are."""
    flags, lba, blocks, at = media.extent(cdb)
    unit = task.unit
    if flags & _UNMAP and not unit.trims:
        raise invalid_field(1, 3)
    if not blocks:
        raise invalid_field(at)  # WSNZ
    if lba + blocks > unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    has_data = not (flags & _NDOB and cdb[0] >> 5 == 4)
    task.receives_exactly(BLOCK if has_data else 0, at)
    return _write_same(task, unit, lba << BLOCK_SHIFT, blocks << BLOCK_SHIFT, has_data, bool(flags & _UNMAP))


def _write_same(task, unit, offset: int, length: int, has_data: bool, trim: bool):
    volume, is_through = unit.volume, not unit.write_cache
    if has_data:
        yield task.buffer[:BLOCK]
    if has_data and bytes(task.buffer[:BLOCK]) != _ZEROES:
        yield from _write_copies(task, volume, offset, length)
    else:
        yield from task.zero(volume, offset, length, trim)
    if is_through:
        yield from task.flush(volume)


def _write_copies(task, volume, offset: int, length: int):
    end = offset + length
    repeat(task.buffer, min(length, PIECE))
    while offset < end:
        view = task.buffer[: min(end - offset, PIECE)]
        yield from task.write(volume, offset, view)
        offset += len(view)
        if offset < end:
            yield from task.pause()


def unmap(task, cdb):
    length = cdb[7] << 8 | cdb[8]
    if not length:
        return None
    if length < _LIST_HEADER:
        raise CheckCondition(LIST_LENGTH_ERROR)
    task.receives(length)
    return _unmap(task, task.unit, length)


def _unmap(task, unit, length: int):
    window = task.buffer[:length]
    yield window
    descriptors = _descriptors(window, unit.blocks)
    for lba, blocks in descriptors:
        yield from task.zero(unit.volume, lba << BLOCK_SHIFT, blocks << BLOCK_SHIFT, True)
    if not unit.write_cache:
        yield from task.flush(unit.volume)


def _descriptors(data, capacity: int) -> list:
    """[(LBA, blocks)] of an UNMAP parameter list, all of them possible (SBC-3 5.43.2)."""
    _, size = struct.unpack_from(">HH", data)
    if _LIST_HEADER + size > len(data):
        raise CheckCondition(LIST_LENGTH_ERROR)
    count = size // _DESCRIPTOR
    if count > MAX_DESCRIPTORS:
        raise CheckCondition(INVALID_FIELD_IN_LIST, field=2)
    found = [struct.unpack_from(">QI", data, _LIST_HEADER + i * _DESCRIPTOR) for i in range(count)]
    for lba, blocks in found:
        if lba + blocks > capacity:
            raise CheckCondition(OUT_OF_RANGE)
    return found


def get_lba_status(task, cdb):
    lba, allocation_length = struct.unpack_from(">QI", cdb, 2)
    unit = task.unit
    if lba >= unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    offset = lba << BLOCK_SHIFT
    length = min(unit.volume.size - offset, _LOOK_AHEAD)
    try:
        statuses = unit.volume.block_status(offset, length)
    except OSError:
        statuses = None
    statuses = statuses or [(length, True)]  # where it is not known, all may be mapped
    most = max(1, min(_MOST_STATUSES, (allocation_length - _LIST_HEADER) // _DESCRIPTOR))
    descriptors = b""
    for size, is_mapped in statuses[:most]:
        provisioning = _MAPPED if is_mapped else _DEALLOCATED
        descriptors += struct.pack(">QIB3x", offset >> BLOCK_SHIFT, size >> BLOCK_SHIFT, provisioning)
        offset += size
    return task.reply(struct.pack(">I4x", 4 + len(descriptors)) + descriptors, allocation_length)
