"""Commands on the medium as a thing: START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, READ FORMAT CAPACITIES."""

import struct

from firmware.host.scsi.limits import BLOCK
from firmware.host.scsi.sense import REMOVAL_PREVENTED, CheckCondition

_START, _LOEJ, _NO_FLUSH = 0x01, 0x02, 0x04  # byte 4
_FORMATTED, _NO_MEDIUM = 2, 3


def start_stop_unit(task, cdb):
    """SBC-3 5.25. LOEJ ejects or loads. A stop is a flush: there is nothing here that spins or sleeps, so neither
    the stopped state nor power conditions exist, and a host that forgets to start the unit again finds it ready."""
    unit, flags = task.unit, cdb[4]
    if flags >> 4:
        return None  # a power condition: START and LOEJ mean nothing then
    if flags & _LOEJ:
        if unit.prevented:
            raise CheckCondition(REMOVAL_PREVENTED)
        if flags & _START:
            unit.load()
            return None
        # The medium is let go of when all is durable, even with IMMED: ejecting is what makes pulling it safe.
        return _eject(task, unit)
    if flags & (_START | _NO_FLUSH) or not unit.has_medium:
        return None
    return task.flush(unit.volume)


def _eject(task, unit):
    if unit.has_medium:
        yield from task.flush(unit.volume)
    unit.eject()


def prevent_allow(task, cdb):
    task.unit.prevented = bool(cdb[4] & 1)


def read_format_capacities(task, cdb):
    """MMC-6 6.23; Windows asks every disk on USB."""
    unit = task.unit
    blocks, kind = (min(unit.blocks, 0xFFFFFFFF), _FORMATTED) if unit.has_medium else (0, _NO_MEDIUM)
    data = struct.pack(">3xBII", 8, blocks, kind << 24 | BLOCK)
    return task.reply(data, cdb[7] << 8 | cdb[8])
