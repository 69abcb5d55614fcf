"""The other board: byte 0 says which end it talks to and how far the greeting is, byte 1 cuts the stream; then what it
does, each with a detail, a length and bytes. Frames are sealed here, so that what lies behind the checksums is reached.
"""

from firmware.checksum import crc32
from firmware.errors import ProtocolError
from firmware.link import codec, frames
from firmware.link.frames import HEADER_SIZE, Hello
from firmware.log.layout import DESCRIPTOR_SIZE, Descriptor
from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_link import FakeBoard
from tests.unit.test_link_peer import Forger

MAX_INPUT = 4096
CUTS = (1 << 20, 1, 7, 61, 4000)
NOISE, TIME, SETTLE, ROOM, PLAYED, MORE, HANGUP, NEXT = range(10, 18)  # after the kinds of frames
_STAGES = 4  # nothing, preamble, HELLO, READY


class Peer(Forger):
    """The forger, with a clock, and feeding until the link wants no more."""

    def __init__(self, board, role, stage: int, cut: int):
        self.board = board
        self.cut = cut
        self.now = 1
        self.chain = self.number = 0
        self.over = False
        if stage:
            super().__init__(board, role if stage > 1 else None)
        else:
            self.link, self.sequence = board.link(), 0
        if stage > 2:
            self.ready()
        self.poll()

    def feed(self, data) -> None:
        at, cut = 0, getattr(self, "cut", 1 << 20)
        while at < len(data):
            view = self.link.wanted()
            if view is None:
                return
            assert len(view)
            count = min(len(view), len(data) - at, cut)
            view[:count] = data[at : at + count]
            at += count
            self.link.received(count)

    def poll(self) -> None:
        due = self.link.poll(self.now)
        assert due is None or due > self.now

    def drain(self) -> None:
        for _ in range(100000):
            data = self.link.outgoing()
            if data is None:
                return
            count = data.length if hasattr(data, "length") else len(data)
            assert count
            self.link.sent(count)
        raise AssertionError("it never stops talking")

    def group(self, body: bytes, detail: int) -> None:
        """The next group of a good log, but for what `detail` spoils."""
        number, packed = detail & 3, body
        if number in (codec.ZLIB, codec.ZSTD):
            packed = codec.pack(number, body * 9, 1)
            body = body * 9
        length = len(body) + (detail >> 2 & 1)
        descriptor = Descriptor(
            self.number + 1 + (detail >> 3 & 1), 1, self.now, length, 1, crc32(body) ^ (detail >> 4 & 1), self.chain
        )
        self.number, self.chain = descriptor.number, descriptor.chain
        payload = bytearray(DESCRIPTOR_SIZE) + packed
        descriptor.pack_into(payload, 0)
        self.say(frames.GROUP, payload, number, DESCRIPTOR_SIZE)


def _act(peer, what: int, detail: int, data: bytes) -> None:
    board = peer.board
    if what < NOISE:
        fixed = DESCRIPTOR_SIZE if what == frames.GROUP and len(data) > DESCRIPTOR_SIZE else None
        peer.say(what, data, detail & 3, fixed)
    elif what == NOISE:
        peer.feed(data)
    elif what == TIME:
        peer.now += 1 + detail * 50
    elif what == SETTLE:
        board.settle()
    elif what == ROOM:
        board.journal.room = not board.journal.room
        if board.part is not None and board.journal.room:
            board.part.room()
    elif what == PLAYED and board.part is not None and board.identity.role == TWIN:
        board.part.played(detail)
    elif what == MORE and board.identity.role == PRIMARY:
        board.journal.add(data or b"x" * 600)
        if board.part is not None:
            board.part.durable(board.journal.head.number)
    elif what == HANGUP and peer.link.wanted() is not None:
        peer.link.received(0)
    elif what == NEXT:
        peer.group(data, detail)


def _play(peer, script: bytes) -> None:
    at = 0
    while at + 4 <= len(script) and not peer.link.finished:
        what, detail, length = script[at] % 18, script[at + 1], script[at + 2] | script[at + 3] << 8
        _act(peer, what, detail, script[at + 4 : at + 4 + length])
        at += 4 + length
        peer.poll()
        peer.drain()


def _check(board, before: int) -> None:
    """Only whole groups came in, in order."""
    chain = 0
    for number, (descriptor, body) in enumerate(board.journal.groups, 1):
        assert (descriptor.number, descriptor.previous_chain) == (number, chain)
        assert (len(body), crc32(body)) == (descriptor.body_length, descriptor.body_crc)
        chain = descriptor.chain
    assert board.journal.acked.number <= max(before, board.journal.head.number)


def _act_bytes(what: int, detail: int = 0, data: bytes = b"") -> bytes:
    return bytes([what, detail, len(data) & 255, len(data) >> 8]) + data


def _payloads() -> list:
    """One good payload of every frame."""
    buffer, found = bytearray(frames.MAX_FIXED), []
    for role in (PRIMARY, TWIN):
        hello = Hello(FakeBoard(role, "forger").identity, 0, 0, 3, 1 << 20)
        found.append((frames.HELLO, buffer[HEADER_SIZE : HEADER_SIZE + hello.pack_into(buffer, HEADER_SIZE)]))
    writers = (
        (frames.READY, lambda: frames.pack_ready(buffer, 0, 0, 0)),
        (frames.ACK, lambda: frames.pack_ack(buffer, 0, 2, 1, 1)),
        (frames.ACK, lambda: frames.pack_ack(buffer, 0, 3, 3, 2)),
        (frames.PING, lambda: frames.pack_beat(buffer, 0, 5, 9)),
        (frames.PONG, lambda: frames.pack_beat(buffer, 0, 1, 9)),
        (frames.ERROR, lambda: frames.pack_error(buffer, 0, frames.DAMAGED, 2, "so")),
        (frames.ERROR, lambda: frames.pack_error(buffer, 0, frames.REFUSED, 0, "no")),
    )
    found += [(kind, bytes(buffer[: write()])) for kind, write in writers]
    return [(kind, bytes(payload)) for kind, payload in found] + [(frames.BYE, b""), (frames.STATUS, b'{"name":"so"}')]


def seeds() -> list:
    preamble = bytearray(frames.PREAMBLE_SIZE)
    frames.pack_preamble(preamble)
    found = [bytes([end, 0]) + _act_bytes(NOISE, 0, bytes(preamble)) for end in (0, 1)]
    for kind, payload in _payloads():
        found += [bytes([end + 2 * stage, 0]) + _act_bytes(kind, 0, payload) for end in (0, 1) for stage in (1, 2, 3)]
    body = bytes(range(200))
    for detail in (0, codec.ZLIB, codec.ZSTD, 4, 16):
        acts = (NEXT, detail, body), (SETTLE,), (PLAYED, 1), (ROOM,), (NEXT, detail, body * 3), (ROOM,), (TIME, 90)
        found.append(bytes([7, detail % 5]) + b"".join(_act_bytes(*act) for act in acts))
    ack = next(payload for kind, payload in _payloads() if kind == frames.ACK)
    acts = (MORE, 0, body), (frames.ACK, 0, ack), (MORE, 0, body * 3), (TIME, 200), (TIME, 255), (TIME, 255)
    found.append(bytes([6, 0]) + b"".join(_act_bytes(*act) for act in acts))
    return found


def one(data: bytes) -> None:
    if len(data) < 2:
        return
    if data[0] & 1:
        board, role = FakeBoard(TWIN, "right"), PRIMARY
    else:
        board, role = FakeBoard(PRIMARY, "left"), TWIN
        for length in (16, 700, 3000):
            board.journal.add(bytes(length))
    peer = Peer(board, role, data[0] // 2 % _STAGES, CUTS[data[1] % len(CUTS)])
    before = board.journal.head.number
    try:
        _play(peer, data[2:])
    except ProtocolError:
        peer.link.outgoing()
    peer.link.lost()
    if board.part is not None:
        board.settle()
    _check(board, before)
