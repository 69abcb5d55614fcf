"""Sockets of the unix port: the names and arguments of ports/cpython/sockets.py."""

import select
import socket
import struct

from ..linux import EAGAIN, EINPROGRESS
from .libc import bind

TICKS_PER_MS = 1

_TCP = 6
_TCP_NODELAY = 1
_TCP_USER_TIMEOUT, _TCP_NOTSENT_LOWAT = 18, 25
_MOST_UNSENT = 16 << 10
_GONE_MS = 30000

_sendfile = bind("q", "sendfile", "iipL")
_getsockopt = bind("i", "getsockopt", "iiipp")
_getsockname = bind("i", "getsockname", "ipp")


class Poller:
    """What select.epoll does, over select.poll."""

    def __init__(self):
        self._poll = select.poll()
        self.register = self._poll.register
        self.modify = self._poll.modify
        self.unregister = self._poll.unregister
        self.poll = self._poll.poll


def sendfile(out: int, source: int, position: int, length: int) -> int:
    return _sendfile(out, source, struct.pack("<q", position), length)


def poll_awake(poll):
    """Nothing: a look costs more here than sleeping."""
    return None


def receiver(sock):
    readinto = sock.readinto

    def receive(view):
        count = readinto(view)
        if count is None:
            raise OSError(EAGAIN)
        return count

    return receive


def sender(sock):
    return sock.send


def _new(family: int):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def _tune(sock, family: int):
    if family != socket.AF_UNIX:
        sock.setsockopt(_TCP, _TCP_NODELAY, 1)
    return sock


def keep_fresh(sock):
    try:
        sock.setsockopt(_TCP, _TCP_NOTSENT_LOWAT, _MOST_UNSENT)
        sock.setsockopt(_TCP, _TCP_USER_TIMEOUT, _GONE_MS)
    except OSError:
        pass  # a Unix socket


def listening(family: int, name):
    sock = _new(family)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(name)
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def accept(sock):
    connection, name = sock.accept()
    connection.setblocking(False)
    return _tune(connection, struct.unpack("<H", name)[0])


def caller(sock) -> str:
    """Not told here, where nobody logs in."""
    return ""


def connecting(family: int, name):
    sock = _new(family)
    try:
        sock.connect(name)
    except OSError as error:
        if error.errno != EINPROGRESS:
            sock.close()
            raise
    return _tune(sock, family)


def outcome(sock) -> int:
    value = bytearray(4)
    _getsockopt(sock.fileno(), socket.SOL_SOCKET, socket.SO_ERROR, value, struct.pack("<I", 4))
    return struct.unpack("<i", value)[0]


def port_of(sock) -> int:
    name = bytearray(128)
    _getsockname(sock.fileno(), name, struct.pack("<I", 128))
    return struct.unpack_from(">H", name, 2)[0]


def unix_name(path: str):
    return socket.AF_UNIX, struct.pack("<H", socket.AF_UNIX) + path.encode() + b"\0"


def find(host: str, port: int) -> list:
    try:
        rows = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except OSError:
        raise OSError(-2, "no address is known for %s" % host)
    return [(row[0], row[4]) for row in rows]


def find_later(loop, host: str, port: int, done) -> None:
    """done(names, error) from the loop. Without threads, a name server that does not answer is waited for."""
    try:
        loop.soon(done, find(host, port), None)
    except OSError as error:
        loop.soon(done, [], error)
