"""One request until it has its answer: its head, whether it may go on, its body, who answers it.

READING to WAITING are as in conversation.py; ANSWERED is whatever follows there.
"""

from firmware.httpd.answer import error_answer
from firmware.httpd.body import PIECE
from firmware.httpd.intake import Intake
from firmware.httpd.patience import Patience
from firmware.httpd.request import BadRequest

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
READING, ADMITTING, TAKING, WAITING, ANSWERED = "reading", "admitting", "taking", "waiting", "answered"

_PATIENCE_MS = {READING: 10000, ADMITTING: 30000, WAITING: 60000}  # of TAKING the body says itself


class Exchange:
    """`head` is a Head; `handler` and `admit` are those of HttpConversation.

    say(bytes) is called with what comes before an answer, answered(answer) once; wake() when there is more to do and no
    call of the driver has brought it. What comes too late (a verdict, an answer) is not heard: its exchange is over.
    """

    def __init__(self, head, handler, admit, say, answered, wake):
        self.intake = Intake(head)
        self._handler = handler
        self._admit = admit
        self._say = say
        self._answered = answered
        self._wake = wake
        self._inside = False  # in a call of the driver, which looks at everything afterwards anyhow
        self._enter(READING)

    @property
    def request(self):
        """The Request, None before its head is whole."""
        return self.intake.request

    @property
    def is_known(self) -> bool:
        """Whether somebody asks who is known."""
        return self.request is not None and self.request.stays

    def _enter(self, state: str) -> None:
        self._state = state
        self._patience = None

    # Calls of the driver

    def begin(self) -> None:
        """Looks at what came behind the request before this one."""
        self._guarded(self._read, self.intake.begin)

    def wanted(self) -> "memoryview | None":
        """Where the next bytes of the client go."""
        if self._state == READING:
            return self.intake.head.wanted()
        return self.intake.body.wanted() if self._state == TAKING else None

    def received(self, n: int) -> None:
        """n bytes came in."""
        if self._state == READING:
            self._guarded(self._read, self.intake.head_received, n)
        elif self._state == TAKING:
            self._guarded(self._more_body, n)

    def ended(self) -> bool:
        """The client sends no more; whether it hears of that."""
        if self._state == READING and not self.intake.head.filled:
            return False
        if self._state in (READING, TAKING):
            self._guarded(self._cut)
        return True

    def due(self, now_ms: int) -> int:
        """When this has taken too long."""
        if self._patience is None and self._state == TAKING:
            self._patience = Patience(self.intake.body.patience_ms, PIECE)
        elif self._patience is None:
            self._patience = Patience(_PATIENCE_MS[self._state])
        return self._patience.due(now_ms)

    def expire(self) -> bool:
        """It has; whether the client hears of that."""
        if self._state in (WAITING, ADMITTING):
            self._guarded(self._refuse, 504, "the board is still at it; look at its status")
        elif self._state == TAKING or self.intake.head.filled:
            self._guarded(self._refuse, 408, "the request took too long")
        else:
            return False
        return True

    def lost(self) -> None:
        """Nobody is there any more."""
        self.intake.lost()
        self._enter(ANSWERED)

    def _guarded(self, call, *args) -> None:
        """What is wrong with a request is answered."""
        before, self._inside = self._inside, True
        try:
            call(*args)
        except BadRequest as error:
            self._refuse(error.status, str(error))
        finally:
            self._inside = before

    def _cut(self) -> None:
        self.intake.lost()
        self.intake.missing = 0  # nothing comes any more: nothing to drain
        raise BadRequest(400, "the request ended in its middle")

    # Admission

    def _read(self, read, *args) -> None:
        """read(): takes in what came; whether the head is whole."""
        if read(*args):
            self._enter(ADMITTING)
            self._admit(self.request, self._decided)

    def _decided(self, verdict) -> None:
        """The verdict of `admit`."""
        if self._state != ADMITTING:  # too late: the client is gone, or was told so
            if hasattr(verdict, "begin"):
                verdict.lost()
            return
        self._guarded(self._follow, verdict)
        self.wake_outside()

    def _follow(self, verdict) -> None:
        if hasattr(verdict, "begin"):
            self.intake.into_sink(verdict, self._sink_answers)
            self._take_body()
        elif verdict is None:
            self.intake.into_memory(self._hand_over)
            self._take_body()
        else:
            self._enter(WAITING)
            self._answer(verdict)

    # The body

    def _take_body(self) -> None:
        if self.intake.holds_back:
            self._say(_CONTINUE)
        self._enter(TAKING)
        self.intake.begin_body(self.wake_outside, lambda: self._state == TAKING)
        self._look_for_end()

    def _more_body(self, n: int) -> None:
        if self._patience is not None:
            self._patience.moved(n)
        self.intake.body_received(n)
        self._look_for_end()

    def _look_for_end(self) -> None:
        if self._state == TAKING and not self.intake.missing:
            self._enter(WAITING)
            self.intake.body.end()

    def _hand_over(self, body: bytes) -> None:
        self.request.body = body
        self._handler(self.request, self._answer)

    def wake_outside(self) -> None:
        """Something changed; who has called knows already."""
        if not self._inside:
            self._wake()

    # The answer

    def _sink_answers(self, answer) -> None:
        if self._state == TAKING:
            self._enter(WAITING)
        self._answer(answer)

    def _refuse(self, status: int, sentence: str) -> None:
        self.intake.lost()
        self._enter(WAITING)
        self._answer(error_answer(status, sentence))

    def _answer(self, answer) -> None:
        if self._state == WAITING:
            self._enter(ANSWERED)
            self._answered(answer)
            self.wake_outside()
