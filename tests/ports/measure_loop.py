"""What the loop costs: 4 KiB requests over a Unix socketpair, against a bare blocking receive and send.

Run by hand: python -m tests.ports.measure_loop [SECONDS]. Both servers answer the same client process, in turns.
"""

import os
import socket
import statistics
import sys
import time

from firmware.ports import Loop

REQUEST = 28 + 4096
REPLY = 16


class Answering:
    """Takes requests of 28 + 4096 bytes, answers each with 16: an NBD write without the disk."""

    def __init__(self, loop):
        self._loop = loop
        self._buffer = memoryview(bytearray(1 << 18))
        self._filled = 0
        self._reply = memoryview(bytearray(REPLY * 64))
        self._owed = 0
        self.finished = False

    def wanted(self):
        return self._buffer[self._filled :]

    def received(self, count):
        if not count:
            self.finished = True
        filled = self._filled + count
        answers = filled // REQUEST
        self._owed += answers * REPLY
        rest = filled - answers * REQUEST
        if rest and answers:
            self._buffer[:rest] = self._buffer[filled - rest : filled]
        self._filled = rest

    def outgoing(self):
        return self._reply[: self._owed] if self._owed else None

    def sent(self, count):
        self._owed -= count

    def poll(self, now_ms):
        return None

    def lost(self):
        self._loop.stop()


def serve_bare(sock):
    buffer = memoryview(bytearray(1 << 18))
    reply = memoryview(bytearray(REPLY))
    filled = 0
    while True:
        count = sock.recv_into(buffer[filled:])
        if not count:
            return
        filled += count
        while filled >= REQUEST:
            sock.send(reply)
            filled -= REQUEST


def serve_loop(sock):
    loop = Loop()
    loop.hook = lambda now_ms: None
    sock.setblocking(False)
    loop.converse(sock, Answering(loop))
    loop.run()


def measure(serve, seconds: float, depth: int) -> float:
    """Microseconds per request."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        ours.close()
        try:
            serve(theirs)
        except OSError:  # the client left
            pass
        os._exit(0)
    theirs.close()
    request = bytes(REQUEST)
    reply = bytearray(REPLY * depth)
    for _ in range(depth):
        ours.sendall(request)
    count = 0
    began = time.perf_counter()
    end = began + seconds
    while time.perf_counter() < end:
        for _ in range(50):
            got = ours.recv_into(reply)
            answers = got // REPLY
            ours.sendall(request if answers == 1 else request * answers)
            count += answers
    took = time.perf_counter() - began
    ours.close()
    os.waitpid(child, 0)
    return took / count * 1e6


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    for depth in (1, 16):
        bare, loop = [], []
        for _ in range(7):
            bare.append(measure(serve_bare, seconds, depth))
            loop.append(measure(serve_loop, seconds, depth))
        a, b = statistics.median(bare), statistics.median(loop)
        print("depth %2d: bare %.1f us, loop %.1f us, ratio %.2f" % (depth, a, b, a / b))


if __name__ == "__main__":
    main()
