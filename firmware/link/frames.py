"""Byte layouts of the link: preamble, frame header and every payload. PROTOCOL.md holds the tables.

Integers are little-endian. Every unpack checks all that the bytes alone can tell and raises
`ProtocolError`. All that is small is covered by a CRC-32 of the frame: an ACK with one flipped bit
could free journal space that the twin does not hold. A group's body has its own in the descriptor.
"""

import struct

from firmware.checksum import crc32
from firmware.errors import ProtocolError
from firmware.log.layout import DESCRIPTOR_SIZE, MAX_BODY
from firmware.pair.identity import MAX_NAME, PRIMARY, TWIN, Identity

MAGIC = b"SosieLnk"
VERSION = 1
_PREAMBLE = "<8sHH"
PREAMBLE_SIZE = 12

HELLO, READY, GROUP, ACK, PING, PONG, ERROR, BYE, STATUS = 1, 2, 3, 4, 5, 6, 7, 8, 9
_HEADER = "<BBBBIII"
HEADER_SIZE = 20

MAX_SENTENCE = 1000
MAX_STATUS = 4096
_HELLO = "<16s16sIQIQQIIIBBBB"
_READY = "<QI"
_ACK = "<QQQ"
_BEAT = "<QQ"
_ERROR = "<HHQ"
HELLO_SIZE, READY_SIZE, ACK_SIZE, BEAT_SIZE, ERROR_SIZE = 80, 12, 24, 16, 12

LENGTHS = {  # shortest and longest payload of each type
    HELLO: (HELLO_SIZE, HELLO_SIZE + MAX_NAME),
    READY: (READY_SIZE, READY_SIZE),
    GROUP: (DESCRIPTOR_SIZE + 1, DESCRIPTOR_SIZE + MAX_BODY),
    ACK: (ACK_SIZE, ACK_SIZE),
    PING: (BEAT_SIZE, BEAT_SIZE),
    PONG: (BEAT_SIZE, BEAT_SIZE),
    ERROR: (ERROR_SIZE, ERROR_SIZE + MAX_SENTENCE),
    BYE: (0, 0),
    STATUS: (1, MAX_STATUS),
}
MAX_FIXED = HEADER_SIZE + MAX_STATUS  # longest frame without a group's body

# Codes of an ERROR frame.
REFUSED, PROTOCOL, DAMAGED, UNREADABLE, BUSY = 1, 2, 3, 4, 5

ROLES = ("", PRIMARY, TWIN)


def pack_preamble(buffer) -> None:
    """Writes PREAMBLE_SIZE bytes: the part that no version may ever change."""
    struct.pack_into(_PREAMBLE, buffer, 0, MAGIC, VERSION, 0)


def unpack_preamble(buffer) -> int:
    """The version that the other side speaks; ProtocolError when it is no board at all."""
    magic, version, _ = struct.unpack_from(_PREAMBLE, buffer, 0)
    if magic != MAGIC:
        raise ProtocolError("what is connected here does not speak the link's protocol")
    return version


def pack_header(buffer, kind: int, codec: int, length: int, sequence: int, fixed_length: int) -> None:
    """Writes HEADER_SIZE bytes at 0 for the payload whose first `fixed_length` bytes already follow."""
    fixed_crc = crc32(memoryview(buffer)[HEADER_SIZE : HEADER_SIZE + fixed_length])
    struct.pack_into(_HEADER, buffer, 0, kind, 0, codec, 0, length, sequence, fixed_crc)
    struct.pack_into("<I", buffer, HEADER_SIZE - 4, crc32(memoryview(buffer)[: HEADER_SIZE - 4]))


class FrameHeader:
    """What follows: a frame's `kind`, `codec`, payload `length` and the CRC of its fixed part."""

    def __init__(self, view, sequence: int):
        """Reads HEADER_SIZE bytes; `sequence` is the number that this frame must carry."""
        fields = struct.unpack_from(_HEADER, view, 0)
        self.kind, flags, self.codec, zero, self.length, found, self.fixed_crc = fields
        if struct.unpack_from("<I", view, HEADER_SIZE - 4)[0] != crc32(view[: HEADER_SIZE - 4]):
            raise ProtocolError("the checksum of a frame's header does not fit")
        if self.kind not in LENGTHS or flags or zero or (self.codec and self.kind != GROUP):
            raise ProtocolError("a frame of unknown type %d or with unknown flags" % self.kind)
        shortest, longest = LENGTHS[self.kind]
        if not shortest <= self.length <= longest:
            raise ProtocolError("a frame of type %d claims %d bytes" % (self.kind, self.length))
        if found != sequence:
            raise ProtocolError("frame %d came where %d was expected" % (found, sequence))

    @property
    def fixed_length(self) -> int:
        """Bytes of the payload that `fixed_crc` covers: all but a group's body."""
        return DESCRIPTOR_SIZE if self.kind == GROUP else self.length

    def check(self, fixed) -> None:
        """Raises ProtocolError unless `fixed` holds the bytes that the header was made for."""
        if crc32(fixed) != self.fixed_crc:
            raise ProtocolError("the checksum of a frame of type %d does not fit" % self.kind)


class Hello:
    """Who a board is, what it holds and what it understands.

    `identity` is its Identity; `number` and `chain` are its journal's head; `codecs` is the set, as
    bits, of those it can unpack; `window_bytes` is what it takes before it has acknowledged;
    `capabilities` are bits of later features, unknown ones are ignored.
    """

    def __init__(self, identity, number: int, chain: int, codecs: int, window_bytes: int, capabilities: int = 0):
        self.identity = identity
        self.number = number
        self.chain = chain
        self.codecs = codecs
        self.window_bytes = window_bytes
        self.capabilities = capabilities

    def pack_into(self, buffer, offset: int) -> int:
        """Returns the length of the payload."""
        who = self.identity
        name = who.name.encode()
        assert len(name) <= MAX_NAME and who.role in ROLES[1:]
        struct.pack_into(
            _HELLO, buffer, offset, who.pair_id, who.board_id, who.generation, who.fork_number,
            who.fork_chain, who.disk_size, self.number, self.chain, self.capabilities, self.window_bytes,
            ROLES.index(who.role), int(who.fenced), self.codecs, len(name),
        )  # fmt: skip
        buffer[offset + HELLO_SIZE : offset + HELLO_SIZE + len(name)] = name
        return HELLO_SIZE + len(name)

    @classmethod
    def unpack(cls, view) -> "Hello":
        """`view` is the whole payload."""
        fields = struct.unpack_from(_HELLO, view, 0)
        role, fenced, codecs, name_length = fields[10:]
        if not 1 <= role <= 2 or fenced > 1 or len(view) != HELLO_SIZE + name_length:
            raise ProtocolError("a greeting with an impossible role, flag or name")
        identity = Identity(fields[0], fields[1], text(view[HELLO_SIZE:]), ROLES[role], fields[5])
        identity.generation, identity.fork_number, identity.fork_chain = fields[2:5]
        identity.fenced = bool(fenced)
        return cls(identity, fields[6], fields[7], codecs, fields[9], fields[8])


def pack_ready(buffer, offset: int, number: int, chain: int) -> int:
    struct.pack_into(_READY, buffer, offset, number, chain)
    return READY_SIZE


def unpack_ready(view) -> tuple:
    """(number, chain) of the point after which groups follow."""
    return struct.unpack_from(_READY, view, 0)


def pack_ack(buffer, offset: int, received: int, durable: int, played: int) -> int:
    struct.pack_into(_ACK, buffer, offset, received, durable, played)
    return ACK_SIZE


def unpack_ack(view) -> tuple:
    """(received, durable, played) group numbers."""
    received, durable, played = struct.unpack_from(_ACK, view, 0)
    if not played <= durable <= received:
        raise ProtocolError("an acknowledgement of what was not received")
    return received, durable, played


def pack_beat(buffer, offset: int, token: int, written: int) -> int:
    """`written` is the last group of the board that says it."""
    struct.pack_into(_BEAT, buffer, offset, token, written)
    return BEAT_SIZE


def unpack_beat(view) -> tuple:
    """(token, written)."""
    return struct.unpack_from(_BEAT, view, 0)


def pack_error(buffer, offset: int, code: int, number: int, sentence: str) -> int:
    """Returns the length of the payload; a sentence that is too long is cut."""
    raw = sentence.encode()
    while len(raw) > MAX_SENTENCE:
        sentence = sentence[: len(sentence) - 1 - (len(raw) - MAX_SENTENCE) // 4]
        raw = sentence.encode()
    struct.pack_into(_ERROR, buffer, offset, code, 0, number)
    buffer[offset + ERROR_SIZE : offset + ERROR_SIZE + len(raw)] = raw
    return ERROR_SIZE + len(raw)


def unpack_error(view) -> tuple:
    """(code, group number or 0, sentence)."""
    code, _, number = struct.unpack_from(_ERROR, view, 0)
    return code, number, text(view[ERROR_SIZE:])


def text(view) -> str:
    """What a peer wrote for people: UTF-8, and nothing that could steer a terminal or forge a line."""
    try:
        written = bytes(view).decode("utf-8")
    except UnicodeError:
        raise ProtocolError("a text of the other side is not UTF-8")
    return "".join(c if c >= " " and c != "\x7f" else "?" for c in written)
