"""One HTTP/1.1 connection without a socket: one request, one answer, close.

The states and what moves them:

    READING    the head comes         -> ADMITTING  it is whole; `admit` is asked
    ADMITTING  nothing is read        -> BODY       the handler gets the whole body
                                      -> TAKING     a sink takes the body in pieces
                                      -> SENDING    refused
    BODY       the body comes         -> WAITING    it is whole; the handler has it
    TAKING     the body comes         -> WAITING    the sink has it all
                                      -> SENDING    the sink answered before the end: it cannot go on
    WAITING    nothing is read        -> SENDING    the handler or the sink answered, now or later
    SENDING    the answer goes out    -> FINISHED   the request had been read whole
                                      -> DRAINING   it had not (it was refused)
    DRAINING   what comes is thrown away, for a second at most, so that the client reads the answer
               before the kernel resets a connection with unread bytes; for a minute where a sink had begun,
               since browsers send all of a large body before they look for an answer
    FINISHED   the driver closes

Any state but SENDING ends in FINISHED when its time is up; READING to WAITING say so to the client first.
Garbage gets 400; no input raises anything. Memory: the head's buffer, and the body's once its length is known, or
the sink's.
"""

from firmware.status.answer import error_answer
from firmware.status.request import MAX_BODY, MAX_HEAD, BadRequest, parse_head

READING, ADMITTING, BODY, TAKING = "reading", "admitting", "body", "taking"
WAITING, SENDING, DRAINING, FINISHED = "waiting", "sending", "draining", "finished"

# How long a connection may stay in a state, in milliseconds; of TAKING, each PIECE of the body.
_PATIENCE_MS = {
    READING: 10000, ADMITTING: 30000, BODY: 10000, TAKING: 60000,
    WAITING: 60000, SENDING: 10000, DRAINING: 1000, FINISHED: 0,
}  # fmt: skip
_LONG_DRAIN_MS = 60000
PIECE = 256 << 10
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def _nobody() -> None:
    pass


def _anybody(request, decided) -> None:
    decided(None)


class HttpConversation:
    """The server's side of one connection.

    `handler(request, answer)` is called once with a whole Request; it calls `answer(Answer)` once, then or later.
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
        self._state = READING
        self._deadline_ms = None
        self._buffer = memoryview(bytearray(MAX_HEAD))
        self._filled = 0
        self._request = None
        self._admitted = False
        self._early = b""  # what came of the body together with the head
        self._sink = None
        self._left = 0  # of the body, for the sink
        self._in_time = 0  # bytes, since patience began anew
        self._whole = False
        self._out = None
        self._inside = False  # in a call of the driver, which looks at everything afterwards anyhow

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._state == FINISHED

    @property
    def expendable(self) -> bool:
        """Whether it may make room for another caller: nobody was let in here yet."""
        return not self._admitted

    def _enter(self, state: str) -> None:
        self._state = state
        self._deadline_ms = None

    # Incoming

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == READING or self._state == BODY:
            return self._buffer[self._filled :]
        if self._state == TAKING:
            view = self._sink.wanted()
            return view if view is None else view[: self._left]
        if self._state == DRAINING:
            return self._buffer
        return None

    def received(self, n: int) -> None:
        """n bytes came in; 0: the client sends no more."""
        self._inside = True
        try:
            if n == 0:
                self._ended()
            elif self._state == READING:
                self._more_head(n)
            elif self._state == BODY:
                self._more_body(n)
            elif self._state == TAKING:
                self._pass_on(n)
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = False

    def _ended(self) -> None:
        if self._state == DRAINING or (self._state == READING and not self._filled):
            self._enter(FINISHED)
        elif self._state in (READING, BODY, TAKING):
            self._whole = True  # nothing comes any more: nothing to drain
            raise BadRequest(400, "the request ended in its middle")

    def _more_head(self, n: int) -> None:
        start = max(0, self._filled - 3)  # where the empty line behind the head may begin at the earliest
        self._filled += n
        if not 65 <= self._buffer[0] <= 90:  # no method begins so: a TLS greeting, say
            raise BadRequest(400, "this is not an HTTP request")
        place = bytes(self._buffer[start : self._filled]).find(b"\r\n\r\n")
        if place >= 0:
            self._head_read(start + place)
        elif self._filled == MAX_HEAD:
            raise BadRequest(431, "the head of a request has at most %d bytes here" % MAX_HEAD)

    def _head_read(self, end: int) -> None:
        request = parse_head(bytes(self._buffer[:end]))
        self._request = request
        self._early = bytes(self._buffer[end + 4 : min(end + 4 + request.length, self._filled)])
        self._whole = len(self._early) == request.length
        self._enter(ADMITTING)
        self._admit(request, self._decided)

    def _decided(self, verdict) -> None:
        """The verdict of `admit`."""
        takes = hasattr(verdict, "begin")
        if self._state != ADMITTING:  # too late: the client is gone or was told that it took too long
            if takes:
                verdict.lost()
            return
        self._admitted = verdict is None or takes
        later, self._inside = not self._inside, True
        if takes:
            self._into_sink(verdict)
        elif verdict is None:
            self._into_memory()
        else:
            self._enter(WAITING)
            self._answer(verdict)
        if later:
            self._inside = False
            self.wake()

    def _say_continue(self) -> None:
        if self._request.expects_continue and not self._early:
            self._out = memoryview(_CONTINUE)

    # The body, into memory

    def _into_memory(self) -> None:
        length, early = self._request.length, self._early
        if length > MAX_BODY:
            self._refuse(413, "a body has at most %d bytes here" % MAX_BODY)
        elif self._whole:
            self._hand_over(early)
        else:
            self._say_continue()
            self._enter(BODY)
            self._buffer = memoryview(bytearray(length))
            self._filled = len(early)
            self._buffer[: len(early)] = early

    def _more_body(self, n: int) -> None:
        self._filled += n
        if self._filled == len(self._buffer):
            self._hand_over(bytes(self._buffer))

    def _hand_over(self, body: bytes) -> None:
        self._whole = True
        self._request.body = body
        self._enter(WAITING)
        self._handler(self._request, self._answer)

    # The body, into a sink

    def _into_sink(self, sink) -> None:
        self._say_continue()
        self._enter(TAKING)
        self._sink, self._left = sink, self._request.length
        sink.begin(self._sink_answers, self._sink_wants)
        early, self._early, self._whole = memoryview(self._early), b"", False
        while len(early) and self._state == TAKING:
            view = sink.wanted()[: len(early)]
            view[:] = early[: len(view)]
            early = early[len(view) :]
            self._pass_on(len(view))

    def _pass_on(self, n: int) -> None:
        self._left -= n
        self._in_time += n
        if self._in_time >= PIECE:
            self._in_time, self._deadline_ms = 0, None
        self._whole = not self._left
        self._sink.received(n)
        if self._whole and self._state == TAKING:
            self._enter(WAITING)
            self._sink.ended()

    def _sink_wants(self) -> None:
        if not self._inside:
            self.wake()

    def _sink_answers(self, answer) -> None:
        if self._sink is None:
            return  # it was lost meanwhile
        self._sink = None
        if self._state == TAKING:
            self._enter(WAITING)
        self._answer(answer)

    def _lose_sink(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None and self._left:
            sink.lost()

    # Outgoing

    def _refuse(self, status: int, sentence: str) -> None:
        self._lose_sink()
        self._enter(WAITING)
        self._answer(error_answer(status, sentence))

    def _answer(self, answer) -> None:
        if self._state != WAITING:
            return  # too late: the client is gone or was told that it took too long
        with_body = self._request is None or self._request.method != "HEAD"
        self._out = memoryview((bytes(self._out) if self._out else b"") + answer.pack(with_body))
        self._enter(SENDING)
        if not self._inside:
            self.wake()

    def outgoing(self) -> "memoryview | None":
        """The next bytes for the client."""
        return self._out

    def sent(self, n: int) -> None:
        """n bytes of the last outgoing() are on their way."""
        self._out = self._out[n:] if n < len(self._out) else None
        if self._out is None and self._state == SENDING:
            self._enter(FINISHED if self._whole else DRAINING)

    # Time and end

    def poll(self, now_ms: int) -> "int | None":
        """Ends what takes too long; returns when to look again."""
        if self._state == FINISHED:
            return None
        if self._deadline_ms is None:
            long = self._state == DRAINING and self._left
            self._deadline_ms = now_ms + (_LONG_DRAIN_MS if long else _PATIENCE_MS[self._state])
        if now_ms >= self._deadline_ms:
            self._expire()
            return self.poll(now_ms)
        return self._deadline_ms

    def _expire(self) -> None:
        self._inside = True
        if self._state in (WAITING, ADMITTING):
            self._refuse(504, "the board is still at it; look at its status")
        elif self._state in (BODY, TAKING) or (self._state == READING and self._filled):
            self._refuse(408, "the request took too long")
        else:
            self._out = None
            self._enter(FINISHED)
        self._inside = False

    def lost(self) -> None:
        """The connection is gone."""
        self._lose_sink()
        self._out = None
        self._enter(FINISHED)
