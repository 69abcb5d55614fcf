"""One request on its way in: first its head, then its body, wherever that is to go."""

from firmware.httpd.body import MemoryBody, SinkBody
from firmware.httpd.request import MAX_BODY, BadRequest

MAX_STRANGE_BODY = 4 << 10  # of who is not known: a password


class Intake:
    """`head` is a Head (head.py). What is wrong raises BadRequest.

    request   the Request, None before its head is whole
    body      a MemoryBody or a SinkBody (body.py), None before it was said where the body goes
    missing   bytes of the body that are still to come, None before the head is whole
    """

    def __init__(self, head):
        self.head = head
        self.request = self.body = self.missing = None

    def begin(self) -> bool:
        """Takes what came behind the request before this one; whether that was a whole head."""
        return self._read(self.head.begin())

    def head_received(self, n: int) -> bool:
        """n bytes of the head came; whether it is whole."""
        return self._read(self.head.received(n))

    def _read(self, request) -> bool:
        if request is not None:
            self.request = request
            self.missing = request.length - len(self.head.early(request.length))
        return request is not None

    @property
    def holds_back(self) -> bool:
        """Whether the client wants to hear that it may send the body."""
        return self.request.expects_continue and self.missing > 0 and self.missing == self.request.length

    # The body

    def into_memory(self, whole) -> None:
        """whole(body) gets it."""
        most = MAX_BODY if self.request.stays else MAX_STRANGE_BODY
        if self.request.length > most:
            raise BadRequest(413, "a body has at most %d bytes here" % most)
        self.body = MemoryBody(self.request.length, whole)

    def into_sink(self, sink, answer) -> None:
        """`sink` gets it, and calls `answer`; see HttpConversation."""
        self.body = SinkBody(sink, self.request.length, answer)

    def begin_body(self, wake, goes_on) -> None:
        """Takes what came of it together with the head, while goes_on()."""
        early = memoryview(self.head.early(self.request.length))
        self.missing = self.request.length
        if isinstance(self.body, SinkBody):
            self.body.begin(wake)
        while len(early) and goes_on():
            view = self.body.wanted()[: len(early)]
            view[:] = early[: len(view)]
            early = early[len(view) :]
            self.body_received(len(view))

    def body_received(self, n: int) -> None:
        """n bytes of it came."""
        self.missing -= n
        self.body.received(n)

    def lost(self) -> None:
        """No more of it comes, or nobody wants it."""
        if self.body is not None:
            self.body.lost()

    # What follows

    def behind(self) -> bytes:
        """What came behind the request: the next one, or its beginning."""
        return self.head.behind(self.request.length)
