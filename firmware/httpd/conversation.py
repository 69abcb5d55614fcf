"""One HTTP/1.1 connection without a socket: a request, its answer, and then the next one or the end.

The states and what moves them:

    READING    the head comes         -> ADMITTING  it is whole; `admit` is asked
    ADMITTING  nothing is read        -> TAKING     the handler gets the whole body, or a sink takes it in pieces
                                      -> SENDING    refused
    TAKING     the body comes         -> WAITING    it is whole; the handler or the sink has it
                                      -> SENDING    the sink answered before the end: it cannot go on
    WAITING    nothing is read        -> SENDING    the handler or the sink answered, now or later
                                      -> STREAMING  the answer is a Stream
    SENDING    the answer goes out    -> READING    the answer keeps the connection, for the next request
                                      -> FINISHED   the request had been read whole
                                      -> DRAINING   it had not (it was refused)
    STREAMING  pieces go out, what comes is thrown away    -> FINISHED  the stream or the client ended it
    DRAINING   what comes is thrown away, for a second at most, so that the client reads the answer
               before the kernel resets a connection with unread bytes; for a minute where a sink had begun
    FINISHED   the driver closes

Any state but STREAMING ends in FINISHED when its time is up; READING to WAITING say so to the client first. A stream
ends when nobody takes anything of it for a while.
Garbage gets 400; no input raises anything. Memory: the head's buffer, and the body's once its length is known, or
the sink's.

Who is not known (Request.stays) may make room for another caller at any time, and has less time to read an answer.

What is inside: exchange.py of READING to WAITING, outbox.py of SENDING and STREAMING, patience.py of all of them.
"""

from firmware.httpd.exchange import Exchange
from firmware.httpd.head import Head
from firmware.httpd.outbox import Outbox
from firmware.httpd.patience import Patience

ASKING, SENDING, STREAMING, DRAINING, FINISHED = "asking", "sending", "streaming", "draining", "finished"

_KNOWN_MS, _UNKNOWN_MS = 10000, 3000  # while an answer is read, for each _READ_STEP of it
_READ_STEP = 8 << 10
_DRAIN_MS = 1000
MOST_REQUESTS = 100  # on one connection


def _nobody() -> None:
    pass


def _anybody(request, decided) -> None:
    request.stays = True
    decided(None)


class HttpConversation:
    """The server's side of one connection.

    `handler(request, answer)` is called with each whole Request; it calls `answer(Answer)` once, then or later.
    `admit(request, decided)` is asked before, as soon as the head is there. It calls `decided(verdict)` once, then or
    later: None to go on, an Answer to refuse, or a sink, which takes a body of any length instead of the handler:

        begin(answer, wake)   answer(Answer) once, when all is done or as soon as that cannot be; wake() when it
                              wants more
        wanted(), received(n) as of a conversation, for the body alone; MAX_HEAD bytes have room at once
        ended()               the body is whole
        lost()                no more comes, and nobody waits for an answer
    """

    def __init__(self, handler, admit=_anybody):
        self.wake = _nobody
        self._handler = handler
        self._admit = admit
        self._count = 0
        self._outbox = Outbox()
        self._next(Head())

    def _next(self, head: Head) -> None:
        """A request begins."""
        self._count += 1
        self._keeps = False
        self._exchange = Exchange(
            head, self._handler, self._admit, self._outbox.put, self._answered, lambda: self.wake()
        )
        self._intake = self._exchange.intake
        self._enter(ASKING)

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._state == FINISHED

    @property
    def expendable(self) -> bool:
        """Whether it may make room for another caller: nobody who is known asks for anything here."""
        return not self._exchange.is_known

    def _enter(self, state: str) -> None:
        """ASKING is what the exchange is at: READING to WAITING."""
        self._state = state
        self._patience = None

    # Incoming

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == ASKING:
            return self._exchange.wanted()
        return self._intake.head.buffer if self._state in (DRAINING, STREAMING) else None

    def received(self, n: int) -> None:
        """n bytes came in; 0: the client sends no more."""
        if n:
            if self._state == ASKING:
                self._exchange.received(n)
        elif self._state in (DRAINING, STREAMING) or (self._state == ASKING and not self._exchange.ended()):
            self._finish()

    # Outgoing

    def _answered(self, answer) -> None:
        request = self._exchange.request
        with_body = request is None or request.method != "HEAD"
        self._keeps = self._may_keep(answer)
        self._outbox.put(answer.pack(with_body, self._keeps))
        if answer.source is not None and with_body:
            self._enter(STREAMING)
            self._outbox.follow(answer.source, self._exchange.wake_outside)
        else:
            self._enter(SENDING)

    def _may_keep(self, answer) -> bool:
        """Whether another request may follow on this connection."""
        request = self._exchange.request
        wanted = answer.keeps and request is not None and request.keeps
        return bool(wanted and not self._intake.missing and self._count < MOST_REQUESTS)

    def outgoing(self) -> "memoryview | None":
        """The next bytes for the client."""
        out = self._outbox.outgoing()
        if out is None and self._state == STREAMING and self._outbox.over:
            self._finish()
        return out

    def sent(self, n: int) -> None:
        """n bytes of the last outgoing() are on their way."""
        self._outbox.sent(n)
        if self._state != SENDING:
            return
        if self._patience is not None:
            self._patience.moved(n)
        if self._outbox.empty and self._keeps:
            self._follow()
        elif self._outbox.empty:
            self._enter(DRAINING if self._intake.missing != 0 else FINISHED)

    def _follow(self) -> None:
        """The next request, which may be here already."""
        head, rest = self._intake.head, self._intake.behind()
        if not rest:  # the usual case: the same buffer again
            head.filled = 0
            self._next(head)
        else:
            self._next(Head(rest))
            self._exchange.begin()

    # Time and end

    def poll(self, now_ms: int) -> "int | None":
        """Ends what takes too long; returns when to look again."""
        if self._state == FINISHED:
            return None
        due = self._due(now_ms)
        if due is None or due > now_ms:
            return due
        if self._state != ASKING or not self._exchange.expire():
            self._finish()
        return self.poll(now_ms)

    def _due(self, now_ms: int) -> "int | None":
        """When what it is at has taken too long."""
        if self._state == ASKING:
            return self._exchange.due(now_ms)
        if self._state == STREAMING:
            return self._outbox.poll(now_ms)
        if self._patience is None:
            self._patience = self._new_patience()
        return self._patience.due(now_ms)

    def _new_patience(self) -> Patience:
        if self._state == SENDING:
            return Patience(_KNOWN_MS if self._exchange.is_known else _UNKNOWN_MS, _READ_STEP)
        body = self._intake.body
        return Patience(_DRAIN_MS if body is None else body.drain_ms)

    def _finish(self) -> None:
        self._outbox.drop()
        self._enter(FINISHED)

    def lost(self) -> None:
        """The connection is gone."""
        self._exchange.lost()
        self._finish()
