"""A small NBD client over a Unix socket: as many durable writes as the server can take.

fio waits for each flush before the next write. A backlog of a hundred thousand groups is made faster, and as
honestly, by a client that keeps several pairs of write and flush on the way.
"""

import socket
import struct

NBDMAGIC = 0x4E42444D41474943
IHAVEOPT = 0x49484156454F5054
OPTION_REPLY = 0x3E889045565A9
REQUEST, SIMPLE_REPLY = 0x25609513, 0x67446698
FIXED_NEWSTYLE, NO_ZEROES = 1, 2
OPT_GO, REP_ACK, REP_INFO, INFO_EXPORT = 7, 1, 3, 0
CMD_READ, CMD_WRITE, CMD_DISC, CMD_FLUSH = 0, 1, 2, 3

_request = struct.Struct(">IHHQQI")
_reply = struct.Struct(">IIQ")
_option = struct.Struct(">QII")


class NbdError(Exception):
    """The server broke the protocol or failed a command."""


class NbdClient:
    """One connection to the export "" of the server at Unix socket `path`; raises OSError or NbdError."""

    def __init__(self, path, timeout_s=60):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(path)
            self.size = self._negotiate()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self._socket.sendall(_request.pack(REQUEST, 0, CMD_DISC, 0, 0, 0))
        except OSError:
            pass
        self._socket.close()

    def read(self, offset, length):
        self._socket.sendall(_request.pack(REQUEST, 0, CMD_READ, 0, offset, length))
        self._take_reply()
        return self._receive(length)

    def write(self, offset, data):
        self._socket.sendall(_request.pack(REQUEST, 0, CMD_WRITE, 0, offset, len(data)) + data)
        self._take_reply()

    def flush(self):
        self._socket.sendall(_request.pack(REQUEST, 0, CMD_FLUSH, 0, 0, 0))
        self._take_reply()

    def write_and_flush(self, writes, depth):
        """Every (offset, data) of the iterable `writes` as a write and a flush, `depth` pairs on the way.

        A flush is sent with its write but answered after it, so each pair is a commit of its own as long as
        the server does not gather several. Returns the number of pairs.
        """
        writes = iter(writes)
        pairs = on_the_way = 0
        while True:
            batch = []
            while on_the_way < depth and (write := next(writes, None)) is not None:
                offset, data = write
                batch += (
                    _request.pack(REQUEST, 0, CMD_WRITE, 0, offset, len(data)),
                    data,
                    _request.pack(REQUEST, 0, CMD_FLUSH, 0, 0, 0),
                )
                on_the_way += 1
            if batch:
                self._socket.sendall(b"".join(batch))
            if not on_the_way:
                return pairs
            self._take_reply()
            self._take_reply()
            on_the_way -= 1
            pairs += 1

    def _negotiate(self):
        magic, options, flags = struct.unpack(">QQH", self._receive(18))
        if magic != NBDMAGIC or options != IHAVEOPT or not flags & FIXED_NEWSTYLE:
            raise NbdError("this is no fixed newstyle NBD server")
        go = struct.pack(">IH", 0, 0)
        client_flags = struct.pack(">I", flags & (FIXED_NEWSTYLE | NO_ZEROES))
        self._socket.sendall(client_flags + _option.pack(IHAVEOPT, OPT_GO, len(go)) + go)
        size = None
        while True:
            magic, _, kind, length = struct.unpack(">QIII", self._receive(20))
            data = self._receive(length)
            if magic != OPTION_REPLY or kind not in (REP_ACK, REP_INFO):
                raise NbdError("the server does not let us in: " + data.decode(errors="replace"))
            if kind == REP_INFO and struct.unpack_from(">H", data)[0] == INFO_EXPORT:
                size = struct.unpack_from(">Q", data, 2)[0]
            if kind == REP_ACK:
                if size is None:
                    raise NbdError("the server did not tell its size")
                return size

    def _take_reply(self):
        magic, error, _ = _reply.unpack(self._receive(_reply.size))
        if magic != SIMPLE_REPLY:
            raise NbdError("the server answers with something else than a simple reply")
        if error:
            raise NbdError("the server failed a command with error %d" % error)

    def _receive(self, length):
        data = bytearray(length)
        view, got = memoryview(data), 0
        while got < length:
            count = self._socket.recv_into(view[got:])
            if not count:
                raise NbdError("the server closed the connection")
            got += count
        return bytes(data)
