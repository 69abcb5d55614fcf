"""One delivery of a letter: its connection, and what ends it when the server does not."""

import socket
import threading

from ...errors import Undelivered

MOST_HEARD = 64 << 10  # bytes that a server may say in all of it


class Job:
    """One delivery: how it gets its connection, and how somebody else ends it. `trust`: as a PostOffice takes it."""

    def __init__(self, trust: "str | None", step_s: float):
        self.step_s = step_s
        self.trust = trust
        self._lock = threading.Lock()
        self._socket = None
        self._heard = 0
        self._ended = False
        self.in_time = True

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection. In time: every step of it, and of what goes over it; as a whole when give_up() is called, or
        the server does not come to an end."""
        found = socket.create_connection((host, port), self.step_s)
        sock = counted(self, socket.socket)(found.family, found.type, found.proto, found.detach())
        sock.settimeout(self.step_s)
        return self.use(sock)

    def use(self, sock: socket.socket) -> socket.socket:
        """give_up() ends what happens on this one from now on."""
        with self._lock:
            self._socket = sock
            gone = self._ended
        if gone:
            raise TimeoutError
        return sock

    def give_up(self) -> None:
        """Ends it when it still goes on."""
        with self._lock:
            if self._ended:
                return
            self._ended, self.in_time = True, False
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def heard(self, count: int) -> None:
        """So many bytes more came. Raises Undelivered when no answer is as long: to read on until the time is over
        would keep a processor busy which the hosts of this board need."""
        self._heard += count
        if self._heard > MOST_HEARD:
            raise Undelivered("it talks on and on; what answers there is something else")

    def check(self) -> None:
        """An answer that was cut off may look like a whole one."""
        if not self.in_time:
            raise TimeoutError

    def end(self) -> None:
        """It is over."""
        with self._lock:
            self._ended, self._socket = True, None


def counted(job: Job, base: type) -> type:
    """Sockets of the kind `base` that tell the job what they hear. What makefile() makes of them, from which the
    libraries of web and mail read, has no other call for that."""

    class Counted(base):
        def recv_into(self, *args):
            count = super().recv_into(*args)
            job.heard(count)
            return count

    return Counted
