"""The endpoints' transfers over a fake of asynchronous I/O: what a host or a controller may do to them."""

import struct
from errno import ECANCELED, ENOMEM

import pytest

from board.usb.disk import units_of
from board.usb.endpoints import DEPTH, Endpoints
from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import PIECE, Task
from tests.usb.appliance import MemoryVolume
from tools.usb import commands

BULK_IN, BULK_OUT = 1000, 1001
MEDIUM = bytes(range(256)) * 8192


class FakeAio:
    """As ports.Aio: nothing is reported before reap(). IN requests of more than `most` bytes get no memory."""

    def __init__(self):
        self.flying, self.most = {}, 1 << 30
        self._ended, self._free = [], list(range(DEPTH))

    def write(self, descriptor, view, done, quiet):
        number = self._free.pop(0)
        self.flying[number] = (descriptor, view, done)
        if descriptor == BULK_IN and len(view) > self.most:
            self.end(number, -ENOMEM)
        return number

    read = write

    def submit(self):
        pass

    def cancel(self, number):
        self.end(number, -ECANCELED)

    def end(self, number, result):
        if all(number != other for other, _ in self._ended):
            self._ended.append((number, result))

    def reap(self):
        ended, self._ended = self._ended, []
        for number, result in ended:
            _, _, done = self.flying.pop(number)
            self._free.append(number)
            done(number, result)


class FakeLoop:
    def __init__(self):
        self._calls = []

    def soon(self, call, *args):
        self._calls.append((call, args))

    def call_after(self, ms, call, *args):
        self._calls.append((call, args))

    def turns(self):
        for _ in range(5):
            calls, self._calls = self._calls, []
            for call, args in calls:
                call(*args)


class Device:
    """The board's transport on a medium in memory; `halts`: how often it stalled its endpoints."""

    def __init__(self, monkeypatch):
        self.aio, self.loop, self.halts = FakeAio(), FakeLoop(), 0
        monkeypatch.setattr(Endpoints, "_is_halted", self._halted)
        ends = Endpoints(self.loop, self.aio, BULK_IN, BULK_OUT)
        units = units_of(MemoryVolume(bytearray(MEDIUM)), "0123456789AB")
        task = Task(units, memoryview(bytearray(PIECE + MAX_PACKET)))
        self.bot = ends.bot = Bot(task, units, ends)
        self.bot.session(512)
        self.unit = units[0]
        self.unit.take_attention()

    def _halted(self, descriptor):
        self.halts += descriptor == BULK_IN
        return True

    def flying(self, descriptor):
        return [(number, view) for number, (where, view, _) in self.aio.flying.items() if where == descriptor]

    def send(self, data):
        """The host sends `data`; nobody takes what comes back."""
        [(number, view)] = self.flying(BULK_OUT)
        view[: len(data)] = data
        self.aio.end(number, len(data))
        self.aio.reap()
        self.loop.turns()

    def take(self):
        """The host takes what there is for it, and nobody is woken."""
        taken = []
        for number, view in self.flying(BULK_IN):
            taken.append(bytes(view))
            self.aio.end(number, len(view))
        return taken


@pytest.fixture
def device(monkeypatch):
    return Device(monkeypatch)


def cbw(cdb, expected=0, is_in=False):
    return struct.pack("<IIIBBB16s", 0x43425355, 7, expected, 0x80 if is_in else 0, 0, len(cdb), cdb)


def read_of(blocks):
    return cbw(commands.read_10(0, blocks), blocks * 512, True)


def test_a_host_that_never_takes_a_status_is_stalled_and_not_the_end_of_the_board(device):
    for _ in range(2 * DEPTH):
        device.send(cbw(commands.TEST_UNIT_READY))
        if device.halts:
            break
    assert device.halts == 1
    device.bot.reset()
    device.loop.turns()
    device.send(read_of(1))
    assert device.take()[0] == MEDIUM[:512]


def test_a_controller_without_memory_for_a_read_is_heard_of_at_once(device):
    device.aio.most = 64 << 10
    device.send(read_of(240))
    assert device.halts == 1  # so the host does not wait its 30 s, but resets
    device.bot.session(512)
    device.loop.turns()
    device.unit.take_attention()
    device.send(read_of(240))  # in smaller requests now
    *pieces, status = device.take()
    assert b"".join(pieces) == MEDIUM[: 240 * 512] and status[:4] == b"USBS" and device.halts == 1


@pytest.mark.parametrize("blocks", (1, 240, 2048))
def test_a_read_in_pieces(device, blocks):
    device.send(read_of(blocks))
    *pieces, status = device.take()
    assert b"".join(pieces) == MEDIUM[: blocks * 512] and status[:4] == b"USBS"
