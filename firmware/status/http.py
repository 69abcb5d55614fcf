"""One HTTP/1.1 connection without a socket: one request, one answer, close.

The states and what moves them:

    READING   head, then body      -> WAITING   the request is whole; the handler has it
    WAITING   nothing is read      -> SENDING   the handler answered, now or later
    SENDING   the answer goes out  -> FINISHED  the request had been read whole
                                   -> DRAINING  it had not (it was refused)
    DRAINING  what comes is thrown away, for a second at most, so that the client reads the answer
              before the kernel resets a connection with unread bytes
    FINISHED  the driver closes

Any state but SENDING ends in FINISHED when its time is up; READING and WAITING say so to the client first.
Garbage gets 400; no input raises anything. Memory: the head's buffer, and the body's once its length is known.
"""

import json

from firmware.status.request import MAX_HEAD, BadRequest, parse_head

READING, WAITING, SENDING, DRAINING, FINISHED = "reading", "waiting", "sending", "draining", "finished"

# How long a connection may stay in a state, in milliseconds.
_PATIENCE_MS = {READING: 10000, WAITING: 60000, SENDING: 10000, DRAINING: 1000, FINISHED: 0}

_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON = "application/json"


class Answer:
    """What a handler answers: a status, bytes of a content type, further header lines."""

    def __init__(self, status: int, body: bytes, content_type: str = JSON, headers: tuple = ()):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers


def json_answer(status: int, content: dict, headers: tuple = ()) -> Answer:
    """An Answer with `content` as JSON."""
    return Answer(status, json.dumps(content).encode(), JSON, headers)


def error_answer(status: int, sentence: str, headers: tuple = ()) -> Answer:
    """An Answer that says what is wrong: {"error": sentence}."""
    return json_answer(status, {"error": sentence}, headers)


def _packed(answer: Answer, with_body: bool) -> bytes:
    lines = ["HTTP/1.1 %d %s" % (answer.status, _REASONS[answer.status])]
    lines.append("Content-Type: " + answer.content_type)
    lines.append("Content-Length: %d" % len(answer.body))
    lines += ["Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"]
    lines += answer.headers
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head + answer.body if with_body else head


def _nobody() -> None:
    pass


class HttpConversation:
    """The server's side of one connection.

    `handler(request, answer)` is called once with a whole Request; it calls `answer(Answer)` once, then or later.
    """

    def __init__(self, handler):
        self.wake = _nobody
        self._handler = handler
        self._state = READING
        self._deadline_ms = None
        self._buffer = memoryview(bytearray(MAX_HEAD))
        self._filled = 0
        self._request = None
        self._whole = False
        self._out = None
        self._inside = False  # in a call of the driver, which looks at everything afterwards anyhow

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._state == FINISHED

    def _enter(self, state: str) -> None:
        self._state = state
        self._deadline_ms = None

    # Incoming

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == READING:
            return self._buffer[self._filled :]
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
                self._advance(n)
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = False

    def _ended(self) -> None:
        if self._state == DRAINING or (self._state == READING and not self._filled and self._request is None):
            self._enter(FINISHED)
        elif self._state == READING:
            self._whole = True  # nothing comes any more: nothing to drain
            raise BadRequest(400, "the request ended in its middle")

    def _advance(self, n: int) -> None:
        start = self._filled
        self._filled += n
        if self._request is None:
            self._look_for_head(max(0, start - 3))
        elif self._filled == len(self._buffer):
            self._hand_over(bytes(self._buffer))

    def _look_for_head(self, start: int) -> None:
        """Parses the head when its empty line has come; `start`: where that line may begin at the earliest."""
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
        early = bytes(self._buffer[end + 4 : min(end + 4 + request.length, self._filled)])
        if len(early) == request.length:
            self._hand_over(early)
            return
        if request.expects_continue and not early:
            self._out = memoryview(_CONTINUE)
        self._buffer = memoryview(bytearray(request.length))
        self._filled = len(early)
        self._buffer[: len(early)] = early

    def _hand_over(self, body: bytes) -> None:
        self._whole = True
        self._request.body = body
        self._enter(WAITING)
        self._handler(self._request, self._answer)

    # Outgoing

    def _refuse(self, status: int, sentence: str) -> None:
        self._enter(WAITING)
        self._answer(error_answer(status, sentence))

    def _answer(self, answer: Answer) -> None:
        if self._state != WAITING:
            return  # too late: the client is gone or was told that it took too long
        with_body = self._request is None or self._request.method != "HEAD"
        self._out = memoryview((bytes(self._out) if self._out else b"") + _packed(answer, with_body))
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
            self._deadline_ms = now_ms + _PATIENCE_MS[self._state]
        if now_ms >= self._deadline_ms:
            self._expire()
            return self.poll(now_ms)
        return self._deadline_ms

    def _expire(self) -> None:
        self._inside = True
        if self._state == WAITING:
            self._answer(error_answer(504, "the board is still at it; look at its status"))
        elif self._state == READING and (self._filled or self._request is not None):
            self._refuse(408, "the request took too long")
        else:
            self._out = None
            self._enter(FINISHED)
        self._inside = False

    def lost(self) -> None:
        """The connection is gone."""
        self._out = None
        self._enter(FINISHED)
