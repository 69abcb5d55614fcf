"""A small NBD client of the tests' own, written from the protocol's text: blocking sockets, simple replies.

It shares no code with the firmware. Writes may be pipelined: `send_write` returns a handle, `take_reply` the next
(handle, error) in whatever order the server answers.
"""

import socket
import struct

_MAGIC, _OPTION_MAGIC, _REPLY_MAGIC = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
_OPT_GO = 7
_REP_ACK, _REP_INFO = 1, 3
_REQUEST, _SIMPLE_REPLY = 0x25609513, 0x67446698
READ, WRITE, DISCONNECT, FLUSH, TRIM, ZEROES = 0, 1, 2, 3, 4, 6
FUA, NO_HOLE = 1, 2


class Refused(Exception):
    """The server refused the export; carries its words."""


class Failed(OSError):
    """A command was answered with an error number."""


class Client:
    """One connection. `size` in bytes and `flags` (transmission flags) come from the handshake."""

    def __init__(self, address, name=b"", timeout_s=60.0):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._next = 0
        self._answers = {}
        try:
            self.size, self.flags = self._greet(name)
        except BaseException:
            self.socket.close()
            raise

    def _greet(self, name):
        magic, option, flags = struct.unpack(">8s8sH", self._take(18))
        assert (magic, option) == (_MAGIC, _OPTION_MAGIC) and flags & 3 == 3, "no fixed newstyle server"
        self.socket.sendall(struct.pack(">I", 3))
        body = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
        self.socket.sendall(_OPTION_MAGIC + struct.pack(">II", _OPT_GO, len(body)) + body)
        export = None
        while True:
            magic, option, kind, length = struct.unpack(">QIII", self._take(20))
            assert magic == _REPLY_MAGIC and option == _OPT_GO, "a reply to something else"
            data = self._take(length)
            if kind & 0x80000000:
                raise Refused(data.decode(errors="replace"))
            if kind == _REP_ACK:
                return export
            if kind == _REP_INFO and data[:2] == b"\0\0":
                export = struct.unpack(">QH", data[2:12])

    def _take(self, count):
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise ConnectionError("the server closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _send(self, command, offset=0, length=0, data=b"", flags=0):
        self._next += 1
        header = struct.pack(">IHHQQI", _REQUEST, flags, command, self._next, offset, length)
        self.socket.sendall(header + data)
        return self._next

    def send_write(self, offset, data, flags=0):
        return self._send(WRITE, offset, len(data), data, flags)

    def send_flush(self):
        return self._send(FLUSH)

    def send_zero(self, offset, length, trim=False, flags=0):
        return self._send(TRIM if trim else ZEROES, offset, length, b"", flags)

    def take_reply(self):
        """The next answered command without data: (handle, error number)."""
        magic, error, handle = struct.unpack(">IIQ", self._take(16))
        assert magic == _SIMPLE_REPLY, "not a simple reply: %08x" % magic
        return handle, error

    def _finish(self, handle):
        """Waits for the answer to one command; keeps the answers to others."""
        while handle not in self._answers:
            other, error = self.take_reply()
            self._answers[other] = error
        error = self._answers.pop(handle)
        if error:
            raise Failed(error, "NBD error %d" % error)

    def write(self, offset, data, flags=0):
        self._finish(self.send_write(offset, data, flags))

    def zero(self, offset, length, trim=False, flags=0):
        self._finish(self.send_zero(offset, length, trim, flags))

    def flush(self):
        self._finish(self.send_flush())

    def read(self, offset, length):
        """The bytes; only with no other command in flight."""
        handle = self._send(READ, offset, length)
        assert self.take_reply_of(handle) == 0
        return self._take(length)

    def take_reply_of(self, handle):
        answered, error = self.take_reply()
        assert answered == handle, "answered %d, not %d" % (answered, handle)
        if error:
            raise Failed(error, "NBD error %d" % error)
        return error

    def read_all(self, step=1 << 20):
        return b"".join(self.read(at, min(step, self.size - at)) for at in range(0, self.size, step))

    def close(self):
        """Ends politely."""
        try:
            self._send(DISCONNECT)
        finally:
            self.socket.close()

    def drop(self):
        """Ends without a word."""
        self.socket.close()
