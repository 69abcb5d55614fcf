"""The cable between the boards: a TCP relay in a process of its own, which the demo can cut.

`python3 -m tools.demo.relay LISTEN_PORT TARGET_PORT` obeys lines on stdin (`cut`, `mend`), answers each
with the same word, and ends when stdin does, so it cannot outlive the demo.
"""

import contextlib
import socket
import struct
import subprocess
import sys
import threading

from tools.demo.workshop import Broken, Workshop

CHUNK = 1 << 18
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Relay:
    """Carries bytes both ways between whoever connects and the target; cut() drops and refuses all."""

    def __init__(self, port: int, target: int):
        self.port = port
        self.target = target
        self._lock = threading.Lock()
        self._listener = None
        self._ends = set()

    def mend(self):
        """Listens; connections pass."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=8)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self):
        """Ends every connection at once, what was on its way is lost, and refuses new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # shutdown wakes the thread in accept(); close alone would leave the port listening.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _drop(end)

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._join(listener, near)

    def _join(self, listener, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _drop(near)
            return
        far.settimeout(None)
        with self._lock:
            alive = listener is self._listener
            if alive:
                self._ends.update((near, far))
        if not alive:
            _drop(near)
            _drop(far)
            return
        for source, sink in ((near, far), (far, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        view = memoryview(bytearray(CHUNK))
        with contextlib.suppress(OSError):
            while count := source.recv_into(view):
                sink.sendall(view[:count])
        with self._lock:
            self._ends -= {source, sink}
        _drop(source)
        _drop(sink)


def _drop(end):
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Link:
    """The demo's hand on the relay process."""

    def __init__(self, workshop: Workshop, port: int, target: int):
        self.port = port
        self.up = False
        self._process = workshop.python("tools.demo.relay", str(port), str(target), log="relay.log",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.mend()

    def cut(self):
        """The cable is pulled."""
        self._order("cut")
        self.up = False

    def mend(self):
        """The cable is back."""
        self._order("mend")
        self.up = True

    def _order(self, word: str):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != word:
            raise Broken("The demo's own relay does not obey.")


def main():
    relay = Relay(int(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        word = line.strip()
        {"cut": relay.cut, "mend": relay.mend}[word]()
        print(word, flush=True)


if __name__ == "__main__":
    main()
