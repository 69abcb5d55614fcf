"""The link against a peer that says anything: only ProtocolError escapes, and only whole groups in order get in."""

import tracemalloc
import zlib

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.checksum import crc32
from firmware.errors import ProtocolError
from firmware.link import codec, frames
from firmware.log.layout import DESCRIPTOR_SIZE, MAX_BODY, Descriptor
from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_link import FakeBoard, pair
from tests.unit.test_link_peer import Forger

KINDS = sorted(frames.LENGTHS) + [0, 10, 200]


def fed(peer, data, cuts) -> bool:
    """Feeds bytes in pieces; False when the link called them a breach. Anything else that is raised is a bug."""
    at = turn = 0
    while at < len(data):
        view = peer.link.wanted()
        if view is None:
            return True
        count = min(len(view), len(data) - at, cuts[turn % len(cuts)])
        view[:count] = data[at : at + count]
        at, turn = at + count, turn + 1
        try:
            peer.link.received(count)
        except ProtocolError:
            return False
        peer.drain()
        peer.link.poll(turn)
    return True


def twin():
    return Forger(FakeBoard(TWIN, "right"), PRIMARY).ready()


def primary():
    return Forger(pair(3)[0], TWIN).ready()


def log(bodies):
    """Descriptors of a log with these bodies."""
    chain, found = 0, []
    for number, body in enumerate(bodies, 1):
        found.append(Descriptor(number, 1, 9, len(body), 1, crc32(body), chain))
        chain = found[-1].chain
    return found


cutting = st.lists(st.integers(1, 4000), min_size=1, max_size=5)
ends = st.sampled_from([twin, primary])


@settings(max_examples=300)
@given(ends, st.binary(max_size=600), cutting)
def test_noise_after_the_greeting(make, noise, cuts):
    peer = make()
    fed(peer, noise, cuts)
    assert peer.link.counters.received_bytes


@settings(max_examples=300)
@given(st.binary(max_size=400), cutting)
def test_noise_instead_of_a_greeting(noise, cuts):
    board = FakeBoard(PRIMARY, "left")
    fed(Forger(board, None), noise, cuts)
    assert board.part is None


@settings(max_examples=500)
@given(ends, st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=200)), max_size=6), cutting)
def test_well_sealed_frames_of_any_content(make, said, cuts):
    """Header, sequence and CRC are right, so that what lies behind them is reached."""
    peer = make()
    for kind, payload in said:
        fixed = DESCRIPTOR_SIZE if kind == frames.GROUP and len(payload) > DESCRIPTOR_SIZE else None
        if not fed(peer, peer.frame(kind, payload, 0, fixed), cuts):
            break


@settings(max_examples=300)
@given(st.binary(min_size=0, max_size=150), cutting)
def test_hellos_of_any_content(payload, cuts):
    forger = Forger(FakeBoard(PRIMARY, "left"), None)
    fed(forger, forger.frame(frames.HELLO, payload), cuts)


@settings(max_examples=300)
@given(st.lists(st.binary(min_size=16, max_size=3000), min_size=1, max_size=4), st.data())
def test_a_flipped_bit_anywhere_in_a_dialogue(bodies, data):
    """The twin takes a prefix of the true log, whatever bit was flipped."""
    peer = twin()
    journal = peer.link._journal
    stream = bytearray()
    for descriptor, body in zip(log(bodies), bodies, strict=True):
        payload = bytearray(DESCRIPTOR_SIZE) + body
        descriptor.pack_into(payload, 0)
        stream += peer.frame(frames.GROUP, payload, 0, DESCRIPTOR_SIZE)
    bit = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[bit >> 3] ^= 1 << (bit & 7)
    fed(peer, stream, data.draw(cutting))
    journal.settle()
    held = [body for _, body in journal.groups]
    assert held == bodies[: len(held)]
    assert len(held) < len(bodies)


@settings(max_examples=300)
@given(st.sampled_from([codec.ZLIB, codec.ZSTD]), st.binary(min_size=16, max_size=3000), st.data())
def test_compressed_bodies_with_damage(number, body, data):
    packed = bytearray(codec.pack(number, body * 3, 1))
    for _ in range(data.draw(st.integers(0, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    room = bytearray(data.draw(st.sampled_from([3 * len(body), 16, 3 * len(body) + 1, 5000])))
    try:
        codec.unpack_into(number, memoryview(packed), memoryview(room))
    except ProtocolError:
        return
    assert len(room) <= 3 * len(body) + 4096


def test_a_bomb_allocates_next_to_nothing():
    packer = zlib.compressobj(9)
    bombs = {
        codec.ZLIB: b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush(),
        codec.ZSTD: zstandard.ZstdCompressor(level=1).compress(bytes(64 << 20)),
    }
    room = memoryview(bytearray(MAX_BODY))
    for number, bomb in bombs.items():
        tracemalloc.start()
        try:
            codec.unpack_into(number, memoryview(bomb), room)
            raise AssertionError("a bomb was taken")
        except ProtocolError:
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2 << 20, (number, peak)
