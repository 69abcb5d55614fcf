"""Linux asynchronous I/O (io_submit(2)) with an eventfd that the loop watches: transfers on the endpoints of a
USB gadget start and end without a thread, several with one system call.

Control blocks and events are used as the kernel lays them out (linux/aio_abi.h), little-endian.
"""

import ctypes
import os
import struct
from select import EPOLLET

from ..linux import EAGAIN, ECANCELED, EINTR, ENOMEM, ENOSYS, POLLIN

# By machine and size of a pointer, for a kernel of 64 bits runs programs of 32: io_setup, io_destroy, io_getevents,
# io_submit, io_cancel.
_ARM_32 = (243, 244, 245, 246, 247)
_CALLS = {
    ("x86_64", 8): (206, 207, 208, 209, 210),
    ("aarch64", 8): (0, 1, 4, 2, 3),
    ("riscv64", 8): (0, 1, 4, 2, 3),
    ("aarch64", 4): _ARM_32,
    ("armv7l", 4): _ARM_32,
    ("armv6l", 4): _ARM_32,
}
_IOCB = "<QIIHhIQQqQII"  # data, key, rw_flags, opcode, priority, descriptor, buffer, bytes, offset, -, flags, eventfd
_IOCB_SIZE = 64
_EVENT = "<QQqq"  # data, control block, result, -
_EVENT_SIZE = 32
_PREAD, _PWRITE = 0, 1
_FLAG_RESFD = 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class Aio:
    """Up to `depth` transfers in flight. `read` and `write` queue one, `submit` starts what is queued.

    `done(number, result)` is called from the loop; `result`: bytes moved, or a negative errno. The end of a `quiet`
    one wakes nobody: it is reported together with the next that does, or by reap(). A transfer cannot be forgotten
    while the kernel has its memory: `cancel` makes it end soon, and its end is reported like every other.
    Raises OSError when the system has no such thing.
    """

    def __init__(self, loop, depth: int = 64):
        self._loop = loop
        calls = _CALLS.get((os.uname().machine, struct.calcsize("P")))
        if calls is None:
            raise OSError(ENOSYS, "asynchronous I/O is not known for this kind of processor")
        setup, self._destroy, self._getevents, self._submit, self._cancel = calls
        self._context = ctypes.c_ulong(0)
        _check(_libc.syscall(setup, depth, ctypes.byref(self._context)))
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._blocks = bytearray(_IOCB_SIZE * depth)
        self._blocks_address = _address(self._blocks)
        self._pointers = (ctypes.c_void_p * depth)()
        self._events = bytearray(_EVENT_SIZE * depth)
        self._events_address = ctypes.c_void_p(_address(self._events))
        self._depth = depth
        self._free = list(range(depth))
        self._jobs = [None] * depth  # (done, view): the view keeps the memory there
        self._queued = []
        loop.watch(self.eventfd, POLLIN | EPOLLET, lambda events: self.reap())  # told of each end: no need to read it

    def read(self, descriptor: int, view, done, quiet: bool = False) -> int:
        """Queues a read into all of `view`; its number."""
        return self._queue(_PREAD, descriptor, view, done, 0 if quiet else _FLAG_RESFD)

    def write(self, descriptor: int, view, done, quiet: bool = False) -> int:
        """Queues a write of `view`, which may be empty; its number."""
        return self._queue(_PWRITE, descriptor, view, done, 0 if quiet else _FLAG_RESFD)

    def _queue(self, opcode: int, descriptor: int, view, done, flags: int) -> int:
        number = self._free.pop()
        length = len(view)
        struct.pack_into(
            _IOCB, self._blocks, number * _IOCB_SIZE, number, 0, 0, opcode, 0, descriptor,
            _address(view) if length else 0, length, 0, 0, flags, self.eventfd,
        )  # fmt: skip
        self._jobs[number] = (done, view)
        self._queued.append(number)
        return number

    def submit(self) -> None:
        """Starts what is queued. When the system does not take one it ends with its errno; those behind it are
        cancelled, for they may only make sense after it."""
        queued, self._queued = self._queued, []
        pointers = self._pointers
        while queued:
            for place, number in enumerate(queued):
                pointers[place] = self._blocks_address + number * _IOCB_SIZE
            started = _libc.syscall(self._submit, self._context, len(queued), pointers)
            if started >= 0:
                queued = queued[started:]
            elif ctypes.get_errno() != EINTR:
                # Here EAGAIN means that the kernel has no room; as the end of a transfer it has other meanings.
                error = ENOMEM if ctypes.get_errno() == EAGAIN else ctypes.get_errno()
                self._loop.soon(self._end, queued[0], -error)
                for number in queued[1:]:
                    self._loop.soon(self._end, number, -ECANCELED)
                return

    def cancel(self, number: int) -> None:
        """Makes a transfer end soon, if it has not ended by itself."""
        if number in self._queued:
            self._queued.remove(number)
            self._loop.soon(self._end, number, -ECANCELED)
        elif self._jobs[number] is not None:
            block = ctypes.c_void_p(self._blocks_address + number * _IOCB_SIZE)
            _libc.syscall(self._cancel, self._context, block, self._events_address)  # the end comes as an event

    def close(self) -> None:
        """Ends everything; nothing is reported any more."""
        self._loop.forget(self.eventfd)
        _libc.syscall(self._destroy, self._context)
        os.close(self.eventfd)

    def reap(self) -> None:
        """Reports what has ended."""
        count = _libc.syscall(self._getevents, self._context, 0, self._depth, self._events_address, None)
        ended = [struct.unpack_from(_EVENT, self._events, place * _EVENT_SIZE) for place in range(max(0, count))]
        for number, _, result, _ in ended:
            self._end(number, result)

    def _end(self, number: int, result: int) -> None:
        done, _ = self._jobs[number]
        self._jobs[number] = None
        self._free.append(number)
        done(number, result)


def _address(view) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _check(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
