"""A fake ep0: the state machine of FunctionFS, as its kernel header and documentation tell it."""

import os
import struct
from collections import deque
from errno import EAGAIN, EBADFD, EIDRM, EINVAL, EL2HLT, ESRCH

DESCRIPTOR = 77


class FakeEp0:
    """Stands in for `os` in board/usb/control.py. `answers`: what the host got for each SETUP, a STALL or bytes."""

    STALL = "stall"

    def __init__(self):
        self.state = "descriptors"
        self.written = []
        self.answers = []
        self.queue = deque()
        self.setup = None  # the one that was read and not answered yet
        self.opened = []
        self.closed = []
        self.fail_write = {}  # state: errno
        self.fail = deque()  # errnos that the next operations end with

    def add(self, kind, setup=None, garbage=b"\0\0\0"):
        """An event of the bus. `setup`: the five fields."""
        packet = struct.pack("<BBHHH", *setup) if setup else bytes(8)
        self.queue.append((packet + bytes([kind]) + garbage, setup))
        if self.setup:
            self.setup = "cancelled"

    # As os has them

    def open(self, path, flags):
        if self.state == "absent":
            raise _error(2)
        self.opened.append((path, flags))
        return DESCRIPTOR

    def close(self, descriptor):
        self.closed.append(descriptor)

    def read(self, descriptor, count):
        self._check(descriptor)
        if isinstance(self.setup, tuple):
            if self.setup[0] & 0x80:
                return self._stall()
            self.answers.append(b"")
            self.setup = None
            return b""
        if count < 12:
            raise _error(EINVAL)
        if not self.queue:
            raise _error(EAGAIN)
        records = b""
        while self.queue and len(records) + 12 <= count:
            record, setup = self.queue.popleft()
            records += record
            if setup:
                self.setup = setup
        return records

    def write(self, descriptor, data):
        if self.state in self.fail_write:
            raise _error(self.fail_write[self.state])
        if self.state in ("descriptors", "strings"):
            self.written.append(bytes(data))
            self.state = "strings" if self.state == "descriptors" else "active"
            return len(data)
        self._check(descriptor)
        if not isinstance(self.setup, tuple):
            raise _error(ESRCH)
        if not self.setup[0] & 0x80:
            return self._stall()
        data = bytes(data)[: self.setup[4]]
        self.answers.append(data)
        self.setup = None
        return len(data)

    def _check(self, descriptor):
        assert descriptor == DESCRIPTOR
        if self.fail:
            raise _error(self.fail.popleft())
        if self.state != "active":
            raise _error(EBADFD)
        if self.setup == "cancelled":
            self.setup = None
            raise _error(EIDRM)

    def _stall(self):
        self.answers.append(self.STALL)
        self.setup = None
        raise _error(EL2HLT)


def _error(number):
    return OSError(number, os.strerror(number))
