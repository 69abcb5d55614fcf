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

What is inside: intake.py of READING and TAKING, outbox.py of SENDING and STREAMING, patience.py of all of them.
"""

from firmware.status.answer import error_answer
from firmware.status.body import PIECE
from firmware.status.head import Head
from firmware.status.intake import Intake
from firmware.status.outbox import Outbox
from firmware.status.patience import Patience
from firmware.status.request import BadRequest

READING, ADMITTING, TAKING, WAITING = "reading", "admitting", "taking", "waiting"
SENDING, STREAMING, DRAINING, FINISHED = "sending", "streaming", "draining", "finished"

# How long a connection may stay in a state, in milliseconds; TAKING and STREAMING say themselves.
_PATIENCE_MS = {READING: 10000, ADMITTING: 30000, WAITING: 60000, DRAINING: 1000, FINISHED: 0}
_KNOWN_MS, _UNKNOWN_MS = 10000, 3000  # while an answer is read, for each _READ_STEP of it
_READ_STEP = 8 << 10
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
        self._intake = Intake(head)
        self._number = self._count  # who answers an earlier request is not heard
        self._keeps = False
        self._enter(READING)

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._state == FINISHED

    @property
    def expendable(self) -> bool:
        """Whether it may make room for another caller: nobody who is known asks for anything here."""
        return not self._is_known()

    def _is_known(self) -> bool:
        return self._intake.request is not None and self._intake.request.stays

    def _enter(self, state: str) -> None:
        self._state = state
        self._patience = None

    # Incoming

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == READING:
            return self._intake.head.wanted()
        if self._state == TAKING:
            return self._intake.body.wanted()
        if self._state in (DRAINING, STREAMING):
            return self._intake.head.buffer
        return None

    def received(self, n: int) -> None:
        """n bytes came in; 0: the client sends no more."""
        if n == 0:
            self._guarded(self._ended)
        elif self._state == READING:
            self._guarded(self._head_read, self._intake.head_received, n)
        elif self._state == TAKING:
            self._guarded(self._more_body, n)

    def _guarded(self, call, *args) -> None:
        """From inside a call of the driver; what is wrong with a request is answered."""
        before, self._inside = self._inside, True
        try:
            call(*args)
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = before

    def _ended(self) -> None:
        if self._state in (DRAINING, STREAMING) or (self._state == READING and not self._intake.head.filled):
            self._finish()
        elif self._state in (READING, TAKING):
            self._intake.lost()
            self._intake.missing = 0  # nothing comes any more: nothing to drain
            raise BadRequest(400, "the request ended in its middle")

    def _head_read(self, read, *args) -> None:
        """read(): takes in what came; whether the head is whole."""
        if read(*args):
            self._enter(ADMITTING)
            number = self._number
            self._admit(self._intake.request, lambda verdict: self._decided(number, verdict))

    def _decided(self, number: int, verdict) -> None:
        """The verdict of `admit`."""
        if self._state != ADMITTING or number != self._number:  # too late: the client is gone, or was told so
            if hasattr(verdict, "begin"):
                verdict.lost()
            return
        self._guarded(self._follow_verdict, verdict)
        self._wake_outside()

    def _follow_verdict(self, verdict) -> None:
        if hasattr(verdict, "begin"):
            self._intake.into_sink(verdict, self._sink_answers)
            self._take_body()
        elif verdict is None:
            self._intake.into_memory(self._hand_over)
            self._take_body()
        else:
            self._enter(WAITING)
            self._answer(self._number, verdict)

    # The body

    def _take_body(self) -> None:
        if self._intake.holds_back:
            self._outbox.put(_CONTINUE)
        self._enter(TAKING)
        self._intake.begin_body(self._wake_outside, lambda: self._state == TAKING)
        self._look_for_end()

    def _more_body(self, n: int) -> None:
        self._be_patient(n)
        self._intake.body_received(n)
        self._look_for_end()

    def _look_for_end(self) -> None:
        if self._state == TAKING and not self._intake.missing:
            self._enter(WAITING)
            self._intake.body.end()

    def _hand_over(self, body: bytes) -> None:
        number, request = self._number, self._intake.request
        request.body = body
        self._handler(request, lambda answer: self._answer(number, answer))

    def _wake_outside(self) -> None:
        if not self._inside:
            self.wake()

    def _sink_answers(self, answer) -> None:
        if self._state == TAKING:
            self._enter(WAITING)
        self._answer(self._number, answer)

    # Outgoing

    def _refuse(self, status: int, sentence: str) -> None:
        self._intake.lost()
        self._enter(WAITING)
        self._answer(self._number, error_answer(status, sentence))

    def _answer(self, number: int, answer) -> None:
        if self._state != WAITING or number != self._number:
            return  # too late: the client is gone or was told that it took too long
        request = self._intake.request
        with_body = request is None or request.method != "HEAD"
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
        asked, missing = self._intake.request, self._intake.missing
        return bool(
            answer.keeps and asked is not None and asked.keeps and not missing and self._count < MOST_REQUESTS
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
        if self._state != SENDING:
            return
        self._be_patient(n)
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
            return
        self._next(Head(rest))
        self._guarded(self._head_read, self._intake.begin)

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
        if self._patience is None:
            self._patience = self._new_patience()
        due = self._patience.due(now_ms)
        if due <= now_ms:
            self._expire()
            return self.poll(now_ms)
        return due

    def _be_patient(self, n: int) -> None:
        """n bytes have moved."""
        if self._patience is not None:
            self._patience.moved(n)

    def _new_patience(self) -> Patience:
        if self._state == SENDING:
            return Patience(_KNOWN_MS if self._is_known() else _UNKNOWN_MS, _READ_STEP)
        if self._state == TAKING:
            return Patience(self._intake.body.patience_ms, PIECE)
        if self._state == DRAINING and self._intake.body is not None:
            return Patience(self._intake.body.drain_ms)
        return Patience(_PATIENCE_MS[self._state])

    def _expire(self) -> None:
        if self._state in (WAITING, ADMITTING):
            self._guarded(self._refuse, 504, "the board is still at it; look at its status")
        elif self._state == TAKING or (self._state == READING and self._intake.head.filled):
            self._guarded(self._refuse, 408, "the request took too long")
        else:
            self._finish()

    def _finish(self) -> None:
        self._outbox.drop()
        self._enter(FINISHED)

    def lost(self) -> None:
        """The connection is gone."""
        self._intake.lost()
        self._finish()
