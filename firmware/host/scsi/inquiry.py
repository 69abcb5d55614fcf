"""INQUIRY and its vital product data (SPC-4 6.4, 7.8; SBC-3 6.6), and REPORT LUNS."""

import struct
from hashlib import sha256

from firmware.host.scsi import limits
from firmware.host.scsi.sense import invalid_field

_NOT_HERE = 0x7F  # peripheral qualifier 3: there is no such logical unit
_SPC_4 = 6
# SAM-5, SPC-4, SBC-3 and the Bulk-Only Transport (SPC-4 Annex C.5)
_VERSIONS = struct.pack(">HHHH", 0x00A0, 0x0460, 0x04C0, 0x1730)
_STANDARD_SIZE = 96
_ASCII, _BINARY = 2, 1  # code sets of designators
_T10, _NAA = 1, 3
_LOCALLY_ASSIGNED = 3


def inquiry(task, cdb):
    allocation_length = cdb[3] << 8 | cdb[4]
    if not cdb[1] & 1:
        if cdb[2]:
            raise invalid_field(2)
        return task.reply(_standard(task.unit), allocation_length)
    page = _PAGES.get(cdb[2])
    if page is None or (task.unit is None and cdb[2]):
        raise invalid_field(2)
    body = page(task.unit)
    kind = 0 if task.unit is not None else _NOT_HERE
    return task.reply(struct.pack(">BBH", kind, cdb[2], len(body)) + body, allocation_length)


def _padded(text: str, size: int) -> bytes:
    """Left-aligned ASCII, filled with spaces (SPC-4 4.4.1)."""
    data = text.encode()[:size]
    return data + b" " * (size - len(data))


def _standard(unit) -> bytes:
    data = bytearray(_STANDARD_SIZE)
    data[0] = _NOT_HERE if unit is None else 0
    data[1] = 0x80 if unit is not None and unit.removable else 0
    data[2] = _SPC_4
    data[3] = 2  # response data format
    data[4] = _STANDARD_SIZE - 5
    if unit is not None:
        data[8:36] = _padded(unit.vendor, 8) + _padded(unit.product, 16) + _padded(unit.revision, 4)
        data[58 : 58 + len(_VERSIONS)] = _VERSIONS
    return data


def _supported_pages(unit) -> bytes:
    return bytes(sorted(_PAGES)) if unit is not None else b"\0"


def _serial_number(unit) -> bytes:
    return unit.serial.encode()


def _designator(code_set: int, kind: int, data: bytes) -> bytes:
    return struct.pack(">BBBB", code_set, kind, 0, len(data)) + data


def _device_identification(unit) -> bytes:
    """By vendor, product and serial number, and as a short number made of them, which hosts name disks by."""
    name = _padded(unit.vendor, 8) + _padded(unit.product, 16) + unit.serial.encode()
    number = bytearray(sha256(name).digest()[:8])
    number[0] = _LOCALLY_ASSIGNED << 4 | number[0] & 0x0F
    return _designator(_ASCII, _T10, name) + _designator(_BINARY, _NAA, bytes(number))


def _block_limits(unit) -> bytes:
    thin = unit.trims
    return struct.pack(
        ">BBHIIIIIIIQIIIII",
        1,  # WSNZ: WRITE SAME does not take 0 for everything
        limits.MAX_COMPARE,
        limits.OPTIMAL_GRANULARITY,
        limits.MAX_TRANSFER,
        limits.OPTIMAL_TRANSFER,
        limits.MAX_TRANSFER,  # of PRE-FETCH
        limits.MAX_UNMAP if thin else 0,
        limits.MAX_DESCRIPTORS if thin else 0,
        limits.OPTIMAL_GRANULARITY if thin else 0,
        0x80000000 if thin else 0,  # UGAVALID: granules start at block 0
        limits.MAX_SAME,
        limits.ATOMIC,
        1,  # alignment of atomic writes
        1,  # granularity of atomic writes
        0,  # no atomic boundaries
        0,
    )


def _characteristics(unit) -> bytes:
    return struct.pack(">H58x", 1)  # rotation rate: it does not rotate


def _provisioning(unit) -> bytes:
    """LBPU, LBPWS, LBPWS10, LBPRZ; thin provisioned."""
    thin = unit.trims
    return b"\0\xe4\x02\0" if thin else b"\0\0\0\0"


_PAGES = {
    0x00: _supported_pages,
    0x80: _serial_number,
    0x83: _device_identification,
    0xB0: _block_limits,
    0xB1: _characteristics,
    0xB2: _provisioning,
}


def report_luns(task, cdb):
    """SPC-4 6.33; there are no well known logical units."""
    select, allocation_length = cdb[2], struct.unpack_from(">I", cdb, 6)[0]
    if select > 2:
        raise invalid_field(2)
    if allocation_length < 16:
        raise invalid_field(6)
    luns = b"" if select == 1 else b"".join(struct.pack(">BB6x", 0, lun) for lun in range(len(task.units)))
    return task.reply(struct.pack(">I4x", len(luns)) + luns, allocation_length)
