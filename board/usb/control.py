"""ep0 of the disk's function: what happens on the bus, and the requests that come with it.

FunctionFS tells events in records of 12 bytes (linux/usb/functionfs.h). A SETUP is answered by reading or writing
ep0 in the direction of its data stage, and stalled by doing it in the other one. The kernel keeps few events: a
newer ENABLE, DISABLE, BIND or UNBIND erases what was not read yet, so none of them is sure to be seen in a pair.

An answer waits for the host, O_NONBLOCK or not, and a host that gave its request up lets it wait until the next one.
So answers are given in a lane of their own. Until it is done the kernel lets nobody read events, nor tells poll(2)
of them afterwards; therefore the end of an answer is a reason to look.

Bulk-Only Transport 1.0, 3.1 and 3.2, has the two class requests.
"""

import os
import struct
import time
from errno import EAGAIN, EBADFD, EBUSY, EIDRM, EINTR, EL2HLT, ENODEV, ESHUTDOWN, ESRCH

from firmware.errors import Refused

from . import descriptors

BIND, UNBIND, ENABLE, DISABLE, SETUP, SUSPEND, RESUME = range(7)
EVENT = struct.Struct("<8sB3x")
_REQUEST = struct.Struct("<BBHHH")  # bmRequestType bRequest wValue wIndex wLength: USB 2.0 table 9-2
_MOST_EVENTS = 4  # that the kernel keeps
_PAUSE_S = 0.0002

TO_HOST = 0x80  # bmRequestType, bit 7
CLASS_IN, CLASS_OUT, VENDOR_IN = 0xA1, 0x21, 0xC1  # recipient: interface
GET_MAX_LUN, BULK_ONLY_RESET, GET_STATUS = 0xFE, 0xFF, 0x53

# A read that found no events but the end of a SETUP: the host took it back, or we stalled it just now.
_SETUP_IS_OVER = (EIDRM, ESRCH, EL2HLT)
_OFF_THE_BUS = (ESHUTDOWN, ENODEV, EBADFD)
# What a new session meets while somebody has files of the one before open: of a gadget that is made anew nobody has.
_IN_USE = (EBUSY, EBADFD, EIDRM, ESRCH)
_CLOSING_S, _CLOSING_PAUSE_S = 2.0, 0.02


def open_function(path: str, files=os, has_disk: bool = True) -> int:
    """A descriptor of ep0 in the folder `path`, the descriptors and names written; the endpoints' files exist then.

    As long as it or a copy of it is open the gadget can be on the bus. Waits for an earlier session's to be closed.
    Raises Refused.
    """
    until = time.monotonic() + _CLOSING_S
    while True:
        try:
            return _opened(path, files, has_disk)
        except OSError as error:
            if error.errno not in _IN_USE or time.monotonic() > until:
                raise Refused("this kernel does not take the descriptors of the USB disk: %s" % error.strerror)
        time.sleep(_CLOSING_PAUSE_S)


def _opened(path: str, files, has_disk: bool) -> int:
    try:
        # Non-blocking, or a read that waits for an event would keep the gadget from ever leaving the bus.
        descriptor = files.open(path + "/ep0", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _IN_USE:
            raise
        raise Refused("cannot open ep0 of the USB disk: %s" % error.strerror)
    try:
        files.write(descriptor, descriptors.descriptors(has_disk))
        files.write(descriptor, descriptors.strings())
    except OSError:
        files.close(descriptor)
        raise
    return descriptor


def events(data) -> list:
    """(type, setup) of each whole record in `data`; setup is the 5 fields of a SETUP packet, None for other types."""
    found = []
    for at in range(0, len(data) - EVENT.size + 1, EVENT.size):
        setup, kind = EVENT.unpack_from(data, at)
        found.append((kind, _REQUEST.unpack(setup) if kind == SETUP else None))
    return found


class Answers:
    """The worker of a Control's lane."""

    def __init__(self, descriptor: int, files=os):
        self._descriptor = descriptor
        self._files = files

    def answer(self, data: bytes):
        """The data stage of a request, and its status stage."""
        self._insist(self._files.write, data)
        yield

    def acknowledge(self):
        """The status stage of a request without data."""
        self._insist(self._files.read, 0)
        yield

    def _insist(self, operation, argument) -> None:
        # EAGAIN is never about the host: somebody, a poll(2) perhaps, was inside of ep0 at the same moment.
        while _settle(operation, self._descriptor, argument) == EAGAIN:
            time.sleep(_PAUSE_S)


class Control:
    """Turns what `descriptor` (of open_function, perhaps inherited) says into calls.

    `lane` runs the jobs of an Answers on the same descriptor; its owner closes it when the gadget is gone, for only
    then does it surely end. Without one a host can make readable() wait.

    `status() -> bytes` answers the vendor request, which is stalled while that is empty. `max_lun` answers the class
    request; it is None where there is no disk.
    `on_enable`: a host configured us, or reset the bus: a new session, also when no on_disable came before.
    `on_disable`: the host is gone. `on_reset`: Bulk-Only Mass Storage Reset; it is acknowledged to the host afterwards.
    `suspended`: the bus sleeps.
    """

    def __init__(self, descriptor: int, status, max_lun: "int | None" = 0, lane=None, files=os):
        self.descriptor = descriptor
        self.max_lun = max_lun
        self.on_enable = self.on_disable = self.on_reset = _nothing
        self.enabled = False
        self.suspended = False
        self._status = status
        self._status_interface = 0 if max_lun is None else descriptors.STATUS
        self._files = files
        self._lane = lane or _NoLane(Answers(descriptor, files))
        self._answering = False

    def readable(self) -> None:
        """ep0 has events: takes those that are there. More of them make it readable again."""
        if self._answering:  # a read now would be an answer, too
            return
        data = b""
        for _ in range(_MOST_EVENTS):  # the first reads may only find out that an old SETUP is over
            data = self._read()
            if data is None or data:
                break
        for kind, setup in events(data or b""):
            self._take(kind, setup)

    def _read(self) -> "bytes | None":
        """Up to all events that there can be; None when there are none, b"" when there may be."""
        try:
            return self._files.read(self.descriptor, _MOST_EVENTS * EVENT.size)
        except OSError as error:
            if error.errno in _OFF_THE_BUS:
                self._disable()
            elif error.errno in _SETUP_IS_OVER:
                return b""
            elif error.errno not in (EAGAIN, EINTR):
                raise
        return None

    def close(self) -> None:
        """Gives ep0 back: unless a copy of it is open elsewhere, the kernel takes the gadget off the bus."""
        self._files.close(self.descriptor)

    def _take(self, kind: int, setup) -> None:
        if kind == ENABLE:
            self.enabled, self.suspended = True, False
            self.on_enable()
        elif kind in (BIND, UNBIND, DISABLE):
            self._disable()
        elif kind == SETUP:
            self._request(*setup)
        elif kind in (SUSPEND, RESUME):
            self.suspended = kind == SUSPEND

    def _disable(self) -> None:
        if self.enabled:
            self.enabled = False
            self.on_disable()

    def _request(self, kind: int, request: int, value: int, index: int, length: int) -> None:
        what = (kind, request, value, index)
        if what == (VENDOR_IN, GET_STATUS, 0, self._status_interface) and length:
            self._answer(kind, self._status()[:length])
        elif self.max_lun is None:
            self._stall(kind)
        elif what == (CLASS_IN, GET_MAX_LUN, 0, descriptors.DISK) and length == 1:
            self._submit("answer", bytes([self.max_lun]))
        elif what == (CLASS_OUT, BULK_ONLY_RESET, 0, descriptors.DISK) and length == 0:
            self.on_reset()
            self._submit("acknowledge")
        else:
            self._stall(kind)

    def _answer(self, kind: int, data: bytes) -> None:
        if data:
            self._submit("answer", data)
        else:
            self._stall(kind)

    def _stall(self, kind: int) -> None:
        """By doing it against the direction."""
        if kind & TO_HOST:
            _settle(self._files.read, self.descriptor, 0)
        else:
            _settle(self._files.write, self.descriptor, b"")

    def _submit(self, op: str, *args) -> None:
        self._answering = True
        self._lane.submit(self._answered, op, *args)

    def _answered(self, result, error) -> None:
        self._answering = False
        if error is not None:
            raise error
        self.readable()


class _NoLane:
    """Jobs run at once."""

    def __init__(self, worker):
        self._worker = worker

    def submit(self, done, op: str, *args) -> None:
        for _ in getattr(self._worker, op)(*args):
            pass
        done(None, None)


def _settle(operation, descriptor: int, argument) -> int:
    """The errno of the last stage of a request, or 0."""
    # A stall succeeds as EL2HLT. Any other error: the host took the request back, reset or left the bus. It learns
    # nothing from this end, and what it did instead is the next event.
    try:
        operation(descriptor, argument)
    except OSError as error:
        return error.errno
    return 0


def _nothing() -> None:
    pass
