"""What two boards that are being paired tell each other: byte layouts (PAIRING.md has the tables)."""

import struct

from firmware.errors import ProtocolError
from firmware.pair.identity import MAX_NAME, PRIMARY, TWIN
from firmware.text import decode

MAGIC = b"SosiePar"  # its first byte tells it from TLS, which begins with 0x16
VERSION = 1
_PREAMBLE = "<8sHH"
PREAMBLE_SIZE = 12

ELEMENT, CARD, DONE, REFUSED = 1, 2, 3, 4
_HEADER = "<BBH"
HEADER_SIZE = 4
_CARD = "<BBH"
CARD_SIZE = 4

TAG_SIZE = 32
MAX_ELEMENT = 64
MAX_CERTIFICATE = 2048
MAX_SENTENCE = 400
LENGTHS = {  # shortest and longest payload of each kind
    ELEMENT: (1, MAX_ELEMENT),
    CARD: (CARD_SIZE + 2 + TAG_SIZE, CARD_SIZE + MAX_NAME + MAX_CERTIFICATE + TAG_SIZE),
    DONE: (TAG_SIZE, TAG_SIZE),
    REFUSED: (1, MAX_SENTENCE),
}
MAX_MESSAGE = HEADER_SIZE + CARD_SIZE + MAX_NAME + MAX_CERTIFICATE + TAG_SIZE
ROLES = ("", PRIMARY, TWIN)


def preamble() -> bytes:
    """What either side says first."""
    return struct.pack(_PREAMBLE, MAGIC, VERSION, 0)


def unpack_preamble(data) -> int:
    """The version that the other side speaks; ProtocolError when this is no introduction."""
    magic, version, _ = struct.unpack(_PREAMBLE, data)
    if magic != MAGIC:
        raise ProtocolError("what is connected here does not want to be paired")
    return version


def message(kind: int, payload: bytes) -> bytes:
    """A message, with its header."""
    assert LENGTHS[kind][0] <= len(payload) <= LENGTHS[kind][1]
    return struct.pack(_HEADER, kind, 0, len(payload)) + payload


def unpack_header(data) -> tuple:
    """(kind, length of the payload)."""
    kind, zero, length = struct.unpack(_HEADER, data)
    if kind not in LENGTHS or zero:
        raise ProtocolError("a message of unknown kind %d" % kind)
    if not LENGTHS[kind][0] <= length <= LENGTHS[kind][1]:
        raise ProtocolError("a message of kind %d with %d bytes" % (kind, length))
    return kind, length


class Card:
    """Who a board says it is: `name`, `role`, `certificate` (DER)."""

    def __init__(self, name: str, role: str, certificate: bytes):
        self.name = name
        self.role = role
        self.certificate = certificate

    def pack(self) -> bytes:
        """Its bytes, without the tag."""
        name = self.name.encode()
        assert 0 < len(name) <= MAX_NAME and 0 < len(self.certificate) <= MAX_CERTIFICATE
        return struct.pack(_CARD, ROLES.index(self.role), len(name), len(self.certificate)) + name + self.certificate

    @classmethod
    def unpack(cls, data: bytes) -> "Card":
        """The card in bytes whose tag was found good; ProtocolError when it is none."""
        role, name_size, certificate_size = struct.unpack(_CARD, data[:CARD_SIZE])
        whole = len(data) == CARD_SIZE + name_size + certificate_size
        if not whole or not 0 < role < len(ROLES) or not 0 < name_size <= MAX_NAME or not certificate_size:
            raise ProtocolError("the other board's card makes no sense")
        try:
            name = decode(data[CARD_SIZE : CARD_SIZE + name_size])
        except UnicodeError:
            raise ProtocolError("the other board's name is not text")
        return cls(name, ROLES[role], data[CARD_SIZE + name_size :])
