"""Byte layouts of the NBD protocol: handshake, options, requests and replies. Integers are big-endian.

Names and numbers are those of the protocol's description, `doc/proto.md` of the project
NetworkBlockDevice/nbd, without their prefix NBD_.

| what | bytes |
|---|---|
| greeting | magic u64, option magic u64, handshake flags u16 |
| option | option magic u64, option u32, length u32, data |
| option reply | magic u64, option u32, type u32, length u32, data |
| request | magic u32, command flags u16, command u16, cookie u64, offset u64, length u32, payload of a WRITE |
| simple reply | magic u32, error u32, cookie u64, data of a READ |
| chunk | magic u32, flags u16, type u16, cookie u64, length u32, payload |
"""

import struct

NBDMAGIC = 0x4E42444D41474943
IHAVEOPT = 0x49484156454F5054
OPTION_REPLY_MAGIC = 0x0003E889045565A9
REQUEST_MAGIC = 0x25609513
SIMPLE_REPLY_MAGIC = 0x67446698
CHUNK_MAGIC = 0x668E33EF

# Handshake flags of the server and of the client: the same two bits.
FLAG_FIXED_NEWSTYLE, FLAG_NO_ZEROES = 1, 2

# Transmission flags.
FLAG_HAS_FLAGS, FLAG_SEND_FLUSH, FLAG_SEND_FUA = 1, 4, 8
FLAG_SEND_TRIM, FLAG_SEND_WRITE_ZEROES, FLAG_SEND_DF = 32, 64, 128
FLAG_CAN_MULTI_CONN, FLAG_SEND_FAST_ZERO = 256, 2048

OPT_EXPORT_NAME, OPT_ABORT, OPT_LIST, OPT_STARTTLS = 1, 2, 3, 5
OPT_INFO, OPT_GO, OPT_STRUCTURED_REPLY = 6, 7, 8
OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT = 9, 10

REP_ACK, REP_SERVER, REP_INFO, REP_META_CONTEXT = 1, 2, 3, 4
REP_ERR_UNSUP, REP_ERR_POLICY, REP_ERR_INVALID = 0x80000001, 0x80000002, 0x80000003
REP_ERR_UNKNOWN = 0x80000006

INFO_EXPORT, INFO_NAME, INFO_BLOCK_SIZE = 0, 1, 3

CMD_READ, CMD_WRITE, CMD_DISC, CMD_FLUSH = 0, 1, 2, 3
CMD_TRIM, CMD_WRITE_ZEROES, CMD_BLOCK_STATUS = 4, 6, 7
CMD_FLAG_FUA, CMD_FLAG_NO_HOLE, CMD_FLAG_DF, CMD_FLAG_REQ_ONE, CMD_FLAG_FAST_ZERO = 1, 2, 4, 8, 16

REPLY_FLAG_DONE = 1
REPLY_TYPE_NONE, REPLY_TYPE_OFFSET_DATA, REPLY_TYPE_BLOCK_STATUS, REPLY_TYPE_ERROR = 0, 1, 5, 0x8001

STATE_HOLE, STATE_ZERO = 1, 2

EPERM, EIO, EINVAL, ENOSPC, EOVERFLOW = 1, 5, 22, 28, 75

CLIENT_FLAGS_SIZE = 4
OPTION_SIZE = 16
OPTION_REPLY_SIZE = 20
REQUEST_SIZE = 28
SIMPLE_SIZE = 16
CHUNK_SIZE = 20
DATA_CHUNK_SIZE = CHUNK_SIZE + 8  # in front of the data: the chunk's header and the offset
EXTENT_SIZE = 8

# What the hot path reads and writes: the first eight bytes of a header taken as one number.
REQUEST = ">QQQI"
SIMPLE = ">QQ"
SIMPLE_OK = SIMPLE_REPLY_MAGIC << 32
PLAIN_WRITE = REQUEST_MAGIC << 32 | CMD_WRITE
PLAIN_READ = REQUEST_MAGIC << 32 | CMD_READ
DATA_CHUNK = ">QQIQ"
LAST_DATA = CHUNK_MAGIC << 32 | REPLY_FLAG_DONE << 16 | REPLY_TYPE_OFFSET_DATA
MORE_DATA = CHUNK_MAGIC << 32 | REPLY_TYPE_OFFSET_DATA

_MAX_TEXT = 120  # characters of an error's sentence: a held reply of one sector can always turn into an error
MAX_ERROR_SIZE = CHUNK_SIZE + 6 + 4 * _MAX_TEXT


def pack_greeting() -> bytes:
    """What the server says first."""
    return struct.pack(">QQH", NBDMAGIC, IHAVEOPT, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES)


def pack_option_reply(option: int, kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">QIII", OPTION_REPLY_MAGIC, option, kind, len(data)) + data


def pack_chunk(buffer, at: int, flags: int, kind: int, cookie: int, length: int) -> None:
    """Writes CHUNK_SIZE bytes; `length` bytes of payload follow."""
    struct.pack_into(">IHHQI", buffer, at, CHUNK_MAGIC, flags, kind, cookie, length)


def pack_simple_error(buffer, at: int, cookie: int, error: int) -> int:
    """Returns the length of the reply."""
    struct.pack_into(">IIQ", buffer, at, SIMPLE_REPLY_MAGIC, error, cookie)
    return SIMPLE_SIZE


def pack_error_chunk(buffer, at: int, cookie: int, error: int, sentence: str) -> int:
    """Returns the length of the reply, at most MAX_ERROR_SIZE; a sentence that is too long is cut."""
    text = sentence[:_MAX_TEXT].encode()
    pack_chunk(buffer, at, REPLY_FLAG_DONE, REPLY_TYPE_ERROR, cookie, 6 + len(text))
    at += CHUNK_SIZE
    struct.pack_into(">IH", buffer, at, error, len(text))
    buffer[at + 6 : at + 6 + len(text)] = text
    return CHUNK_SIZE + 6 + len(text)


def pack_block_status(buffer, at: int, cookie: int, context: int, extents: list) -> int:
    """`extents`: (length, flags) in order. Returns the length of the reply."""
    length = 4 + EXTENT_SIZE * len(extents)
    pack_chunk(buffer, at, REPLY_FLAG_DONE, REPLY_TYPE_BLOCK_STATUS, cookie, length)
    struct.pack_into(">I", buffer, at + CHUNK_SIZE, context)
    position = at + CHUNK_SIZE + 4
    for size, flags in extents:
        struct.pack_into(">II", buffer, position, size, flags)
        position += EXTENT_SIZE
    return CHUNK_SIZE + length
