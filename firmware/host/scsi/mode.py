"""MODE SENSE (SPC-4 6.14, 7.5; SBC-3 6.5): caching, control and informational exceptions."""

import struct

from firmware.host.scsi import limits
from firmware.host.scsi.sense import SAVING_NOT_SUPPORTED, CheckCondition, invalid_field

CACHING, CONTROL, EXCEPTIONS = 0x08, 0x0A, 0x1C
_ALL_PAGES, _ALL_SUBPAGES = 0x3F, 0xFF
_WRITE_PROTECTED, _DPOFUA = 0x80, 0x10
_WCE = 0x04  # byte 2 of the caching page
_SWP = 0x08  # byte 4 of the control page
_CHANGEABLE, _DEFAULT, _SAVED = 1, 2, 3

# With default values, the write cache on.
PAGES = {
    CACHING: b"\x08\x12\x04" + bytes(17),
    # GLTSD; an unlimited busy timeout
    CONTROL: b"\x0a\x0a\x02\0\0\0\0\0\xff\xff\0\0",
    # Nothing is reported this way: what fails is seen by commands.
    EXCEPTIONS: b"\x1c\x0a" + bytes(10),
}
# The byte and the bit of each page that a host may change.
CHANGEABLE = {CACHING: (2, _WCE), CONTROL: (4, _SWP)}


def page(unit, code: int, control: int = 0) -> bytearray:
    """One mode page: its current, changeable or default values."""
    data = bytearray(PAGES[code])
    at, bit = CHANGEABLE.get(code, (2, 0))
    if control == _CHANGEABLE:
        data[2:] = bytes(len(data) - 2)
        data[at] = bit
    elif control != _DEFAULT and bit:
        is_set = unit.write_cache if code == CACHING else unit.write_protect
        data[at] = data[at] & ~bit | (bit if is_set else 0)
    return data


def _pages(unit, cdb) -> bytes:
    control, code, subpage = cdb[2] >> 6, cdb[2] & 0x3F, cdb[3]
    if control == _SAVED:
        raise CheckCondition(SAVING_NOT_SUPPORTED)
    if subpage and (subpage != _ALL_SUBPAGES or code != _ALL_PAGES and code not in PAGES):
        raise invalid_field(3)
    if code == _ALL_PAGES:
        return b"".join([bytes(page(unit, each, control)) for each in sorted(PAGES)])
    if code not in PAGES:
        raise invalid_field(2, 5)
    return bytes(page(unit, code, control))


def _specific(unit) -> int:
    """The device-specific parameter (SBC-3 6.5.1)."""
    protected = unit.write_protect or not unit.writable
    return _DPOFUA | (_WRITE_PROTECTED if protected else 0)


def _descriptor(unit, is_long: bool) -> bytes:
    """The block descriptor: how many blocks of what size."""
    blocks = unit.blocks if unit.has_medium else 0
    if is_long:
        return struct.pack(">Q4xI", blocks, limits.BLOCK)
    return struct.pack(">II", min(blocks, 0xFFFFFFFF), limits.BLOCK)


def mode_sense_6(task, cdb):
    unit = task.unit
    pages = _pages(unit, cdb)
    descriptor = b"" if cdb[1] & 0x08 else _descriptor(unit, False)
    length = 3 + len(descriptor) + len(pages)
    header = struct.pack(">BBBB", length, 0, _specific(unit), len(descriptor))
    return task.reply(header + descriptor + pages, cdb[4])


def mode_sense_10(task, cdb):
    unit = task.unit
    is_long = bool(cdb[1] & 0x10)
    pages = _pages(unit, cdb)
    descriptor = b"" if cdb[1] & 0x08 else _descriptor(unit, is_long)
    length = 6 + len(descriptor) + len(pages)
    header = struct.pack(">HBBBBH", length, 0, _specific(unit), 1 if descriptor and is_long else 0, 0, len(descriptor))
    return task.reply(header + descriptor + pages, cdb[7] << 8 | cdb[8])
