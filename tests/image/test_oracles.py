"""The tests of this folder under planted faults: what they look with must complain, or it proves nothing."""

import random
import socket
import ssl
import threading

import pytest

from tests.image.lib import stranger
from tests.image.lib.host import UNKNOWN, Writes
from tests.image.lib.machine import Machine, Wiring
from tests.image.lib.mischief import Mischief
from tests.ports.keyring import identity
from tests.process.boards import wait_until
from tests.process.oracle import SECTOR
from tests.vm.lib import rough

SIZE = 16 << 20
SEED = 11
WRITTEN, FLUSHED = 60, 40  # of the writes of the host of which this test knows


class FakeBoard:
    """A host has written on it, and said so."""

    name = "left"

    def __init__(self, *said: str):
        self._said = list(said)

    def told(self) -> list[str]:
        return self._said


@pytest.fixture
def writes() -> Writes:
    """As it is after a power cut."""
    made = Writes(SIZE)
    made.expect(SEED)
    made.end(FakeBoard("flushed 7", "flushed %d" % FLUSHED))
    return made


@pytest.fixture
def disk(tmp_path):
    """Makes a file of a disk's content."""

    def make(content: bytes):
        (tmp_path / "disk").write_bytes(content)
        return tmp_path / "disk"

    return make


def test_the_plan_is_that_of_the_host(writes):
    plan = rough.plan(SIZE, random.Random(SEED))
    expected = [next(plan)[:2] for _ in range(FLUSHED + UNKNOWN)]
    assert [entry[1:3] for entry in writes.history.entries] == expected


@pytest.mark.parametrize("torn", ["flush", "flushed ", "flushed 9", "flushed 99999", "flushed 7\r"])
def test_a_line_that_a_power_cut_tore_counts_for_nothing(torn):
    made = Writes(SIZE)
    made.expect(SEED)
    made.end(FakeBoard(torn + "flushed %d" % FLUSHED))
    assert made.safe == FLUSHED


@pytest.mark.parametrize("held", [FLUSHED, WRITTEN])
def test_a_sound_disk(writes, disk, held):
    assert writes.check(disk(writes.history.image(held))) == held


def test_a_flush_that_did_not_reach_the_disk(writes, disk):
    with pytest.raises(AssertionError, match="write %d was flushed, the disk holds those up to %d" % (FLUSHED, 39)):
        writes.check(disk(writes.history.image(39)))


def test_an_empty_disk(writes, disk):
    with pytest.raises(AssertionError, match="was flushed, the disk holds those up to 0"):
        writes.check(disk(bytes(SIZE)))


@pytest.mark.parametrize("skipped", [FLUSHED - 1, FLUSHED + 5])
def test_a_write_that_the_player_skipped(writes, disk, skipped):
    """Whether it was promised or not: what came behind it is there."""
    image, number = writes.history.image(WRITTEN), writes.history.entries[skipped - 1]
    writes.history.entries.remove(number)
    without = writes.history.image(WRITTEN)
    writes.history.entries.insert(skipped - 1, number)
    assert without != image
    with pytest.raises(AssertionError, match="no prefix"):
        writes.check(disk(without))


def test_two_writes_in_the_wrong_order(writes, disk):
    """The older one lies over the newer."""
    image = writes.history.image(WRITTEN)
    number, offset, length, _ = writes.history.entries[WRITTEN - 1]
    image[offset : offset + length] = writes.history.data(number - 1, offset, length)
    with pytest.raises(AssertionError):
        writes.check(disk(image))


def test_a_torn_write(writes, disk):
    image, before = writes.history.image(WRITTEN), writes.history.image(WRITTEN - 1)
    offset = writes.history.entries[WRITTEN - 1][1]
    image[offset : offset + SECTOR] = before[offset : offset + SECTOR]
    with pytest.raises(AssertionError, match="no prefix: newest write %d, 1 sectors differ" % WRITTEN):
        writes.check(disk(image))


def test_a_write_that_was_lost_and_comes_back(writes, disk):
    image = writes.history.image(WRITTEN)
    writes.forget_after(FLUSHED)
    with pytest.raises(AssertionError, match="which was lost or never sent"):
        writes.check(disk(image))


@pytest.fixture
def gullible(tmp_path):
    """The port of a board that takes any caller, with any version of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "own.pem").write_bytes(b"".join(identity("right")))
    context.load_cert_chain(tmp_path / "own.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        for _ in range(2):
            with context.wrap_socket(listener.accept()[0], server_side=True) as caller:
                caller.sendall(caller.recv(100))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(10)


def test_a_board_that_answers_strangers(gullible, tmp_path):
    assert stranger.is_answered(gullible, version=ssl.TLSVersion.TLSv1_2)
    assert stranger.is_answered(gullible, certificate=identity("left", "expired"), folder=tmp_path)


class Deaf(Mischief):
    def __init__(self):  # no line, only what is done on it
        self.deed, self.said, self._rest, self._behind = "", bytearray(), b"", b""


def test_what_is_done_on_the_line():
    """Bytes as they come, in pieces of any length, and as they go on."""
    records = [b"\x17\x03\x03" + len(text).to_bytes(2, "big") + text for text in (b"a" * 2000, b"b", b"c" * 3000)]
    one, two, three = records
    changed = one[:1002] + b"`" + one[1003:]
    expected = {
        "": one + two + three, "twice": one + one + two + three, "swapped": two + one + three,
        "left out": two + three, "late": one + two + one + three, "changed": changed + two + three,
    }  # fmt: skip
    assert set(expected) == {"", *Mischief.DEEDS}
    for deed, becomes in expected.items():
        for step in (1, 700, 1 << 16):
            line, whole = Deaf(), b"".join(records)
            line.deed = deed
            out = b"".join(line.touch(whole[at : at + step]) for at in range(0, len(whole), step))
            assert out == becomes and line.said == whole, (deed, step)


def test_a_reset_that_nobody_asked_for_is_told(disk):
    """A board's watchdog resets it, say; then the shell that was used is gone, and this says why."""
    card = disk(bytes(1 << 20))
    machine = Machine(card.parent, Wiring(card))
    try:
        assert machine.monitor.happened() == []
        machine.monitor.ask("system_reset")
        wait_until("it is told", machine.monitor.happened)
        (line,) = machine.monitor.happened()
        assert "RESET" in line and "host-qmp-system-reset" in line
    finally:
        machine.cut()
