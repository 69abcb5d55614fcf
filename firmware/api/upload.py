"""An update file on its way from a request into a file: of two pieces of memory one fills while one is written."""

from firmware.errors import Refused
from firmware.httpd.answer import error_answer, json_answer

PIECE = 256 << 10
_RECEIVED = {"state": "checking", "sentence": "the update was received whole and is being checked"}


class Upload:
    """The sink (httpd/conversation.py) of one file of `length` bytes. `submit(done, op, *args)` is the lane of an Inbox
    (ports/inbox.py); `ended(sentence)` is called once when it is over, "" when all is well."""

    def __init__(self, submit, length: int, ended):
        self.length = length
        self.taken = 0
        self._submit = submit
        self._ended = ended
        self._answer = None
        self._wake = None
        self._pieces = [memoryview(bytearray(PIECE)), memoryview(bytearray(PIECE))]
        self._filled = 0
        self._over = False

    def begin(self, answer, wake) -> None:
        """The file is made before the first piece is full, or the answer says why not."""
        self._answer, self._wake = answer, wake
        self._submit(self._begun, "begin", self.length)

    def _begun(self, result, error) -> None:
        if error is not None:
            self._fail(error)

    def wanted(self) -> "memoryview | None":
        """Room for what comes next; None while both pieces are on their way."""
        return None if not self._pieces else self._pieces[0][self._filled :]

    def received(self, n: int) -> None:
        """n bytes came."""
        self._filled += n
        self.taken += n
        if not self._over and (self._filled == PIECE or self.taken == self.length):
            piece = self._pieces.pop(0)
            self._submit(lambda result, error: self._written(piece, error), "write", piece[: self._filled])
            self._filled = 0

    def _written(self, piece: memoryview, error) -> None:
        self._pieces.append(piece)
        if error is not None:
            self._fail(error)
        elif not self._over:
            self._wake()

    def ended(self) -> None:
        """All of it is on its way."""
        if not self._over:
            self._submit(self._finished, "finish")

    def _finished(self, result, error) -> None:
        if error is not None:
            self._fail(error)
        elif not self._over:
            self._over = True
            self._ended("")
            self._answer(json_answer(202, _RECEIVED))

    def lost(self) -> None:
        """The sender is gone."""
        self._fail(Refused("the sender was lost"))

    def _fail(self, error) -> None:
        if self._over:
            return
        self._over = True
        self._submit(_nobody, "abandon")
        sentence = str(error) if isinstance(error, Refused) else "the update could not be stored (%s)" % error
        self._ended(sentence)
        if self._answer is not None:
            self._answer(error_answer(507 if isinstance(error, Refused) else 500, sentence))


def _nobody(result, error) -> None:
    pass
