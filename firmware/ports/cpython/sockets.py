"""Sockets, as CPython offers them. Would-block is an OSError with EAGAIN, as everywhere in the ports."""

import os
import select
import socket
import threading
import time

from ..linux import EINPROGRESS
from .mailbox import Mailbox

TICKS_PER_MS = 0.001  # what Poller.poll counts its time-out in
TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT = 18, 25  # not in every Python's module
_MOST_UNSENT = 16 << 10  # bytes
_GONE_MS = 30000
_AWAKE_NS = 70_000  # what it takes to wake a client that sleeps, too

Poller = select.epoll
sendfile = os.sendfile


def poll_awake(poll):
    """Events that come while we do not sleep yet."""
    until = time.monotonic_ns() + _AWAKE_NS
    while True:
        events = poll(0)
        if events or time.monotonic_ns() >= until:
            return events


def receiver(sock):
    """receive(view) -> bytes put at its start, 0 at the end."""
    return sock.recv_into


def sender(sock):
    """send(view) -> bytes taken."""
    return sock.send


def _new(family: int):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def _tune(sock):
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def listening(family: int, name):
    """A listening socket; `family` and `name` come from find() or unix_name()."""
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
    connection, _ = sock.accept()
    connection.setblocking(False)
    return _tune(connection)


def keep_fresh(sock):
    """What is not on its way yet stays with whoever sends it, who may have something newer by then; and a peer that
    takes nothing in for a while is gone."""
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, _MOST_UNSENT)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, _GONE_MS)


def caller(sock) -> str:
    """The address of who connected, "" where it has none or is gone already."""
    try:
        name = sock.getpeername()
    except OSError:
        return ""
    return name[0] if isinstance(name, tuple) else ""


def connecting(family: int, name):
    """A socket on its way to `name`: it becomes writable when it is decided how that ended."""
    sock = _new(family)
    number = sock.connect_ex(name)
    if number not in (0, EINPROGRESS):
        sock.close()
        raise OSError(number, os.strerror(number))
    return _tune(sock)


def outcome(sock) -> int:
    """How connecting ended: 0 or an errno."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def port_of(sock) -> int:
    return sock.getsockname()[1]


def unix_name(path: str):
    return socket.AF_UNIX, path


def find(host: str, port: int, flags: int = 0) -> list:
    """[(family, name)] of a host, which may take long; OSError when there is none."""
    return [(row[0], row[4]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)]


def find_later(loop, host: str, port: int, done) -> None:
    """done(names, error) from the loop. A name server that does not answer must not stop the loop."""
    try:
        loop.soon(done, find(host, port, socket.AI_NUMERICHOST), None)
        return
    except OSError:
        pass
    mailbox = Mailbox(loop)

    def deliver(names, error):
        mailbox.close()
        done(names, error)

    def ask():
        try:
            mailbox.post(deliver, find(host, port), None)
        except OSError as error:
            mailbox.post(deliver, [], error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
