"""A conversation over a socket: bytes in, bytes out at once, and interest in events only when it changes."""

from ..errors import ProtocolError
from .linux import EAGAIN, EIO, POLLERR, POLLHUP, POLLIN, POLLOUT
from .runtime import sockets, system
from .spans import SPAN_PIECE, is_near, send_span

NEVER = 1 << 60
_READS = 16  # in one turn
_MOST_SENT = 2 * SPAN_PIECE  # bytes in one turn
_CALL = 1 << 13  # what a call counts for beside its bytes
_SPAN_RETRY_MS = 2

# How sending ended.
_IDLE, _BLOCKED, _SPENT, _WAITING, _GONE = range(5)


class Channel:
    """Drives one conversation until it is finished, breaks its protocol or loses its transport.

    Reading stays switched on until an event finds that the conversation wants nothing, so a conversation
    that always reads costs no system call beyond receive and send.

    A conversation that has `bug(error)` is a surface's: anything that it raises ends it, and nothing else, also when it
    raises because it is lost.
    """

    def __init__(self, loop, sock, conversation, closed=None):
        self.descriptor = sock.fileno()
        self.due = NEVER
        self._loop = loop
        self._socket = sock
        self._conversation = conversation
        self._closed = closed
        self._receive = sockets.receiver(sock)
        self._send = sockets.sender(sock)
        self._mask = POLLIN
        self._parked = False
        self._ended = False
        self._queued = True
        self._share = 0
        conversation.wake = self.wake
        loop.adopt(self)

    @property
    def conversation(self):
        """Whom it drives."""
        return self._conversation

    def wake(self) -> None:
        """Something changed outside of our calls: serve the conversation before the loop waits."""
        if not self._queued:
            self._queued = True
            self._loop.enqueue(self)

    def close(self) -> None:
        if self._socket is None:
            return
        self._loop.disown(self)
        self._socket.close()
        self._socket = None
        self._queued = True
        try:
            self._conversation.lost()
        except Exception as error:
            self._broke(error)
        finally:
            if self._closed is not None:
                self._closed()

    def on_events(self, events: int) -> None:
        """One turn; `events` is what the poller saw, 0 when woken or due."""
        if self._socket is None:
            return
        self._queued = True  # what is changed from inside this turn is served in it
        try:
            if events & ~POLLOUT:
                self._read(events)
            if self._socket is not None:
                self._answer()
        except ProtocolError:
            self._last_words()
            self.close()
        except Exception as error:
            self._broke(error)
            self.close()

    def _broke(self, error: Exception) -> None:
        bug = getattr(self._conversation, "bug", None)
        if bug is None:
            raise error
        bug(error)

    def _read(self, events: int) -> None:
        if not self._mask & POLLIN:
            self._hang_up(events)
            return
        conversation = self._conversation
        for _ in range(_READS):
            view = conversation.wanted()
            if view is None:
                self._set_mask(self._mask & ~POLLIN)
                return
            try:
                count = self._receive(view)
            except OSError as error:
                if error.errno != EAGAIN:
                    self.close()
                return
            if not count:
                self._ended = True
                self._set_mask(self._mask & ~POLLIN)
            conversation.received(count)
            if count < len(view):
                return
            if conversation.outgoing() is not None:
                return  # what was asked for is answered first; reading again now would most likely be for nothing

    def _hang_up(self, events: int) -> None:
        # Reported whether asked for or not. An error ends it; a hang-up may leave bytes to be read later,
        # so the descriptor is taken out until reading is wanted again.
        if events & POLLERR:
            self.close()
        elif events & POLLHUP and not self._mask:
            self._loop.forget(self.descriptor)
            self._parked = True

    def _answer(self) -> None:
        """Send what there is, as far as it goes without waiting and within this turn's share."""
        conversation = self._conversation
        now = system.now_ms()  # not the turn's: others may have taken long in it, and a link measures its distance
        self._share = _MOST_SENT
        state = _IDLE
        out = conversation.outgoing()
        while True:
            if out is not None:
                state = self._send_some(out)
                if state == _GONE:
                    return
            due = conversation.poll(now)
            if state != _IDLE:
                break
            out = conversation.outgoing()
            if out is None:
                break
            if self._share <= 0:
                state = _SPENT
                break
        self._rest(state, due)

    def _rest(self, state: int, due) -> None:
        """Arrange for the next turn."""
        conversation = self._conversation
        if state == _IDLE and conversation.finished:
            self.close()
            return
        if state == _WAITING:
            retry = self._loop.now + _SPAN_RETRY_MS
            due = retry if due is None or retry < due else due
        if due is None:
            self.due = NEVER
        else:
            self.due = due
            self._loop.note_due(due)
        mask = self._mask & POLLIN
        if not mask and not self._ended and conversation.wanted() is not None:
            mask = POLLIN
        if state == _BLOCKED:
            mask |= POLLOUT
        if mask != self._mask:
            self._set_mask(mask)
        self._queued = state == _SPENT
        if self._queued:
            self._loop.enqueue_later(self)

    def _set_mask(self, mask: int) -> None:
        if self._parked:
            self._loop.watch(self.descriptor, mask, self.on_events)
            self._parked = False
        else:
            self._loop.change(self.descriptor, mask)
        self._mask = mask

    def _send_some(self, out) -> int:
        """Pass `out`, or a piece of it, to the socket; how that ended."""
        try:
            if type(out) is memoryview:
                length = len(out)
                count = self._send(out)
            else:
                length = min(out.length, SPAN_PIECE)
                if not is_near(self._loop.spans, out.position, length):
                    return _WAITING
                count = send_span(self._loop.spans, self.descriptor, self._send, out.position, length)
        except OSError as error:
            if error.errno == EAGAIN:
                return _BLOCKED
            self.close()
            if error.errno == EIO and type(out) is not memoryview and self._loop.on_span_error is not None:
                self._loop.on_span_error(error)  # reading the span failed; a terminal's EIO is only its hang-up
            return _GONE
        self._share -= count + _CALL
        self._conversation.sent(count)
        return _IDLE if count == length else _BLOCKED

    def _last_words(self) -> None:
        """After a broken protocol: what was to be sent goes as far as it goes."""
        state = _IDLE
        while state == _IDLE and self._socket is not None:
            out = self._conversation.outgoing()
            if out is None:
                return
            state = self._send_some(out)
