"""A client of the NBD server: byte 0 names the handshake before it, byte 1 cuts the stream, byte 2 what the volume is
like; then pieces, each with its length, what happens after it, and its bytes.
"""

from firmware.errors import ProtocolError, VolumeError
from tests.unit import fakes_nbd as nbd
from tests.unit.fakes_nbd import Client, FakeVolume

MAX_INPUT = 4096
HANDSHAKES = (b"", nbd.HELLO, nbd.SIMPLE, nbd.STRUCTURED)
CUTS = (None, 1, 3, 28, 100)
_CONTENT = bytearray(4 << 20)
_BUFFERS = 4 << 20  # more than a conversation ever holds for its client


class Volume(FakeVolume):
    """Its content is shared by all runs: what it is changes nothing here."""

    def __init__(self, like: int):
        super().__init__(0)
        self.size, self.data = len(_CONTENT), _CONTENT
        self.slow_reads, self.slow_flushes, self.trims = bool(like & 1), bool(like & 2), bool(like & 4)
        self.room = None if like & 8 else like >> 4
        self.status = [(4096, True), (8192, False), (1 << 31, True)] if like & 16 else None

    def allocated(self) -> int:
        return sum(len(view) for _, view, _ in self.reads)


class Taker(Client):
    """Takes its replies in small pieces at first, and what is left of a long one in large ones."""

    def __init__(self, volume, handshake):
        self.small = 200
        super().__init__(volume, handshake)

    def take(self, cut=None):
        while self.takes:
            view = self.conversation.outgoing()
            if view is None:
                return
            self.small -= 1
            count = min(len(view), cut if cut and self.small > 0 else len(view))
            assert count
            self.conversation.sent(count)


def _piece(after: int, data: bytes) -> bytes:
    return bytes([len(data) & 255, len(data) >> 8, after]) + data


def seeds() -> list:
    requests = [nbd.write(1, 512, bytes(512)), nbd.read(2, 0, 4096), nbd.flush(3), nbd.request(6, 4, 0, 8192, flags=2)]
    requests += [nbd.request(4, 5, 4096, 4096), nbd.request(7, 6, 0, 65536, flags=8), nbd.read(7, 0, 1 << 20)]
    options = [nbd.go(), nbd.option(8), nbd.contexts(10, [b"base:allocation"]), nbd.contexts(9, [b"base:"])]
    options += [nbd.option(3), nbd.option(2), nbd.go(kind=6, infos=[3]), nbd.option(1, b"disk"), nbd.option(5)]
    found = [bytes([1, cut, 0]) + b"".join(_piece(0, each) for each in options) for cut in range(2)]
    found += [bytes([1, 0, 0]) + _piece(0, each) for each in options]
    for handshake in (2, 3):
        for like in (0x08, 0x0B, 0x20, 0x1F):
            pieces = (_piece(turn % 8, each) for turn, each in enumerate([*requests, nbd.DISC]))
            found.append(bytes([handshake, like % 5, like]) + b"".join(pieces))
    return found


def _happen(client, volume, what: int) -> None:
    """What the volume or the client does meanwhile."""
    if what == 1 and volume.reads:
        volume.finish_read()
    elif what == 2 and volume.reads:
        volume.finish_read(-1, VolumeError(VolumeError.FAILED))
    elif what == 3 and volume.flushes:
        volume.finish_flush()
    elif what == 4:
        volume.make_room(room=2)
    elif what == 5:
        volume.make_room(VolumeError(VolumeError.FULL))
    elif what == 6:
        client.takes = not client.takes
        client.pump()
    elif what == 7:
        volume.failure = None if volume.failure else VolumeError.FAILED


def _play(client, volume, data: bytes, cut) -> None:
    at = 0
    while at + 3 <= len(data):
        length, what = data[at] | data[at + 1] << 8, data[at + 2]
        client.send(data[at + 3 : at + 3 + length], cut)
        at += 3 + length
        _happen(client, volume, what % 8)
        assert volume.allocated() <= _BUFFERS
    client.takes = True
    client.pump()


def _settle(client, volume) -> None:
    """Everything in flight ends; then nothing may be left."""
    for _ in range(10000):
        if volume.room_waiters:
            volume.make_room()
        elif volume.reads:
            volume.finish_read()
        elif volume.flushes:
            volume.finish_flush()
        else:
            return
        client.pump()
    raise AssertionError("it never comes to rest")


def one(data: bytes) -> None:
    if len(data) < 3:
        return
    volume = Volume(data[2])
    client = Taker(volume, HANDSHAKES[data[0] % 4])
    try:
        _play(client, volume, data[3:], CUTS[data[1] % 5])
        _settle(client, volume)
        if client.conversation.wanted() is not None:
            client.conversation.received(0)
        assert client.conversation.finished
    except ProtocolError:
        assert client.conversation.finished and client.conversation.wanted() is None
    client.conversation.lost()
    _settle(client, volume)
