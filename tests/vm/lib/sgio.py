"""SCSI commands of our own through Linux's SG_IO, with status and sense as the disk gave them (scsi/sg.h)."""

import ctypes
import fcntl
import os
import struct
from dataclasses import dataclass

_SG_IO = 0x2285
_NONE, _TO_DEVICE, _FROM_DEVICE = -1, -2, -3
_SENSE_SIZE = 64
# interface_id, dxfer_direction, cmd_len, mx_sb_len, iovec_count, dxfer_len, dxferp, cmdp, sbp, timeout, flags,
# pack_id, usr_ptr, status, masked_status, msg_status, sb_len_wr, host_status, driver_status, resid, duration, info
_HEADER = struct.Struct("@iiBBHIPPPIIiPBBBBHHiII")
_STATUS, _SENSE_WRITTEN, _HOST_STATUS, _RESIDUE = 13, 16, 17, 19


@dataclass(frozen=True)
class Answer:
    """`sense` is (key, asc, ascq), or None with status GOOD; `data` what the disk sent; `residue` in bytes."""

    status: int
    sense: tuple[int, int, int] | None
    data: bytes
    residue: int


def command(node: str, cdb: bytes, take: int = 0, send: bytes = b"", timeout_s: float = 40.0) -> Answer:
    """One command, which takes `take` bytes from the disk or sends `send`. OSError when the transport failed."""
    length = take or len(send)
    data = ctypes.create_string_buffer(send or bytes(max(1, take)), max(1, length))
    block = ctypes.create_string_buffer(bytes(cdb), len(cdb))
    sense = ctypes.create_string_buffer(_SENSE_SIZE)
    direction = _FROM_DEVICE if take else _TO_DEVICE if send else _NONE
    places = [ctypes.addressof(each) for each in (data, block, sense)]
    fixed = (ord("S"), direction, len(cdb), _SENSE_SIZE, 0, length, *places, int(timeout_s * 1000))
    header = bytearray(_HEADER.pack(*fixed, *[0] * 12))
    descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, _SG_IO, header)
    finally:
        os.close(descriptor)
    found = _HEADER.unpack(header)
    if found[_HOST_STATUS]:
        raise OSError("the host's driver failed: DID 0x%02x" % found[_HOST_STATUS])
    told = sense.raw[: found[_SENSE_WRITTEN]]
    taken = data.raw[: take - found[_RESIDUE]] if take else b""
    return Answer(found[_STATUS], _codes(told) if found[_STATUS] else None, taken, found[_RESIDUE])


def _codes(sense: bytes) -> tuple[int, int, int]:
    """Key, additional code and qualifier of fixed format sense data (SPC-4 4.5.3)."""
    assert sense[:1] == b"\x70" and len(sense) >= 14, "sense data %s" % sense.hex()
    return sense[2] & 0x0F, sense[12], sense[13]


def test_unit_ready(node: str) -> Answer:
    return command(node, bytes(6))


def read(node: str, lba: int, blocks: int) -> bytes:
    """READ(10), past the host's memory."""
    answer = command(node, struct.pack(">BBIBHB", 0x28, 0, lba, 0, blocks, 0), blocks * 512)
    assert answer.status == 0 and len(answer.data) == blocks * 512, answer
    return answer.data


def write(node: str, lba: int, data: bytes) -> None:
    """WRITE(10), past the host's memory."""
    answer = command(node, struct.pack(">BBIBHB", 0x2A, 0, lba, 0, len(data) // 512, 0), send=data)
    assert answer.status == 0, answer
