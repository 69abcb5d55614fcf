"""A wire between the boards that can be cut, frozen, and made slow."""

import select
import socket
import threading


class Relay:
    """Forwards connections from its own port to `target` in one thread of its own.

    `open`: whether bytes and new connections pass; `cut()` drops what is connected. `step` bytes at most go at once.
    """

    def __init__(self, target: int):
        self.open = True
        self.step = 1 << 16
        self.passed = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._callers: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def touch(self, data: bytes) -> bytes:
        """What the caller said, on its way to `target`; a part may be kept for later."""
        return data

    def cut(self) -> None:
        """Both halves of every connection are gone, with whatever was on the way."""
        with self._lock:
            for each in self._pairs:
                each.close()
            self._pairs.clear()

    def end(self) -> None:
        self._ended = True
        self._thread.join(5)
        self.cut()
        self._listener.close()

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                waiting = [self._listener, *self._pairs] if self.open else []
            try:
                ready = select.select(waiting, [], [], 0.05)[0]
            except (OSError, ValueError):
                continue  # cut meanwhile
            for each in ready:
                if each is self._listener:
                    self._accept()
                else:
                    self._pass_on(each)

    def _accept(self) -> None:
        near = self._listener.accept()[0]
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            near.close()
            return
        with self._lock:
            self._pairs[near], self._pairs[far] = far, near
            self._callers.add(near)

    def _pass_on(self, source: socket.socket) -> None:
        with self._lock:
            sink = self._pairs.get(source)
        if sink is None:
            return
        try:
            data = source.recv(self.step)
            sink.settimeout(1)
            sink.sendall(self.touch(data) if source in self._callers else data)
        except OSError:
            data = b""
        self.passed += len(data)
        if not data:
            with self._lock:
                for each in (source, sink):
                    self._pairs.pop(each, None)
                    self._callers.discard(each)
                    each.close()
