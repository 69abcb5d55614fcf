"""A volume in memory that can be slow, full or failed on demand, and a client that talks to a Conversation."""

import struct

from firmware.errors import VolumeError
from firmware.host.nbd.conversation import Conversation

KIB, MIB = 1 << 10, 1 << 20
OPTION = 0x49484156454F5054
HELLO = struct.pack(">I", 3)
GREETING = b"NBDMAGICIHAVEOPT\0\3"


class FakeVolume:
    """`room`: how many writes are taken before it says that there is no room; None: all of them.
    With `slow_reads` or `slow_flushes` these end when `finish_read` or `finish_flush` is called."""

    def __init__(self, size=4 * MIB):
        self.size = size
        self.data = bytearray(bytes(i * 7 & 0xFF for i in range(4096)) * (size // 4096))
        self.trims = True
        self.ready = True
        self.refusal = ""
        self.room = None
        self.slow_reads = self.slow_flushes = False
        self.failure = None
        self.status = None
        self.calls = []
        self.room_waiters, self.reads, self.flushes = [], [], []

    def _check(self, offset, length):
        if (offset | length) & 511:
            raise VolumeError(VolumeError.UNALIGNED)
        if offset + length > self.size:
            raise VolumeError(VolumeError.BEYOND_END)
        if self.failure:
            raise VolumeError(self.failure)

    def _has_room(self):
        if self.room is None:
            return True
        self.room -= 1
        if self.room < 0:
            self.room = 0
            return False
        return True

    def write(self, offset, view):
        assert len(view) <= MIB
        self._check(offset, len(view))
        if not self._has_room():
            return False
        self.calls.append(("write", offset, len(view)))
        self.data[offset : offset + len(view)] = view
        return True

    def zero(self, offset, length, trim):
        self._check(offset, length)
        if not self._has_room():
            return False
        self.calls.append(("trim" if trim else "zero", offset, length))
        self.data[offset : offset + length] = bytes(length)
        return True

    def wait_for_room(self, callback):
        self.room_waiters.append(callback)

    def make_room(self, error=None, room=None):
        waiters, self.room_waiters, self.room = self.room_waiters, [], room
        for waiter in waiters:
            waiter(error)

    def read(self, offset, view, done):
        self._check(offset, len(view))
        self.calls.append(("read", offset, len(view)))
        if self.slow_reads:
            self.reads.append((offset, view, done))
            return False
        view[:] = memoryview(self.data)[offset : offset + len(view)]
        return True

    def finish_read(self, which=0, error=None):
        offset, view, done = self.reads.pop(which)
        if error is None:
            view[:] = memoryview(self.data)[offset : offset + len(view)]
        done(error)

    def flush(self, done):
        self.calls.append(("flush",))
        if self.slow_flushes:
            self.flushes.append(done)
        else:
            done(VolumeError(self.failure) if self.failure else None)

    def finish_flush(self, error=None):
        self.flushes.pop(0)(error)

    def block_status(self, offset, length):
        self._check(offset, length)
        return self.status


class Client:
    """Talks to a Conversation; what came back gathers in `got` as long as `takes` is set."""

    def __init__(self, volume, handshake=b""):
        self.volume = volume
        self.conversation = Conversation(volume)
        self.conversation.wake = self._wake
        self.got = bytearray()
        self.takes = True
        self.wakes = 0
        self.pending = b""
        self.pump()
        if handshake:
            self.send(handshake)
            self.got = bytearray()

    def _wake(self):
        self.wakes += 1
        self.pump()

    def send(self, data, cut=None):
        """Sends `data`, at most `cut` bytes at a time; what the server does not want stays in `pending`."""
        self.pending = bytes(self.pending) + bytes(data)
        self.pump(cut)

    def pump(self, cut=None):
        """Moves bytes both ways until nothing moves any more."""
        self.take(cut)
        while self.pending:
            view = self.conversation.wanted()
            if view is None:
                return
            count = min(len(view), len(self.pending), cut or len(view))
            view[:count] = self.pending[:count]
            self.pending = self.pending[count:]
            self.conversation.received(count)
            self.take(cut)

    def take(self, cut=None):
        while self.takes:
            view = self.conversation.outgoing()
            if view is None:
                return
            count = min(len(view), cut or len(view))
            self.got.extend(view[:count])
            self.conversation.sent(count)

    def replies(self):
        """[(cookie, error, data)] of what came back, structured or without data, in order; takes it out of `got`.
        A chunk is (cookie, its type, (its flags, its payload))."""
        found, at, got = [], 0, bytes(self.got)
        while at < len(got):
            magic, error, cookie = struct.unpack_from(">IIQ", got, at)
            at += 16
            if magic == 0x67446698:
                found.append((cookie, error, b""))
                continue
            assert magic == 0x668E33EF, "the replies are out of step"
            length = struct.unpack_from(">I", got, at)[0]
            found.append((cookie, error & 0xFFFF, (error >> 16, got[at + 4 : at + 4 + length])))
            assert at + 4 + length <= len(got), "a reply was cut"
            at += 4 + length
        self.got = bytearray()
        return found


def option(kind, data=b""):
    return struct.pack(">QII", OPTION, kind, len(data)) + data


def go(name=b"disk", infos=(), kind=7):
    infos = b"".join(struct.pack(">H", info) for info in infos)
    return option(kind, struct.pack(">I", len(name)) + name + struct.pack(">H", len(infos) // 2) + infos)


def contexts(kind, queries, name=b"disk"):
    queries_data = b"".join(struct.pack(">I", len(query)) + query for query in queries)
    return option(kind, struct.pack(">I", len(name)) + name + struct.pack(">I", len(queries)) + queries_data)


SIMPLE = HELLO + go()
STRUCTURED = HELLO + option(8) + contexts(10, [b"base:allocation"]) + go()


def request(command, cookie, offset=0, length=0, data=b"", flags=0):
    return struct.pack(">IHHQQI", 0x25609513, flags, command, cookie, offset, length or len(data)) + data


def read(cookie, offset, length, flags=0):
    return request(0, cookie, offset, length, flags=flags)


def write(cookie, offset, data, flags=0):
    return request(1, cookie, offset, data=data, flags=flags)


def flush(cookie):
    return request(3, cookie)


DISC = request(2, 99)


def ok(cookie):
    """A simple reply without data."""
    return cookie, 0, b""


def data_chunk(cookie, offset, data, flags=1):
    return cookie, 1, (flags, struct.pack(">Q", offset) + bytes(data))


def error_of(reply):
    """The errno in an error chunk, with its sentence."""
    cookie, kind, (flags, payload) = reply
    assert kind == 0x8001 and flags == 1
    error, length = struct.unpack_from(">IH", payload, 0)
    assert len(payload) == 6 + length
    return error, payload[6:].decode()
