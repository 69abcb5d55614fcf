"""One NBD client: bytes in, bytes out, commands on the volume in between.

Memory is bounded by two buffers. The first receives: requests are parsed where they lie, and a payload
that has not arrived whole is received to its end right behind what is there of it, so that hardly a byte
is moved. Its *window* is small enough to stay in the processor's cache while many small requests
come at once; behind the window there is room for the largest piece of a write. The second is the ring
of replies. When the client does not take its replies, or the volume has no room, nothing more is read.
"""

from firmware.errors import ProtocolError
from firmware.host.nbd.handshake import Handshake
from firmware.host.nbd.replies import Replies
from firmware.host.nbd.transmission import MAX_PIECE, Transmission

WINDOW = 256 << 10
_CAPACITY = WINDOW + MAX_PIECE  # what is parsed starts in the window, and waits for one piece at most
_REPLIES_SIZE = (1 << 20) + (256 << 10)  # the largest piece of a read, and more behind it
_HANDSHAKE_MS = 10_000  # who has not entered the transmission by then would only keep others out
_CHEAP_MOVE = 16 << 10  # so little is moved rather than received in a small read of its own
_UNKNOWN = -1


def _nobody() -> None:
    """Stands for `wake` until a driver sets it."""


class Conversation:
    """Serves `volume` to one client; the driver moves the bytes. Nothing but ProtocolError escapes.

    `hosts.came("NBD")` is called when the client has the disk, `hosts.left("NBD")` when it is gone.
    """

    def __init__(self, volume, hosts=None):
        self.wake = _nobody
        self._hosts = hosts
        self._is_counted = False
        self._volume = volume
        self._view = memoryview(bytearray(_CAPACITY))
        self._window = self._view[:WINDOW]
        self._start = 0  # the first byte that was not parsed yet
        self._end = 0  # the end of what was received
        self._replies = Replies(_REPLIES_SIZE)
        self._stage = Handshake(volume, self._view, self._replies)
        self._is_over = False  # nothing more is taken from the client
        self._is_broken = False
        self._is_parsing = False
        self._give_up_ms = _UNKNOWN

    def wanted(self) -> "memoryview | None":
        """Where the next bytes go; None while the client has to wait, and after its end."""
        stage = self._stage
        if self._is_over or stage.blocked:
            return None
        start, end = self._start, self._end
        if start == end:
            self._start = self._end = 0
            return self._window if stage.need <= WINDOW else self._view[: stage.need]
        stop = start + stage.need
        if start and end - start <= _CHEAP_MOVE:
            stop -= start
            end -= start
            self._view[:end] = self._view[start : start + end]
            self._start, self._end = 0, end
        return self._view[end : max(stop, WINDOW)]

    def received(self, count: int) -> None:
        """`count` bytes are there; 0: the client sends no more. ProtocolError: close the connection."""
        if not count:
            self._is_over = True
            return
        self._end += count
        if self._end - self._start >= self._stage.need:
            self._advance()

    def outgoing(self) -> "memoryview | None":
        """The next bytes to send; None when there are none now."""
        return self._replies.outgoing()

    def sent(self, count: int) -> None:
        """`count` bytes of the last outgoing() are gone."""
        self._replies.sent(count)
        if self._stage.blocked or self._stage.answers.late:
            self._try_to_advance()

    @property
    def finished(self) -> bool:
        """Whether all is done once outgoing() is None."""
        stage = self._stage
        return self._is_broken or (self._is_over and not stage.blocked and not stage.answers.in_flight)

    def close(self) -> None:
        """The board stops: nothing more is taken; what is answered already goes out."""
        self._is_over = self._is_broken = True
        self.wake()

    def lost(self) -> None:
        """The connection is gone: what is in flight ends unanswered."""
        self._is_over = self._is_broken = True
        if self._is_counted:
            self._is_counted = False
            self._hosts.left("NBD")
        self._stage.lost()
        self._view = self._window = None
        self._replies = Replies(0)

    def poll(self, now_ms: int) -> "int | None":
        """Ends a handshake that takes too long; in the transmission nothing happens by time."""
        if self._give_up_ms is None:
            return None
        if self._give_up_ms == _UNKNOWN:
            self._give_up_ms = now_ms + _HANDSHAKE_MS
        elif now_ms >= self._give_up_ms:
            self._is_over = self._is_broken = True
            return None
        return self._give_up_ms

    def _advance(self) -> None:
        stage = self._stage
        self._is_parsing = True
        try:
            self._start = stage.parse(self._start, self._end)
            if stage.done:
                stage.lost()
                self._give_up_ms = None
                self._count()
                self._stage = stage = Transmission(
                    self._volume, self._view, self._replies, stage.structured, stage.context, self._resumed
                )
                self._start = stage.parse(self._start, self._end)
        except ProtocolError:
            self._is_over = self._is_broken = True
            raise
        finally:
            self._is_parsing = False
        if stage.aborted:
            self._is_over = True

    def _count(self) -> None:
        if self._hosts is not None:
            self._is_counted = True
            self._hosts.came("NBD")

    def _try_to_advance(self) -> None:
        """Goes on outside of received(): there is nobody to raise to, `finished` says it."""
        try:
            self._advance()
        except ProtocolError:
            pass

    def _resumed(self) -> None:
        """Something in flight has ended, or there is room in the volume."""
        if self._is_parsing or self._is_broken:
            return
        if self._stage.blocked or self._stage.answers.late:
            self._try_to_advance()
        self.wake()
