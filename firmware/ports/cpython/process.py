"""The process lane: thousands of small writes that would hold the interpreter's lock against the loop."""

import ctypes
import gc
import os
import pickle
import signal
import socket
import struct
import time
from collections import deque

from ..lanes import run_job
from ..linux import EIO

_LENGTH = struct.Struct("<I")
_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 5


class ProcessLane:
    """Jobs run in FIFO order in a child process; arguments, results and exceptions are pickled.

    Make it before any thread is started. `keep`: the storages that the worker uses; every other descriptor
    is closed in the child. When the child dies, each pending and later job ends with an OSError (EIO); when
    we die, so does the child. To the loop this is one more conversation.
    """

    finished = False

    def __init__(self, worker, loop, brief=(), keep=()):
        self._loop = loop
        self._alive = True
        self._dones = deque()
        self._out = deque()
        self._buffer = bytearray(1 << 16)
        self._filled = 0
        ours, theirs = socket.socketpair()
        gc.collect()
        gc.freeze()  # or the child's first collection would copy every page of ours
        parent = os.getpid()
        self._process = os.fork()
        if not self._process:
            _be_child(worker, theirs, {storage.descriptor for storage in keep}, parent)
        theirs.close()
        ours.setblocking(False)
        self._channel = loop.converse(ours, self)

    @property
    def idle(self) -> bool:
        """Whether every `done` has been called."""
        return not self._dones

    def submit(self, done, op: str, *args) -> None:
        self._dones.append(done)
        self._loop.jobs += 1
        if not self._alive:
            self._loop.soon(self._fail_next)
            return
        self._out.append(memoryview(pickle.dumps((op, args), pickle.HIGHEST_PROTOCOL)))
        self.wake()

    def close(self) -> None:
        """End the child when it has done what it was given; what was pending ends with an error here."""
        self._channel.close()
        give_up = time.monotonic() + _PATIENCE_S
        while self._process and not os.waitpid(self._process, os.WNOHANG)[0]:
            if time.monotonic() > give_up:
                os.kill(self._process, signal.SIGKILL)
            time.sleep(0.001)
        self._process = 0

    # The conversation with the child.

    def wanted(self):
        return memoryview(self._buffer)[self._filled :]

    def received(self, count: int) -> None:
        if not count:
            self.finished = True
            self._out.clear()
        self._filled += count
        at = 0
        while self._filled - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, at)
            end = at + _LENGTH.size + length
            if end > self._filled:
                self._make_room(at, end - at)
                break
            result, error = pickle.loads(memoryview(self._buffer)[at + _LENGTH.size : end])
            at = end
            self._loop.jobs -= 1
            self._dones.popleft()(result, error)
        rest = self._filled - at
        self._buffer[:rest] = self._buffer[at : self._filled]
        self._filled = rest

    def outgoing(self):
        return self._out[0] if self._out else None

    def sent(self, count: int) -> None:
        view = self._out.popleft()
        if count < len(view):
            self._out.appendleft(view[count:])

    def poll(self, now_ms: int):
        return None

    def lost(self) -> None:
        self._alive = False
        for _ in range(len(self._dones)):
            self._loop.soon(self._fail_next)

    def _make_room(self, at: int, size: int) -> None:
        if size > len(self._buffer):
            grown = bytearray(size + at)
            grown[: self._filled] = self._buffer[: self._filled]
            self._buffer = grown

    def _fail_next(self) -> None:
        self._loop.jobs -= 1
        self._dones.popleft()(None, OSError(EIO, "the process that did this work has ended"))


def _be_child(worker, sock, keep, parent: int) -> None:
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:
            _leave_parents_things(keep | {sock.fileno()})
            _serve(worker, sock)
            status = 0
    finally:
        os._exit(status)


def _leave_parents_things(keep) -> None:
    # A stop is the parent's to order: it ends us by closing the socket, after the last job.
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError:  # the one that listed the others
                pass


def _serve(worker, sock) -> None:
    stream = sock.makefile("rb")
    while True:
        try:
            op, args = pickle.load(stream)
        except EOFError:
            return
        outcome = run_job(worker, op, args)
        try:
            answer = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        except Exception:
            answer = pickle.dumps((None, RuntimeError(repr(outcome))))
        sock.sendall(_LENGTH.pack(len(answer)) + answer)
