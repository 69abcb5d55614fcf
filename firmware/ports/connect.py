"""Listeners and dialling: how sockets come to be connected."""

from ..address import neighbourhood, text
from ..errors import Refused
from . import linux
from .files import reason
from .linux import EADDRINUSE, POLLIN, POLLOUT
from .runtime import sockets, system

_MOST_ACCEPTED = 16  # in one turn
_PAUSE_MS = 1000
_BURST_MS = 100
_ANY = 1 << 30


class Listener:
    """Accepts connections at an address (firmware/address.py) and starts a conversation on each.

    `make_conversation()` returns one, or None to turn the caller away; with `knows_caller` it is given the caller's
    address as text ("" where there is none). Beyond `limit` at a time, one that says of itself that it is `expendable`
    makes room (whoever just connects and is silent must not keep others out): the oldest from the address that has
    most of them, so that a crowd from one place is in its own way first. Where there is none, callers are turned
    away. No more than `burst` of them are heard in a tenth of a second, the others wait:
    what a caller costs (a handshake, for example) a host pays with its disk's time. `fresh`: next to nothing waits
    in the kernel for a slow caller, since what waits in the conversation may be replaced by something newer. Raises
    Refused when the address cannot be had.
    """

    def __init__(self, loop, address: tuple, make_conversation, limit=64, knows_caller=False, burst=_ANY,
                 fresh=False):  # fmt: skip
        self._loop = loop
        self._burst = burst
        self._heard = 0  # of the burst, since _heard_ms
        self._heard_ms = 0
        self._make = make_conversation
        self._knows_caller = knows_caller
        self._fresh = fresh
        self._limit = limit
        self._channels = {}  # by number, which grow
        self._places = {}  # number: where it is from
        self._number = 0
        self._socket = _listen(address)
        self.address = address
        if address[0] == "tcp":
            self.address = ("tcp", address[1], sockets.port_of(self._socket))
        self._resume()

    def close(self) -> None:
        """Take no more callers; conversations that began go on."""
        if self._socket is None:
            return
        self._loop.forget(self._socket.fileno())
        self._socket.close()
        self._socket = None
        if self.address[0] == "unix":
            _remove(self.address[1])

    def _resume(self) -> None:
        if self._socket is not None:
            self._loop.watch(self._socket.fileno(), POLLIN, self._on_caller)

    def _on_caller(self, events: int) -> None:
        for _ in range(_MOST_ACCEPTED):
            try:
                sock = sockets.accept(self._socket)
            except OSError as error:
                if error.errno in (linux.EMFILE, linux.ENFILE, linux.ENOMEM):
                    self._rest(_PAUSE_MS)
                return
            self._take(sock)
            if self._socket is None or self._is_enough():
                return

    def _rest(self, ms: int) -> None:
        """Callers stay in the queue for a while; the loop would find them there again and again."""
        self._loop.forget(self._socket.fileno())
        self._loop.call_after(ms, self._resume)

    def _is_enough(self) -> bool:
        now = self._loop.now
        if now - self._heard_ms >= _BURST_MS:
            self._heard, self._heard_ms = 0, now
        self._heard += 1
        if self._heard < self._burst:
            return False
        self._rest(self._heard_ms + _BURST_MS - now)
        return True

    def _take(self, sock) -> None:
        conversation, caller = None, sockets.caller(sock)
        if self._has_room():
            conversation = self._make(caller) if self._knows_caller else self._make()
        if conversation is None:
            sock.close()
            return
        if self._fresh:
            sockets.keep_fresh(sock)
        self._number = number = self._number + 1
        self._places[number] = neighbourhood(caller)
        self._channels[number] = self._loop.converse(sock, conversation, lambda: self._forget(number))

    def _has_room(self) -> bool:
        if len(self._channels) < self._limit:
            return True
        spared = {}  # place: numbers, the oldest first
        for number in sorted(self._channels):
            if getattr(self._channels[number].conversation, "expendable", False):
                spared.setdefault(self._places[number], []).append(number)
        if not spared:
            return False
        crowd = max(spared.values(), key=lambda numbers: (len(numbers), -numbers[0]))
        self._channels[crowd[0]].close()
        return True

    def _forget(self, number: int) -> None:
        del self._channels[number]
        del self._places[number]


def dial(loop, address: tuple, make_conversation, on_failed, timeout_ms: int = 10000) -> None:
    """Connect, then drive what make_conversation() returns (None: hang up); else call on_failed(OSError).

    Both are called from the loop. Each of a name's addresses is tried for `timeout_ms`.
    """
    _Dial(loop, address, make_conversation, on_failed, timeout_ms)


class _Dial:
    def __init__(self, loop, address, make_conversation, on_failed, timeout_ms):
        self._loop = loop
        self._make = make_conversation
        self._on_failed = on_failed
        self._timeout_ms = timeout_ms
        self._names = []
        self._socket = None
        if address[0] == "unix":
            loop.soon(self._on_names, [sockets.unix_name(address[1])], None)
        else:
            sockets.find_later(loop, address[1], address[2], self._on_names)

    def _on_names(self, names, error) -> None:
        self._names = list(names)
        self._try_next(error)

    def _try_next(self, error) -> None:
        while self._names:
            family, name = self._names.pop(0)
            try:
                sock = sockets.connecting(family, name)
            except OSError as failure:
                error = failure
                continue
            self._socket = sock
            self._loop.watch(sock.fileno(), POLLOUT, self._on_decided)
            self._loop.call_after(self._timeout_ms, self._on_timeout, sock)
            return
        self._on_failed(error)

    def _on_decided(self, events: int) -> None:
        sock = self._release()
        number = sockets.outcome(sock)
        if number:
            sock.close()
            self._try_next(OSError(number, system.describe(number)))
            return
        conversation = self._make()
        if conversation is None:
            sock.close()
        else:
            self._loop.converse(sock, conversation)

    def _on_timeout(self, sock) -> None:
        if sock is self._socket:
            self._release().close()
            self._try_next(OSError(linux.ETIMEDOUT, system.describe(linux.ETIMEDOUT)))

    def _release(self):
        sock = self._socket
        self._socket = None
        self._loop.forget(sock.fileno())
        return sock


def _listen(address: tuple):
    try:
        if address[0] == "tcp":
            return sockets.listening(*sockets.find(address[1], address[2])[0])
        path = address[1]
        family, name = sockets.unix_name(path)
        try:
            return sockets.listening(family, name)
        except OSError as error:
            if error.errno != EADDRINUSE or not _is_stale(path):
                raise
        _remove(path)
        return sockets.listening(family, name)
    except OSError as error:
        raise Refused(_why_not(address, error))


def _is_stale(path: str) -> bool:
    """Whether the socket file is left over from a board that died: nobody answers on it."""
    if system.stat(path)[0] & linux.S_IFMT != linux.S_IFSOCK:
        return False
    try:
        sockets.connecting(*sockets.unix_name(path)).close()
    except OSError as error:
        return error.errno == linux.ECONNREFUSED
    return False


def _why_not(address: tuple, error: OSError) -> str:
    if error.errno == EADDRINUSE:
        return "%s is in use: stop the program that listens there, or choose another address" % text(address)
    if error.errno == linux.EADDRNOTAVAIL:
        return "this machine has no address %s: choose one of its own, or 0.0.0.0 for all" % text(address)
    return "cannot listen at %s: %s" % (text(address), reason(error))


def _remove(path: str) -> None:
    try:
        system.unlink(path)
    except OSError:
        pass
