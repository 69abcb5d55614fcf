"""Commands on the state of a unit: is it ready, what was wrong, how large is it."""

import struct

from firmware.host.scsi import limits
from firmware.host.scsi.sense import NO_SENSE, UNKNOWN_UNIT, CheckCondition, invalid_field


def test_unit_ready(task, cdb):
    task.unit.check_sound()


def request_sense(task, cdb):
    """SPC-4 6.39: the sense of the last command, else a unit attention condition, as data and with GOOD."""
    unit = task.unit
    condition = task.kept_sense()
    if condition is None:
        code = NO_SENSE
        if unit is None:
            code = UNKNOWN_UNIT
        elif unit.attentions:
            code = unit.take_attention()
        condition = CheckCondition(code)
    return task.reply(condition.descriptors() if cdb[1] & 1 else condition.fixed(), cdb[4])


def _sound_volume(task):
    task.unit.check_sound()
    return task.unit.volume


def read_capacity_10(task, cdb):
    if not cdb[8] & 1 and struct.unpack_from(">I", cdb, 2)[0]:
        raise invalid_field(2)
    _sound_volume(task)
    last = min(task.unit.blocks - 1, 0xFFFFFFFF)  # the largest number: ask by READ CAPACITY (16)
    return task.reply(struct.pack(">II", last, limits.BLOCK), 8)


def read_capacity_16(task, cdb):
    address, allocation_length = struct.unpack_from(">QI", cdb, 2)
    if not cdb[14] & 1 and address:
        raise invalid_field(2)
    volume = _sound_volume(task)
    thin = 0xC000 if volume.trims else 0  # LBPME, LBPRZ
    data = struct.pack(">QIBBH16x", task.unit.blocks - 1, limits.BLOCK, 0, limits.PHYSICAL_EXPONENT, thin)
    return task.reply(data, allocation_length)
