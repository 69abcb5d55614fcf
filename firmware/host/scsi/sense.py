"""Status, sense keys and additional sense codes (SPC-4 4.5, Annex D), and the one exception that carries them."""

import struct

GOOD = 0x00
CHECK_CONDITION = 0x02

# Sense key, additional sense code and its qualifier as one number: 0x052400 is ILLEGAL REQUEST, 24h/00h.
NO_SENSE = 0x000000
BECOMING_READY = 0x020401
NO_MEDIUM = 0x023A00
WRITE_ERROR = 0x030C00
UNRECOVERED_READ_ERROR = 0x031100
INTERNAL_FAILURE = 0x044400
LIST_LENGTH_ERROR = 0x051A00
INVALID_OPCODE = 0x052000
OUT_OF_RANGE = 0x052100
INVALID_FIELD_IN_CDB = 0x052400
UNKNOWN_UNIT = 0x052500
INVALID_FIELD_IN_LIST = 0x052600
SAVING_NOT_SUPPORTED = 0x053900
REMOVAL_PREVENTED = 0x055302
MEDIUM_CHANGED = 0x062800
RESET_OCCURRED = 0x062900
WRITE_PROTECTED = 0x072700
SOFTWARE_WRITE_PROTECTED = 0x072702
SPACE_FAILED = 0x072707
TIMED_OUT = 0x0B0801
MISCOMPARE = 0x0E1D00

SENSE_SIZE = 18
_FIXED = 0x70  # current error, fixed format
_DESCRIPTOR = 0x72
_VALID = 0x80
_IN_CDB = 0xC0  # SKSV and C/D: the field is one of the CDB
_IN_LIST = 0x80
_BIT_VALID = 0x08


class CheckCondition(Exception):
    """Why a command ends with CHECK CONDITION.

    `code` is one of the numbers above. `information` goes into the field of that name. `field` is the byte, of
    the CDB or of the parameter list, that was wrong, and `bit` the highest bit of it.
    """

    def __init__(self, code: int, information: "int | None" = None, field: "int | None" = None, bit: int = -1):
        super().__init__("sense %06X" % code)
        self.code = code
        self.information = information
        self.field = field
        self.bit = bit

    def fixed(self) -> bytes:
        """18 bytes of sense data (SPC-4 4.5.3)."""
        code, information = self.code, self.information
        response, first = _FIXED, 0
        if information is not None and information >> 32 == 0:
            response, first = _FIXED | _VALID, information
        data = struct.pack(">BBBIB", response, 0, code >> 16, first, SENSE_SIZE - 8)
        return data + struct.pack(">4xHx", code & 0xFFFF) + self._specific()

    def descriptors(self) -> bytes:
        """The same in descriptor format (SPC-4 4.5.2)."""
        data = b""
        if self.information is not None:
            data += struct.pack(">BBBBQ", 0, 10, _VALID, 0, self.information)
        if self.field is not None:
            data += struct.pack(">BBBB", 2, 6, 0, 0) + self._specific() + b"\0"
        code = self.code
        return struct.pack(">BBH3xB", _DESCRIPTOR, code >> 16, code & 0xFFFF, len(data)) + data

    def _specific(self) -> bytes:
        """Sense key specific: the field pointer (SPC-4 4.5.2.4.2)."""
        if self.field is None:
            return b"\0\0\0"
        flags = _IN_CDB if self.code == INVALID_FIELD_IN_CDB else _IN_LIST
        if self.bit >= 0:
            flags |= _BIT_VALID | self.bit
        return struct.pack(">BH", flags, self.field)


def invalid_field(byte: int, bit: int = -1) -> CheckCondition:
    """The CDB's byte `byte` asks for something that is not there."""
    return CheckCondition(INVALID_FIELD_IN_CDB, field=byte, bit=bit)


def invalid_parameter(byte: int, bit: int = -1) -> CheckCondition:
    """Byte `byte` of the parameter list is not what it can be."""
    return CheckCondition(INVALID_FIELD_IN_LIST, field=byte, bit=bit)
