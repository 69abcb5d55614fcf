"""MODE SELECT (SPC-4 6.11): a host may switch the write cache off and protect the disk against itself."""

import struct

from firmware.host.scsi import limits, mode
from firmware.host.scsi.sense import (
    LIST_LENGTH_ERROR,
    CheckCondition,
    invalid_field,
    invalid_parameter,
)

_SP = 0x01


def mode_select_6(task, cdb):
    return _begin(task, cdb, cdb[4], 4)


def mode_select_10(task, cdb):
    return _begin(task, cdb, cdb[7] << 8 | cdb[8], 8)


def _begin(task, cdb, length: int, header_size: int):
    if cdb[1] & _SP:
        raise invalid_field(1, 0)  # pages are not saved
    if not length:
        return None
    if length < header_size:
        raise CheckCondition(LIST_LENGTH_ERROR)
    task.receives(length)
    return _select(task, task.unit, length, header_size)


def _select(task, unit, length: int, header_size: int):
    yield task.buffer[:length]
    data = bytes(task.buffer[:length])
    start = header_size + _check_header(unit, data, header_size)
    wanted = {mode.CACHING: unit.write_cache, mode.CONTROL: unit.write_protect}
    for at in _pages(data, start):
        _check_page(unit, data, at, wanted)
    write_cache = wanted[mode.CACHING]
    if unit.write_cache and not write_cache and unit.has_medium:
        yield from task.flush(unit.volume)  # what was cached is written first (SBC-3 4.15.2)
    unit.set_modes(write_cache, wanted[mode.CONTROL])


def _check_header(unit, data: bytes, header_size: int) -> int:
    """The size of the block descriptor; it must say what there is."""
    if header_size == 4:
        is_long, size = False, data[3]
    else:
        is_long, size = bool(data[4] & 1), data[6] << 8 | data[7]
    descriptor = data[header_size : header_size + size]
    if len(descriptor) < size:
        raise CheckCondition(LIST_LENGTH_ERROR)
    if not size:
        return 0
    if size != (16 if is_long else 8):
        raise invalid_parameter(header_size - 1)
    blocks, block = struct.unpack(">Q4xI" if is_long else ">II", descriptor)
    most = unit.blocks if unit.has_medium else 0
    if blocks not in (0, most, 0xFFFFFFFF if is_long else min(most, 0xFFFFFFFF)):
        raise invalid_parameter(header_size)
    if block & 0xFFFFFF != limits.BLOCK:
        raise invalid_parameter(header_size + size - 3)
    return size


def _pages(data: bytes, start: int) -> list:
    """Where each mode page of the list begins."""
    found = []
    while start < len(data):
        if len(data) - start < 2 or start + 2 + data[start + 1] > len(data):
            raise CheckCondition(LIST_LENGTH_ERROR)
        found.append(start)
        start += 2 + data[start + 1]
    return found


def _check_page(unit, data: bytes, at: int, wanted: dict) -> None:
    """Takes what may be changed into `wanted`; everything else must be as it is."""
    code = data[at] & 0x3F
    if data[at] & 0xC0 or code not in mode.PAGES:
        raise invalid_parameter(at)
    current = mode.page(unit, code)
    if data[at + 1] != current[1]:
        raise invalid_parameter(at + 1)
    where, bit = mode.CHANGEABLE.get(code, (0, 0))
    for i in range(2, len(current)):
        if (data[at + i] ^ current[i]) & ~(bit if i == where else 0):
            raise invalid_parameter(at + i)
    if bit:
        wanted[code] = bool(data[at + where] & bit)
