"""The handshake of NBD, fixed newstyle: a client asks for options until it enters the transmission."""

import struct

from firmware.errors import ProtocolError
from firmware.host.nbd import layout as nbd
from firmware.host.nbd.answers import Answers

NAME = b"disk"
CONTEXT = b"base:allocation"
CONTEXT_ID = 1
MIN_BLOCK, PREFERRED_BLOCK, MAX_PAYLOAD = 512, 4096, 32 << 20
_MAX_OPTION = 64 << 10
_ROOM = 4096  # more than all replies to one option
_FLAGS = (
    nbd.FLAG_HAS_FLAGS | nbd.FLAG_SEND_FLUSH | nbd.FLAG_SEND_FUA | nbd.FLAG_SEND_TRIM
    | nbd.FLAG_SEND_WRITE_ZEROES | nbd.FLAG_CAN_MULTI_CONN | nbd.FLAG_SEND_FAST_ZERO
)  # fmt: skip


class _Denied(Exception):
    """An option is answered with an error; the handshake goes on."""


class Handshake:
    """Parses what a client says before the transmission.

    `done`: the client entered the transmission; `aborted`: the connection ends. `structured` and
    `context` say whether structured replies and base:allocation were agreed; `need` and `blocked` are
    as in Transmission.
    """

    def __init__(self, volume, view, replies):
        self.need = nbd.CLIENT_FLAGS_SIZE
        self.blocked = False
        self.answers = Answers(replies, False, None)  # nothing is answered later here
        self.done = False
        self.aborted = False
        self.structured = False
        self.context = False
        self._volume = volume
        self._view = view
        self._replies = replies
        self._no_zeroes = False
        self._greeted = False
        self._option = 0
        replies.append(nbd.pack_greeting())
        self._options = {
            nbd.OPT_EXPORT_NAME: self._export_name,
            nbd.OPT_ABORT: self._abort,
            nbd.OPT_LIST: self._list,
            nbd.OPT_STARTTLS: self._start_tls,
            nbd.OPT_INFO: self._info,
            nbd.OPT_GO: self._go,
            nbd.OPT_STRUCTURED_REPLY: self._structured_reply,
            nbd.OPT_LIST_META_CONTEXT: self._list_meta_context,
            nbd.OPT_SET_META_CONTEXT: self._set_meta_context,
        }

    def lost(self) -> None:
        """Nothing more comes, or the transmission takes over: lets go of the buffers."""
        self.answers.lose()
        self._view = self._replies = None

    def parse(self, start: int, end: int) -> int:
        """Takes what is complete of the bytes from `start` to `end`; returns the new start."""
        self.blocked = False
        while end - start >= self.need and not self.done and not self.aborted:
            if not self._greeted:
                self._client_flags(start)
                start += nbd.CLIENT_FLAGS_SIZE
                continue
            magic, option, length = struct.unpack_from(">QII", self._view, start)
            if magic != nbd.IHAVEOPT or length > _MAX_OPTION:
                raise ProtocolError("an NBD option that is none, or is far too long")
            self.need = nbd.OPTION_SIZE + length
            if end - start < self.need:
                break
            if not self._replies.fits(_ROOM):
                self.blocked = True
                break
            self._answer(option, bytes(self._view[start + nbd.OPTION_SIZE : start + self.need]))
            start += self.need
            self.need = nbd.OPTION_SIZE
        return start

    def _client_flags(self, at: int) -> None:
        flags = struct.unpack_from(">I", self._view, at)[0]
        if flags & ~(nbd.FLAG_FIXED_NEWSTYLE | nbd.FLAG_NO_ZEROES):
            raise ProtocolError("the NBD client set unknown flags")
        self._no_zeroes = bool(flags & nbd.FLAG_NO_ZEROES)
        self._greeted = True
        self.need = nbd.OPTION_SIZE

    def _answer(self, option: int, data: bytes) -> None:
        self._option = option
        action = self._options.get(option)
        try:
            if action is None:
                raise _Denied(nbd.REP_ERR_UNSUP, "this option is not known here")
            action(data)
        except _Denied as denied:
            self._reply(denied.args[0], denied.args[1].encode())

    def _reply(self, kind: int, data: bytes = b"") -> None:
        self._replies.append(nbd.pack_option_reply(self._option, kind, data))

    # Options

    def _export_name(self, name: bytes) -> None:
        """The one option that cannot be refused with a sentence (proto.md, NBD_OPT_EXPORT_NAME)."""
        if name not in (b"", NAME) or not self._volume.ready:
            self.aborted = True
            return
        zeroes = b"" if self._no_zeroes else bytes(124)
        self._replies.append(struct.pack(">QH", self._volume.size, self._flags()) + zeroes)
        self.done = True

    def _abort(self, data: bytes) -> None:
        self._reply(nbd.REP_ACK)
        self.aborted = True

    def _list(self, data: bytes) -> None:
        _check_empty(data)
        self._reply(nbd.REP_SERVER, struct.pack(">I", len(NAME)) + NAME)
        self._reply(nbd.REP_ACK)

    def _start_tls(self, data: bytes) -> None:
        raise _Denied(nbd.REP_ERR_POLICY, "this board serves its disk to its own host, without TLS")

    def _go(self, data: bytes) -> None:
        self._info(data)
        self.done = True

    def _info(self, data: bytes) -> None:
        name, position = _string(data, 0)
        count = _number(data, position, 2)
        if len(data) != position + 2 + 2 * count:
            raise _Denied(nbd.REP_ERR_INVALID, "the list of information requests has another length than it says")
        wanted = [_number(data, position + 2 + 2 * i, 2) for i in range(count)]
        self._check_export(name)
        if not self._volume.ready:
            raise _Denied(nbd.REP_ERR_POLICY, self._volume.refusal[:500])
        self._reply(nbd.REP_INFO, struct.pack(">HQH", nbd.INFO_EXPORT, self._volume.size, self._flags()))
        self._reply(nbd.REP_INFO, struct.pack(">HIII", nbd.INFO_BLOCK_SIZE, MIN_BLOCK, PREFERRED_BLOCK, MAX_PAYLOAD))
        if nbd.INFO_NAME in wanted:
            self._reply(nbd.REP_INFO, struct.pack(">H", nbd.INFO_NAME) + NAME)
        self._reply(nbd.REP_ACK)

    def _structured_reply(self, data: bytes) -> None:
        _check_empty(data)
        self.structured = True
        self._reply(nbd.REP_ACK)

    def _list_meta_context(self, data: bytes) -> None:
        queries = self._queries(data)
        if not queries or CONTEXT in queries or b"base:" in queries:
            self._reply(nbd.REP_META_CONTEXT, struct.pack(">I", 0) + CONTEXT)
        self._reply(nbd.REP_ACK)

    def _set_meta_context(self, data: bytes) -> None:
        self.context = False  # what was set before is gone, even when this fails
        if not self.structured:
            raise _Denied(nbd.REP_ERR_INVALID, "metadata contexts need structured replies: ask for these first")
        if CONTEXT in self._queries(data):
            self._reply(nbd.REP_META_CONTEXT, struct.pack(">I", CONTEXT_ID) + CONTEXT)
            self.context = True
        self._reply(nbd.REP_ACK)

    # Their parts

    def _flags(self) -> int:
        return _FLAGS | nbd.FLAG_SEND_DF if self.structured else _FLAGS

    def _check_export(self, name: bytes) -> None:
        if name not in (b"", NAME):
            raise _Denied(nbd.REP_ERR_UNKNOWN, "this board has one export; it is named disk, or has no name")

    def _queries(self, data: bytes) -> list:
        name, position = _string(data, 0)
        count = _number(data, position, 4)
        position += 4
        queries = []
        for _ in range(count):
            query, position = _string(data, position)
            queries.append(query)
        if position != len(data):
            raise _Denied(nbd.REP_ERR_INVALID, "the list of queries has another length than it says")
        self._check_export(name)
        return queries


def _check_empty(data: bytes) -> None:
    if data:
        raise _Denied(nbd.REP_ERR_INVALID, "this option takes no data")


def _number(data: bytes, position: int, size: int) -> int:
    if position + size > len(data):
        raise _Denied(nbd.REP_ERR_INVALID, "the option's data end in the middle of a field")
    return int.from_bytes(data[position : position + size], "big")


def _string(data: bytes, position: int) -> tuple:
    """(string, the position after it) for a string that follows its u32 length."""
    start = position + 4
    end = start + _number(data, position, 4)
    if end > len(data):
        raise _Denied(nbd.REP_ERR_INVALID, "a string is longer than the option's data")
    return data[start:end], end
