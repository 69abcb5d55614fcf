"""TLS around a conversation: bytes of TLS to the transport, plain bytes to the conversation inside. Sans-I/O.

The states and what moves them:

    SHAKING   hands are shaken, the inside hears nothing  -> OPEN     the other side proved who it is
    OPEN      bytes pass                                  -> LAST     the inside has finished
                                                          -> CLOSING  the inside found its protocol broken
    CLOSING   what the inside has left goes out           -> LAST     that was all
    LAST      close_notify goes out, or an alert          -> ENDED    it is out, or nothing moved for 2 s
    ENDED     the driver closes

SHAKING and OPEN go to LAST when TLS ends it: a certificate or a record that is not what it must be, a certificate that
was revoked meanwhile, a handshake that takes too long.

All that knows cryptography is the session (firmware/ports/cpython/session.py):

    feed(view)               bytes of TLS that came
    shake() -> bool          whether the handshake is over and the other side is trusted
    read_into(view) -> int   plain bytes put at its start; 0: not now, -1: the other side has ended in good order
    write(view)              takes all of these plain bytes
    take() -> bytes          bytes of TLS to be sent, empty when there are none
    close()                  close_notify behind what was written
    objection() -> str       why the other side is trusted no longer, "" while it is
    worn -> bool             whether its keys have encrypted as much as they may

shake, read_into and write raise Refused for what the operator should know, ProtocolError for what nobody needs to.
"""

from firmware.errors import ProtocolError, Refused
from firmware.log.span import Span

HANDSHAKE_MS = 10000
STUCK_MS = 2000
PIECE = 128 << 10  # plain bytes that are encrypted at a time, bytes of TLS that are read at a time
FIRST_PIECE = 16 << 10  # what is read at a time before the other side is trusted: anybody can make us have it
_READ_AHEAD = 2 << 20
_SPAN_RETRY_MS = 2

SHAKING, OPEN, CLOSING, LAST, ENDED = 1, 2, 3, 4, 5


def _nobody_to_wake() -> None:
    pass


class Secure:
    """A conversation around `inner`, any other one, which hears and says nothing before the other side is trusted.

    Instead of it there may be `make_inner()`, called when the other side is: who is not trusted costs little memory.
    `spans` is the storage that Spans of `inner` lie in, `on_span_error(error)` is told when reading it fails.
    `ended(sentence, refused)` is told when TLS ends the connection; `refused`: the operator should know. A connection
    that was cut is never taken for one that ended: `inner` gets received(0) only when the other side said so.
    `count(bytes)` is told what TLS adds to what `inner` says and hears, once the other side is trusted: callers whom
    nobody knows cost no quota. `most`: bytes that are taken at a time, in each direction; where anybody may come
    and stay, few of them.
    """

    def __init__(self, inner, session, spans=None, on_span_error=None, ended=None, make_inner=None, count=None,
                 most=PIECE):  # fmt: skip
        self.wake = _nobody_to_wake
        self._inner = None
        self._make_inner = make_inner
        self._session = session
        self._spans = spans
        self._on_span_error = on_span_error
        self._ended = ended
        self._state = SHAKING
        self._shook = self._trusted = False
        self._deadline_ms = None  # of the handshake; then of what does not move
        self._buffer = memoryview(bytearray(FIRST_PIECE))
        self._unread = False  # whether the session may hold plain bytes that `inner` does not want yet
        self._dry = False  # whether it has said that it holds none now
        self._heard = False  # whether anything came from the inside of the other side
        self._over = False  # whether it has ended in good order
        self._failure = None
        self._out = None
        self._piece = None
        self._waits_for_span = False
        self._count = count
        self._most = most
        self._added = 0  # bytes that TLS has added and nobody was told of yet
        if inner is not None:
            self._adopt(inner)

    def _adopt(self, inner) -> None:
        self._inner = inner
        inner.wake = lambda: self.wake()

    @property
    def finished(self) -> bool:
        """Whether the driver may close."""
        return self._state == ENDED

    @property
    def expendable(self) -> bool:
        """Whether a new caller may take its place."""
        return self._state == SHAKING or getattr(self._inner, "expendable", False)

    # In

    def wanted(self) -> "memoryview | None":
        if self._unread or self._over or self._state not in (SHAKING, OPEN):
            return None
        return self._buffer

    def received(self, count: int) -> None:
        if not count:
            self._cut()
            return
        self._session.feed(self._buffer[:count])
        self._added += count
        if self._state == SHAKING:
            self._shake()
        if self._state == OPEN:
            self._take_in()
            self._tell_count()

    def _shake(self) -> None:
        self._shook = True
        if self._guarded(self._session.shake):
            if self._inner is None:
                self._adopt(self._make_inner())
            self._state = OPEN
            self._trusted = True
            self._deadline_ms = None
            if self._most > FIRST_PIECE:
                self._buffer = memoryview(bytearray(self._most))

    def _take_in(self) -> None:
        """Plain bytes to `inner`, as far as it wants them."""
        count, self._unread, self._dry = 1, True, False
        while count > 0 and not self._dry and self._state == OPEN:
            view = self._inner.wanted()
            if view is None:
                return
            count = self._guarded(self._fill, view) or 0
            if count:
                self._pass_on(count)
        self._unread = False

    def _fill(self, view) -> int:
        """As much of `view` as there is, for a record is small."""
        if self._failure is not None:
            raise self._failure
        count = 0
        try:
            while count < len(view):
                more = self._session.read_into(view[count:])
                if more <= 0:
                    self._dry = not more
                    return count or more
                count += more
        except (Refused, ProtocolError) as e:
            if not count:
                raise
            self._failure = e  # what came before it is good
        return count

    def _pass_on(self, count: int) -> None:
        if count < 0 and not self._heard and self._ended is not None:
            self._ended("the other board ended the connection at once: has it revoked this board's certificate?", True)
        self._heard, self._over = True, count < 0
        self._added -= max(count, 0)
        try:
            self._inner.received(max(count, 0))
        except ProtocolError:
            self._state = CLOSING
            raise

    # Out

    def outgoing(self) -> "memoryview | None":
        if self._out is None:
            if self._state in (OPEN, CLOSING):
                self._guarded(self._encrypt)
            elif self._state == SHAKING and not self._shook:
                self._shake()  # somebody has to begin
            data = self._session.take() if self._state != ENDED else None
            if data:
                self._out = memoryview(data)
                self._added += len(data)
                self._tell_count()
            elif self._state == LAST:
                self._state = ENDED
        return self._out

    def sent(self, count: int) -> None:
        self._out = self._out[count:] if count < len(self._out) else None
        if self._state != SHAKING:
            self._deadline_ms = None

    def _encrypt(self) -> None:
        left = self._most
        self._waits_for_span = False
        while left > 0:
            view = self._next_piece(left)
            if view is None:
                self._look_for_end()
                return
            self._session.write(view)
            self._added -= len(view)
            self._inner.sent(len(view))
            left -= len(view)
        if self._session.worn:
            self._end("the keys of this connection are used up; the next one has new ones", False)

    def _tell_count(self) -> None:
        if self._count is not None and self._trusted:
            added, self._added = self._added, 0
            self._count(added)

    def _next_piece(self, most: int) -> "memoryview | None":
        out = self._inner.outgoing()
        if isinstance(out, Span):
            return self._span_piece(out.position, min(out.length, most))
        return out if out is None else out[:most]

    def _span_piece(self, position: int, length: int) -> "memoryview | None":
        """Bytes of the storage if they are in memory; if not, they are on their way, so ask again a little later."""
        if self._piece is None:
            self._piece = memoryview(bytearray(self._most))
        piece = self._piece[:length]
        try:
            if self._spans.try_read_into(position, piece):
                return piece
            self._spans.advise(position, _READ_AHEAD)
        except OSError as error:
            self._state = ENDED
            self._on_span_error(error)
        self._waits_for_span = True
        return None

    def _look_for_end(self) -> None:
        if (self._inner.finished or self._state == CLOSING) and not self._waits_for_span:
            self._session.close()
            self._state = LAST

    # Time

    def poll(self, now_ms: int) -> "int | None":
        if self._state == SHAKING:
            return self._poll_handshake(now_ms)
        due = None
        if self._state == OPEN:
            due = self._poll_open(now_ms)
        if self._state == ENDED:
            return now_ms + 1
        if self._state in (CLOSING, LAST) or self._inner.finished:
            stuck = self._poll_end(now_ms)
            due = stuck if due is None or stuck < due else due
        return due

    def _poll_handshake(self, now_ms: int) -> int:
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + HANDSHAKE_MS
        if now_ms < self._deadline_ms:
            return self._deadline_ms
        self._drop()
        self._tell("the TLS handshake did not end within 10 s", False)
        return now_ms + 1

    def _poll_open(self, now_ms: int) -> "int | None":
        objection = self._session.objection()
        if objection:
            self._end(objection, True)
            return now_ms + 1
        if self._unread:
            self._take_in()
        due = self._inner.poll(now_ms)
        retry = now_ms + _SPAN_RETRY_MS
        return retry if self._waits_for_span and (due is None or retry < due) else due

    def _poll_end(self, now_ms: int) -> int:
        """A transport that is stuck is to be closed all the same."""
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + STUCK_MS
        if now_ms >= self._deadline_ms:
            self._drop()
        return now_ms + 1 if self._state == ENDED else self._deadline_ms

    # The end

    def _guarded(self, call, *args):
        """What the session raises ends the connection; its alert still goes out."""
        try:
            return call(*args)
        except Refused as e:
            self._end(str(e), True)
        except ProtocolError as e:
            self._end(str(e), False)

    def _end(self, sentence: str, refused: bool) -> None:
        self._state = LAST
        self._deadline_ms = None
        self._session.close()
        self._tell(sentence, refused)

    def _tell(self, sentence: str, refused: bool) -> None:
        if self._ended is not None:
            self._ended(sentence, refused)

    def _cut(self) -> None:
        """The transport ended and TLS did not say so: nothing of what may be missing is made up."""
        if self._state == SHAKING:
            self._tell("the connection was cut in the TLS handshake", False)
        self._drop()

    def _drop(self) -> None:
        self._state = ENDED
        self._out = None

    def lost(self) -> None:
        self._cut()
        # Conversations and their drivers know each other, and are not collected at once: what is large goes now.
        self._session = self._buffer = self._piece = None
        if self._inner is not None:
            self._inner.lost()
