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

What is inside: head.py of READING, body.py of TAKING, outbox.py of SENDING and STREAMING.
"""

from firmware.status.answer import error_answer
from firmware.status.body import PIECE, MemoryBody, SinkBody
from firmware.status.head import Head
from firmware.status.outbox import Outbox
from firmware.status.request import MAX_BODY, BadRequest

READING, ADMITTING, TAKING, WAITING = "reading", "admitting", "taking", "waiting"
SENDING, STREAMING, DRAINING, FINISHED = "sending", "streaming", "draining", "finished"

# How long a connection may stay in a state, in milliseconds; what is missing here, TAKING and STREAMING say themselves.
_PATIENCE_MS = {READING: 10000, ADMITTING: 30000, WAITING: 60000, SENDING: 10000, DRAINING: 1000, FINISHED: 0}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
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
        self._inside = False  # in a call of the driver, which looks at everything afterwards anyhow
        self._next(Head())

    def _next(self, head: Head) -> None:
        """A request begins."""
        self._count += 1
        self._head = head
        self._request = None
        self._number = self._count  # who answers an earlier request is not heard
        self._body = None
        self._missing = None  # bytes of the body that are still to come; None: the head is not whole
        self._in_time = 0  # bytes, since patience began anew
        self._keeps = False
        self._enter(READING)

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._state == FINISHED

    @property
    def expendable(self) -> bool:
        """Whether it may make room for another caller: nobody who is known asks for anything here."""
        return self._request is None or not self._request.stays

    def _enter(self, state: str) -> None:
        self._state = state
        self._deadline_ms = None

    # Incoming

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == READING:
            return self._head.wanted()
        if self._state == TAKING:
            return self._body.wanted()
        if self._state in (DRAINING, STREAMING):
            return self._head.buffer
        return None

    def received(self, n: int) -> None:
        """n bytes came in; 0: the client sends no more."""
        self._inside = True
        try:
            if n == 0:
                self._ended()
            elif self._state == READING:
                self._head_read(self._head.received(n))
            elif self._state == TAKING:
                self._more_body(n)
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = False

    def _ended(self) -> None:
        if self._state in (DRAINING, STREAMING) or (self._state == READING and not self._head.filled):
            self._finish()
        elif self._state in (READING, TAKING):
            if self._body is not None:
                self._body.lost()
            self._missing = 0  # nothing comes any more: nothing to drain
            raise BadRequest(400, "the request ended in its middle")

    def _head_read(self, request) -> None:
        if request is None:
            return
        self._request = request
        self._missing = request.length - len(self._head.early(request.length))
        self._enter(ADMITTING)
        number = self._number
        self._admit(request, lambda verdict: self._decided(number, verdict))

    def _decided(self, number: int, verdict) -> None:
        """The verdict of `admit`."""
        takes = hasattr(verdict, "begin")
        if self._state != ADMITTING or number != self._number:  # too late: the client is gone, or was told so
            if takes:
                verdict.lost()
            return
        later, self._inside = not self._inside, True
        if takes:
            self._body = SinkBody(verdict, self._request.length, self._sink_answers)
            self._take_body()
        elif verdict is None:
            self._into_memory()
        else:
            self._enter(WAITING)
            self._answer(number, verdict)
        if later:
            self._inside = False
            self.wake()

    # The body

    def _into_memory(self) -> None:
        if self._request.length > MAX_BODY:
            self._refuse(413, "a body has at most %d bytes here" % MAX_BODY)
        else:
            self._body = MemoryBody(self._request.length, self._hand_over)
            self._take_body()

    def _take_body(self) -> None:
        early = memoryview(self._head.early(self._request.length))
        if self._request.expects_continue and not len(early) and self._missing:
            self._outbox.put(_CONTINUE)
        self._enter(TAKING)
        self._missing = self._request.length
        if isinstance(self._body, SinkBody):
            self._body.begin(self._wake_outside)
        while len(early) and self._state == TAKING:
            view = self._body.wanted()[: len(early)]
            view[:] = early[: len(view)]
            early = early[len(view) :]
            self._more_body(len(view))
        if self._state == TAKING and not self._missing:
            self._all_of_body()

    def _more_body(self, n: int) -> None:
        self._missing -= n
        self._in_time += n
        if self._in_time >= PIECE:
            self._in_time, self._deadline_ms = 0, None
        self._body.received(n)
        if not self._missing and self._state == TAKING:
            self._all_of_body()

    def _all_of_body(self) -> None:
        self._enter(WAITING)
        self._body.end()

    def _hand_over(self, body: bytes) -> None:
        number = self._number
        self._request.body = body
        self._handler(self._request, lambda answer: self._answer(number, answer))

    def _wake_outside(self) -> None:
        if not self._inside:
            self.wake()

    def _sink_answers(self, answer) -> None:
        if self._state == TAKING:
            self._enter(WAITING)
        self._answer(self._number, answer)

    # Outgoing

    def _refuse(self, status: int, sentence: str) -> None:
        if self._body is not None:
            self._body.lost()
        self._enter(WAITING)
        self._answer(self._number, error_answer(status, sentence))

    def _answer(self, number: int, answer) -> None:
        if self._state != WAITING or number != self._number:
            return  # too late: the client is gone or was told that it took too long
        with_body = self._request is None or self._request.method != "HEAD"
        self._keeps = self._may_keep(answer)
        self._outbox.put(answer.pack(with_body, self._keeps))
        if answer.source is not None and with_body:
            self._enter(STREAMING)
            self._outbox.follow(answer.source, self._wake_outside)
        else:
            self._enter(SENDING)
        self._wake_outside()

    def _may_keep(self, answer) -> bool:
        """Whether another request may follow on this connection."""
        request = self._request
        return bool(
            answer.keeps and request is not None and request.keeps and not self._missing and self._count < MOST_REQUESTS
        )

    def outgoing(self) -> "memoryview | None":
        """The next bytes for the client."""
        out = self._outbox.outgoing()
        if out is None and self._state == STREAMING and self._outbox.over:
            self._finish()
        return out

    def sent(self, n: int) -> None:
        """n bytes of the last outgoing() are on their way."""
        self._outbox.sent(n)
        if self._outbox.empty and self._state == SENDING:
            if self._keeps:
                self._follow()
            else:
                self._enter(DRAINING if self._missing != 0 else FINISHED)

    def _follow(self) -> None:
        """The next request, which may be here already."""
        rest = self._head.behind(self._request.length)
        if not rest and self._head.filled:  # the usual case: the same buffer again
            self._head.filled = 0
            self._next(self._head)
            return
        self._next(Head(rest))
        self._inside = True
        try:
            self._head_read(self._head.begin())
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = False

    # Time and end

    def poll(self, now_ms: int) -> "int | None":
        """Ends what takes too long; returns when to look again."""
        if self._state == FINISHED:
            return None
        if self._state == STREAMING:
            due = self._outbox.poll(now_ms)
            if due is not None and due <= now_ms:
                self._finish()
                return None
            return due
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + self._patience_ms()
        if now_ms >= self._deadline_ms:
            self._expire()
            return self.poll(now_ms)
        return self._deadline_ms

    def _patience_ms(self) -> int:
        if self._state == TAKING:
            return self._body.patience_ms
        if self._state == DRAINING and self._body is not None:
            return self._body.drain_ms
        return _PATIENCE_MS[self._state]

    def _expire(self) -> None:
        self._inside = True
        if self._state in (WAITING, ADMITTING):
            self._refuse(504, "the board is still at it; look at its status")
        elif self._state == TAKING or (self._state == READING and self._head.filled):
            self._refuse(408, "the request took too long")
        else:
            self._finish()
        self._inside = False

    def _finish(self) -> None:
        self._outbox.drop()
        self._enter(FINISHED)

    def lost(self) -> None:
        """The connection is gone."""
        if self._body is not None:
            self._body.lost()
        self._finish()
