"""The wire on a real bus, over a pyusb of cardboard: what libusb's answers mean, who has the disk when."""

import errno
import types

import pytest
import usb.core

from tools.usb.libusb_wire import LibusbWire
from tools.usb.wire import BABBLE, FULL, IN, NOTHING, OUT, SHORT, STALL, Gone

PIPE, TIMEOUT, OVERFLOW, NO_DEVICE, IO = -9, -7, -8, -4, -1


class Lib:
    """libusb_bulk_transfer that moves `count` bytes (from b"abc..") and returns `code`."""

    def __init__(self):
        self.count, self.code, self.sent = 0, 0, None

    def libusb_bulk_transfer(self, handle, end, buffer, length, moved, timeout_ms):
        if end & IN:
            for at in range(self.count):
                buffer[at] = ord("a") + at
        else:
            self.sent = bytes(buffer[:length])
        moved._obj.value = self.count
        return self.code


class Device:
    """Remembers who has the interface, and what it was asked; `answers` are what requests give or raise."""

    def __init__(self, is_driven=True):
        self.lib, self.is_driven, self.claimed, self.done, self.answers = Lib(), is_driven, False, [], []
        self.backend = types.SimpleNamespace(lib=self.lib)
        self._ctx = self
        self.handle = 7

    def managed_open(self):
        return self

    def managed_claim_interface(self, device, number):
        assert not self.is_driven
        self.claimed = True

    def managed_release_interface(self, device, number):
        self.claimed = False

    def dispose(self, device):
        self.claimed = False

    def is_kernel_driver_active(self, number):
        return self.is_driven

    def detach_kernel_driver(self, number):
        self.is_driven = False

    def attach_kernel_driver(self, number):
        self._next("attach")
        self.is_driven = True

    def clear_halt(self, end):
        self._next("clear", end)

    def ctrl_transfer(self, *request):
        return self._next(*request)

    def reset(self):
        self.claimed = False
        self._next("reset")

    def _next(self, *what):
        self.done.append(what)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, int):
            raise usb.core.USBError("no", -1, answer)
        return answer


def wire(device):
    board = types.SimpleNamespace(device=device, disk_interface=0, bulk_in=0x81, bulk_out=0x02, max_packet=512)
    return LibusbWire(board)


ENDINGS = [(3, 0, FULL), (2, 0, SHORT), (0, 0, SHORT), (2, PIPE, STALL), (1, TIMEOUT, NOTHING), (0, OVERFLOW, BABBLE)]


@pytest.mark.parametrize("count, code, ending", ENDINGS)
def test_transfers_say_how_much_moved_and_how_they_ended(count, code, ending):
    device = Device()
    device.lib.count, device.lib.code = count, code
    assert wire(device).bulk_in(3, 100) == (b"abc"[:count], ending)
    assert wire(device).bulk_out(b"xyz", 100) == (count, ending)
    assert device.lib.sent == b"xyz"


@pytest.mark.parametrize("code", (NO_DEVICE, IO))
def test_a_device_that_is_gone(code):
    device = Device()
    device.lib.code = code
    with pytest.raises(Gone):
        wire(device).bulk_in(3, 100)
    device.answers = [errno.ENODEV, errno.ENODEV, errno.EIO]
    with pytest.raises(Gone):
        wire(device).clear_halt(IN)
    with pytest.raises(Gone):
        wire(device).control(0x21, 0xFF, 0, 0, b"")
    with pytest.raises(Gone):
        wire(device).reset()


def test_requests():
    device = Device()
    device.answers = [memoryview(b"\1"), None, errno.EPIPE, None, errno.EPIPE, None]
    made = wire(device)
    assert made.control(0xA1, 0xFE, 0, 0, 1) == b"\1"
    assert made.control(0x21, 0xFF, 0, 0, b"") == b""
    assert made.control(0xA1, 0xFE, 0, 0, 1) is None
    assert made.halt(IN) and not made.halt(OUT)
    made.clear_halt(OUT)
    assert [each[:4] for each in device.done[3:]] == [(0x02, 3, 0, 0x81), (0x02, 3, 0, 0x02), ("clear", 0x02)]


def test_the_disk_is_taken_and_given_back():
    device = Device()
    made = wire(device)
    made.take()
    assert device.claimed and not device.is_driven
    made.give_back()
    assert not device.claimed and device.is_driven


def test_a_disk_that_a_killed_run_left_without_a_driver_gets_one():
    device = Device(is_driven=False)
    made = wire(device)
    made.take()
    made.give_back()
    assert device.is_driven
    device = Device(is_driven=False)
    made = wire(device)
    made.take()
    device.answers = [errno.ENOENT]  # there is no driver here, as there was none before
    made.give_back()
    assert not device.is_driven and not device.claimed


def test_a_disk_that_cannot_be_given_back_is_told():
    device = Device()
    made = wire(device)
    made.take()
    device.answers = [errno.EIO]
    with pytest.raises(usb.core.USBError):
        made.give_back()
    assert not device.claimed


def test_a_port_reset_claims_the_interface_again():
    device = Device()
    made = wire(device)
    made.take()
    made.reset()
    assert device.claimed
    device.is_driven = True  # the kernel looked at it as at a new device
    device.answers = [errno.ENODEV]
    made.reset()
    assert device.claimed and not device.is_driven
