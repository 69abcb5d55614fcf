"""The keeper: a small process that holds descriptors for a firmware that may die, so that what they stand for does not.

A gadget whose ep0 is closed leaves the bus, and memory that nobody holds is gone. So a process is forked before
anything else is open, and is given a copy of each descriptor that must outlive its owner. The owner's connection
is its lease. When the lease breaks, the keeper waits PATIENCE_S for a successor, which gets all that it holds; when
none comes it closes everything and ends. It never stays without a lease for longer than that.

Whatever ends the firmware must leave it alone: under systemd that is KillMode=process.

Packets on a SOCK_SEQPACKET socket at an abstract address, each with at most one descriptor:

| who       | packet       | with a descriptor | meaning                                                        |
|-----------|--------------|-------------------|----------------------------------------------------------------|
| keeper    | `kept NAME`  | yes               | one of those held; first of all, one packet for each           |
| keeper    | `lease`      |                   | those were all, the lease is yours                             |
| keeper    | `taken`      |                   | somebody else has it                                           |
| firmware  | `put NAME`   | yes               | hold this one, instead of an older one of that name            |
| firmware  | `drop NAME`  |                   | close that one                                                 |
| firmware  | `serving`    |                   | the host is served: when this lease breaks, patience begins    |
| firmware  | `let go`     |                   | close everything and end                                       |
"""

import gc
import os
import select
import signal
import socket
import struct
import time
import zlib

from firmware.errors import Refused

PATIENCE_S = 25  # a host gives a command up after 30 s
_ANSWER_S = 5
_MOST_BYTES = 256
_LONGEST_KEY = 80
_DESCRIPTOR = struct.Struct("i")
_CREDENTIALS = struct.Struct("iII")  # pid, uid, gid


class Keeper:
    """The firmware's end of a lease. `kept`: descriptors by name, as a predecessor left them; they are ours now,
    and the keeper has copies of its own. Methods raise OSError when the keeper is gone."""

    def __init__(self, lease, kept: dict):
        self._lease = lease
        self.kept = kept

    @classmethod
    def reach(cls, key: str) -> "Keeper | None":
        """The lease of the keeper of `key` that a predecessor left; None: there is none.

        Raises Refused when somebody else has the lease.
        """
        lease, kept, mine = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET), {}, False
        lease.settimeout(_ANSWER_S)
        try:
            lease.connect(_address(key))
            mine = _uid_of(lease) == os.getuid() and _receive_kept(lease, kept)
        except (ConnectionError, FileNotFoundError):  # nobody there, or its patience ended just now
            return None
        except (TimeoutError, BlockingIOError):
            pass
        finally:
            if not mine:
                for descriptor in kept.values():
                    os.close(descriptor)
                lease.close()
        if not mine:
            raise Refused("%s is in use by another process; stop that one first" % key)
        return cls(lease, kept)

    @classmethod
    def start(cls, key: str, patience_s: float = PATIENCE_S) -> "Keeper":
        """Forks a keeper of `key` that holds nothing yet. Call it before there are threads, and early: what this
        process has in memory by then is what the keeper costs. Raises Refused when there is one already."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            listener.bind(_address(key))
            listener.listen()
        except OSError as error:
            listener.close()
            raise Refused("%s is in use by another process (%s); stop that one first" % (key, error.strerror))
        gc.collect()
        gc.freeze()  # or the keeper's first collection would copy every page of ours
        between = os.fork()
        if not between:  # the keeper is a grandchild: whoever ends first, nobody is left to be waited for
            try:
                if not os.fork():
                    _be_keeper(listener, patience_s)
            finally:
                os._exit(0)
        gc.unfreeze()
        listener.close()
        os.waitpid(between, 0)
        keeper = cls.reach(key)
        if keeper is None:
            raise Refused("the process that keeps the USB session could not be started; free some memory")
        return keeper

    def put(self, name: str, descriptor: int) -> None:
        """From now on the keeper holds a copy of `descriptor`, in place of an older one of that name."""
        socket.send_fds(self._lease, [b"put " + name.encode()], [descriptor])

    def drop(self, name: str) -> None:
        """The keeper closes that one."""
        self._lease.send(b"drop " + name.encode())

    def serving(self) -> None:
        """The owner does its work now. One that never gets so far has only what was left of the patience before: a
        board that cannot start must not keep a dead disk before a host for ever."""
        self._lease.send(b"serving")

    @property
    def descriptor(self) -> int:
        """Becomes readable when the keeper has ended, and never before."""
        return self._lease.fileno()

    def let_go(self) -> None:
        """The keeper closes all that it holds and ends; it has done so when this returns."""
        try:
            self._lease.send(b"let go")
            self._lease.recv(1)
        except OSError:  # it has ended already
            pass
        self._lease.close()


def _address(key: str) -> str:
    """Abstract: it needs no folder, and is free again as soon as its keeper has ended, whatever ended it."""
    if len(key.encode()) > _LONGEST_KEY:
        key = "%s...%08x" % (key[: _LONGEST_KEY // 5], zlib.crc32(key.encode()))
    return "\0sosie-keeper:%d:%s" % (os.getuid(), key)


def _uid_of(connection) -> int:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(raw)[1]


def _receive(connection) -> tuple:
    """(packet, descriptor or None); an empty packet is the end of the connection."""
    room = socket.CMSG_LEN(_DESCRIPTOR.size)
    packet, ancillary, _, _ = connection.recvmsg(_MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC)  # recv_fds() drops flags
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) == _DESCRIPTOR.size:
            return packet, _DESCRIPTOR.unpack(data)[0]
    return packet, None


def _receive_kept(lease, kept: dict) -> bool:
    """Fills `kept`; whether the lease is ours."""
    while True:
        packet, descriptor = _receive(lease)
        if not packet:
            raise ConnectionResetError
        if descriptor is None:
            return packet == b"lease"
        kept[packet[len(b"kept ") :].decode()] = descriptor


# The keeper's side


def _be_keeper(listener, patience_s: float) -> None:
    os.setsid()
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # its end is the firmware's to order
        signal.signal(number, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    _close_all_but(listener.fileno())
    with open("/proc/self/comm", "w") as name:
        name.write("sosie-keeper")
    _Keeping(listener, patience_s).run()


def _close_all_but(kept: int) -> None:
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)


class _Keeping:
    """What the keeper does, from its first lease to its end."""

    def __init__(self, listener, patience_s: float):
        self._listener = listener
        self._patience_s = patience_s
        self._lease = None
        self._held = {}
        self._until = time.monotonic() + patience_s
        self._is_served = self._let_go = False

    def run(self) -> None:
        while not self._let_go:
            left = None if self._lease else self._until - time.monotonic()
            if left is not None and left <= 0:
                break
            sources = [self._listener] + ([self._lease] if self._lease else [])
            ready, _, _ = select.select(sources, [], [], left)
            if self._lease:  # first of all: who comes now may come because that one has died
                self._hear()
            if self._listener in ready and not self._let_go:
                self._welcome()
        self._listener.close()  # who connected meanwhile learns that nobody is here, and may start another one
        for descriptor in self._held.values():
            os.close(descriptor)
        if self._lease:
            self._lease.close()

    def _hear(self) -> None:
        """All that the firmware has said, and whether it is still there."""
        while self._lease and not self._let_go:
            try:
                packet, descriptor = _receive(self._lease)
            except BlockingIOError:
                return
            except OSError:
                packet, descriptor = b"", None
            if packet:
                self._obey(packet, descriptor)
            else:
                self._lease.close()
                self._lease = None
                if self._is_served:
                    self._until = time.monotonic() + self._patience_s
                    self._is_served = False

    def _obey(self, packet: bytes, descriptor) -> None:
        verb, _, name = packet.partition(b" ")
        if packet == b"let go":
            self._let_go = True
        elif packet == b"serving":
            self._is_served = True
        elif verb == b"put" and descriptor is not None:
            self._replace(name, descriptor)
        elif verb == b"drop":
            self._replace(name, None)
        elif descriptor is not None:
            os.close(descriptor)

    def _replace(self, name: bytes, descriptor) -> None:
        older = self._held.pop(name, None)
        if older is not None:
            os.close(older)
        if descriptor is not None:
            self._held[name] = descriptor

    def _welcome(self) -> None:
        try:
            newcomer, _ = self._listener.accept()
        except OSError:
            return
        newcomer.setblocking(False)
        if _uid_of(newcomer) != os.getuid() or not self._hand_over(newcomer):
            newcomer.close()

    def _hand_over(self, newcomer) -> bool:
        """Whether the lease is now that one's."""
        try:
            if self._lease:
                newcomer.send(b"taken")
                return False
            for name, descriptor in self._held.items():
                socket.send_fds(newcomer, [b"kept " + name], [descriptor])
            newcomer.send(b"lease")
        except OSError:  # it died again, or does not listen
            return False
        self._lease = newcomer
        return True
