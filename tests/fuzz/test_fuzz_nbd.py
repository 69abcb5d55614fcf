"""NBD fed with nonsense, and with sense in any cut and any order of completion."""

import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.errors import ProtocolError, VolumeError
from tests.unit.fakes_nbd import (
    HELLO,
    KIB,
    MIB,
    SIMPLE,
    STRUCTURED,
    Client,
    FakeVolume,
    contexts,
    go,
    option,
    read,
    request,
    write,
)

BOUNDED = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
HANDSHAKES = st.sampled_from([b"", HELLO, SIMPLE, STRUCTURED])
WORDS = st.sampled_from([0, 1, 511, 512, 4096, MIB, 4 * MIB, 32 * MIB, 2**32 - 1, 2**63, 2**64 - 1])
PIECES = st.one_of(
    st.binary(max_size=80),
    st.builds(option, st.integers(0, 12), st.binary(max_size=40)),
    st.builds(go, st.sampled_from([b"", b"disk", b"x" * 300])),
    st.builds(contexts, st.sampled_from([9, 10]), st.lists(st.binary(max_size=9), max_size=4)),
    st.builds(
        lambda command, flags, offset, length: struct.pack(
            ">IHHQQI", 0x25609513, flags, command, 7, offset, length % 2**32
        ),
        st.integers(0, 9), st.integers(0, 33), WORDS, WORDS,
    ),
)  # fmt: skip


@BOUNDED
@given(HANDSHAKES, st.lists(PIECES, max_size=12), st.integers(1, 70), st.sampled_from([None, *range(0, 40, 3)]))
def test_nothing_but_a_protocol_error_escapes(handshake, pieces, cut, room):
    volume = FakeVolume()
    volume.room = room
    client = Client(volume)
    try:
        client.send(handshake + b"".join(pieces), cut)
        volume.make_room(VolumeError(VolumeError.FULL))
    except ProtocolError:
        assert client.conversation.finished
        assert client.conversation.wanted() is None
    client.conversation.lost()


OFFSETS = st.integers(0, 1024).map(lambda sector: sector * 512)
LENGTHS = st.sampled_from([512, 1024, 4096, 64 * KIB, 257 * KIB, MIB, MIB + 512])
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), OFFSETS, LENGTHS, st.integers(0, 1)),
        st.tuples(st.just("read"), OFFSETS, LENGTHS, st.just(0)),
        st.tuples(st.just("zero"), OFFSETS, LENGTHS, st.integers(0, 1)),
        st.tuples(st.just("flush"), st.just(0), st.just(0), st.just(0)),
    ),
    max_size=25,
)


def stream(commands):
    """The requests, with the content that the disk must have at the end."""
    requests, content = b"", bytearray(FakeVolume().data)
    for cookie, (kind, offset, length, flags) in enumerate(commands):
        data = bytes([cookie + 1]) * length
        if kind == "write":
            requests += write(cookie, offset, data, flags)
        elif kind == "read":
            requests += read(cookie, offset, length)
        elif kind == "zero":
            data = bytes(length)
            requests += request(6, cookie, offset, length, flags=flags)
        else:
            requests += request(3, cookie)
        if kind in ("write", "zero"):
            content[offset : offset + length] = data
    return requests, content


@settings(BOUNDED, max_examples=120)
@given(COMMANDS, st.sampled_from([None, 4096, 100_003]), st.data())
def test_every_request_is_answered_once_and_the_writes_are_on_the_disk(commands, cut, data):
    requests, content = stream(commands)
    volume = FakeVolume()
    volume.slow_reads, volume.slow_flushes, volume.room = data.draw(st.booleans()), data.draw(st.booleans()), 3
    client = Client(volume, STRUCTURED)
    client.takes = data.draw(st.booleans())
    client.send(requests, cut)
    client.takes = True
    client.pump()
    while volume.reads or volume.flushes or volume.room_waiters:
        if volume.reads and data.draw(st.booleans()):
            volume.finish_read(data.draw(st.integers(0, len(volume.reads) - 1)))
        elif volume.flushes:
            volume.finish_flush()
        else:
            volume.make_room(room=data.draw(st.integers(0, 5)))
            client.pump()
            if volume.reads and not volume.room_waiters:
                volume.finish_read()
    client.pump()
    ends = sorted(cookie for cookie, kind, rest in client.replies() if not rest or rest[0] & 1)
    assert ends == list(range(len(commands)))
    assert volume.data == content
