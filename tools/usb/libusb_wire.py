"""A Wire on a real bus, through pyusb and the libusb under it."""

import ctypes
import errno
import time

import usb.core
import usb.util

from tools.usb.boards import Board
from tools.usb.wire import BABBLE, FULL, IN, NOTHING, SHORT, STALL, Gone, Wire

# libusb_error
ENDINGS = {-9: STALL, -7: NOTHING, -8: BABBLE}
NO_DEVICE = -4

SET_FEATURE, ENDPOINT_HALT, TO_ENDPOINT = 3, 0, 0x02  # USB 2.0 tables 9-4, 9-6, 9-2
CONTROL_MS = 10000
BACK_S = 10.0


class LibusbWire(Wire):
    """The bulk pipes of a board's disk. take() gets them from the kernel's driver, give_back() returns them."""

    def __init__(self, board: Board):
        self._board, self._device = board, board.device
        self._ends = {IN: board.bulk_in, 0: board.bulk_out}
        self.max_packet = board.max_packet
        self._was_driven = False

    def take(self) -> None:
        """Raises USBError."""
        number = self._board.disk_interface
        if self._is_driven():
            self._was_driven = True
            self._device.detach_kernel_driver(number)
        usb.util.claim_interface(self._device, number)

    def give_back(self) -> None:
        """The kernel's driver gets the disk, also when a run before was killed and left it without. Raises USBError."""
        usb.util.release_interface(self._device, self._board.disk_interface)
        try:
            if not self._is_driven():
                self._device.attach_kernel_driver(self._board.disk_interface)
        except usb.core.USBError:
            if self._was_driven:  # else there may be none for it here
                raise
        finally:
            usb.util.dispose_resources(self._device)

    def _is_driven(self) -> bool:
        return self._device.is_kernel_driver_active(self._board.disk_interface)

    def bulk_out(self, data, timeout_ms):
        raw = (ctypes.c_ubyte * max(1, len(data))).from_buffer_copy(bytes(data) or b"\0")
        return self._bulk(self._board.bulk_out, raw, len(data), timeout_ms)

    def bulk_in(self, length, timeout_ms):
        raw = (ctypes.c_ubyte * length)()
        moved, ending = self._bulk(self._board.bulk_in, raw, length, timeout_ms)
        return bytes(memoryview(raw)[:moved]), ending

    def _bulk(self, end: int, raw, length: int, timeout_ms: int) -> "tuple[int, str]":
        """pyusb's own read and write forget how much was moved before a stall; so this asks libusb itself."""
        handle, moved = self._device._ctx.managed_open().handle, ctypes.c_int()
        code = self._device.backend.lib.libusb_bulk_transfer(
            handle, end, ctypes.cast(raw, ctypes.POINTER(ctypes.c_ubyte)), length, ctypes.byref(moved), timeout_ms)
        if code == 0:
            return moved.value, FULL if moved.value == length else SHORT
        if code in ENDINGS:
            return moved.value, ENDINGS[code]
        raise Gone("the device left the bus" if code == NO_DEVICE else "the bus fails (libusb error %d)" % code)

    def clear_halt(self, direction):
        self._try(self._device.clear_halt, self._ends[direction])

    def halt(self, direction):
        answer = self.control(TO_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, self._ends[direction], b"")
        return answer is not None

    def control(self, request_type, request, value, index, data_or_length):
        try:
            answer = self._device.ctrl_transfer(request_type, request, value, index, data_or_length or None, CONTROL_MS)
        except usb.core.USBError as error:
            if error.errno == errno.EPIPE:
                return None
            raise Gone("a control request fails: %s" % (error.strerror or error)) from None
        return bytes(answer) if request_type & IN else b""

    def reset(self):
        until = time.monotonic() + BACK_S
        try:
            self._device.reset()
        except usb.core.USBError as error:
            # The kernel found other descriptors than before and looks at it as at a new device.
            if error.errno not in (errno.ENODEV, errno.ENOENT):
                raise Gone("a port reset fails: %s" % (error.strerror or error)) from None
        while True:
            try:
                self.take()
                return
            except usb.core.USBError as error:
                if time.monotonic() > until:
                    raise Gone("it is not back after a port reset: %s" % (error.strerror or error)) from None
                time.sleep(0.1)

    def _try(self, call, *arguments):
        try:
            return call(*arguments)
        except usb.core.USBError as error:
            raise Gone(error.strerror or str(error)) from None
