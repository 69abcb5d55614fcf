"""Two boards that know a short code in common and nothing else tell each other who they are: a Conversation (sans-I/O).

    caller (the code was typed here)        host (the code was shown here)
    preamble, ELEMENT  ------------------>                     from here on one of few guesses is spent
                       <------------------  preamble, ELEMENT
    CARD               ------------------>  right code? may be paired?
                       <------------------  CARD
    right code? pinned, then DONE  ------>  pinned, then
                       <------------------  DONE

The elements are SPAKE2's: whoever does not know the code learns nothing from them, and can test one guess in each
exchange, not more. Each card is tagged with the key that comes of it, so nobody in between can put his own in. The
caller pins first: cut off after that, only one of the two is paired, and the same exchange once more makes it whole.

The `owner` (pairing.py) gives `exchange()`: a PAKE (ports/cpython/pake.py), `card()`: our Card, `admit(card)` and
`pin(card)`, all of which may raise Refused, and takes `ended(card, sentence)` once: the other board's card when it is
pinned here, else None; why it ended, "" when all is well.
"""

from firmware.errors import ProtocolError, Refused
from firmware.pair import card
from firmware.pair.card import CARD, DONE, ELEMENT, HEADER_SIZE, MAX_MESSAGE, PREAMBLE_SIZE, REFUSED, TAG_SIZE, Card
from firmware.text import decode

LIMIT_MS = 20000
LINGER_MS = 1000
WRONG = "the code was wrong, or somebody is between the boards"
VERSIONS = "the boards speak different versions of pairing; install the same release on both"

_ORDER = (ELEMENT, CARD, DONE)  # in which either side sends
_CALLER, _HOST = b"caller", b"host"


def _nobody_to_wake():
    pass


class Introduction:
    """See the module. `calls`: whether this side dialled."""

    expendable = True  # to its listener: a stranger to the end, who makes room for others

    def __init__(self, owner, calls: bool):
        self.finished = False
        self.wake = _nobody_to_wake
        self._owner = owner
        self._calls = calls
        self._mine, self._theirs = (_CALLER, _HOST) if calls else (_HOST, _CALLER)
        self._buffer = memoryview(bytearray(MAX_MESSAGE))
        self._filled = 0
        self._needed = PREAMBLE_SIZE
        self._take = self._take_preamble
        self._kind = 0
        self._step = 0
        self._out = b""
        self._exchange = None
        self._card = None
        self._pinned = None
        self._told = False
        self._closing = False
        self._deadline_ms = None
        if calls:
            self._exchange = owner.exchange()
            self._send_element()

    # In

    def wanted(self) -> "memoryview | None":
        """Where the next bytes go: never more than the message that is due."""
        if self.finished:
            return None
        if self._closing:
            self._filled = 0  # thrown away
            return self._buffer
        return self._buffer[self._filled : self._needed]

    def received(self, count: int) -> None:
        """`count` bytes came, 0: the other side closed. Raises ProtocolError."""
        if not count:
            self._end("the connection was cut", True)
            return
        if self._closing:
            return
        self._filled += count
        while self._filled == self._needed and not self._closing:
            data = bytes(self._buffer[: self._needed])
            self._filled = 0
            try:
                self._take(data)
            except Refused as refusal:
                self._refuse(str(refusal))
            except ProtocolError as error:
                self._end(str(error))
                raise

    def _take_preamble(self, data: bytes) -> None:
        if card.unpack_preamble(data) != card.VERSION:
            self._out += card.preamble()  # so that the other side finds the same out
            self._end(VERSIONS)
            return
        self._await_header()

    def _await_header(self) -> None:
        self._needed, self._take = HEADER_SIZE, self._take_header

    def _take_header(self, data: bytes) -> None:
        self._kind, length = card.unpack_header(data)
        if self._kind not in (REFUSED, _ORDER[self._step]):
            raise ProtocolError("a message of kind %d came out of turn" % self._kind)
        self._needed, self._take = length, self._take_message

    def _take_message(self, data: bytes) -> None:
        self._await_header()
        if self._kind == REFUSED:
            self._end("the other board says: " + _readable(data), True)
            return
        self._step += 1
        (self._take_element, self._take_card, self._take_done)[self._step - 1](data)

    def _take_element(self, data: bytes) -> None:
        if not self._calls:
            self._exchange = self._owner.exchange()
            self._send_element()
        self._exchange.finish(data)
        if self._calls:
            self._send_card()

    def _take_card(self, data: bytes) -> None:
        body, tag = data[:-TAG_SIZE], data[-TAG_SIZE:]
        self._check(b"card", body, tag)
        self._card = Card.unpack(body)
        self._owner.admit(self._card)
        if self._calls:
            self._pin()
            self._send_done()
        else:
            self._send_card()

    def _take_done(self, data: bytes) -> None:
        self._check(b"done", b"", data)
        if not self._calls:
            self._pin()
            self._send_done()
        self._end("", self._calls)

    def _check(self, what: bytes, body: bytes, tag: bytes) -> None:
        if not self._exchange.is_tag(self._theirs + b" " + what, body, tag):
            raise Refused(WRONG)

    def _pin(self) -> None:
        self._owner.pin(self._card)
        self._pinned = self._card

    # Out

    def _send_element(self) -> None:
        self._out += card.preamble() + card.message(ELEMENT, self._exchange.element)

    def _send_card(self) -> None:
        body = self._owner.card().pack()
        self._out += card.message(CARD, body + self._exchange.tag(self._mine + b" card", body))

    def _send_done(self) -> None:
        self._out += card.message(DONE, self._exchange.tag(self._mine + b" done", b""))

    def _refuse(self, sentence: str) -> None:
        if self._exchange is None:
            self._out += card.preamble()
        self._out += card.message(REFUSED, _short(sentence))
        self._end(sentence)

    def outgoing(self) -> "memoryview | None":
        return memoryview(self._out) if self._out else None

    def sent(self, count: int) -> None:
        self._out = self._out[count:]

    # The end

    def poll(self, now_ms: int) -> "int | None":
        """Time passes; returns when to call again."""
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + (LINGER_MS if self._closing else LIMIT_MS)
        if now_ms < self._deadline_ms:
            return self._deadline_ms
        self._end("the other board said nothing more", True)
        return None

    def _end(self, sentence: str, at_once: bool = False) -> None:
        """Over; who spoke last leaves it to the other side to close, or what was said might be lost in a reset."""
        self._closing = True
        self.finished = self.finished or at_once
        self._deadline_ms = None
        if not self._told:
            self._told = True
            self._owner.ended(self._pinned, sentence)

    def lost(self) -> None:
        """The transport is gone."""
        self._end("the connection was cut", True)


def _short(sentence: str) -> bytes:
    data = sentence.encode()
    while len(data) > card.MAX_SENTENCE:
        sentence = sentence[:-1]
        data = sentence.encode()
    return data


def _readable(data: bytes) -> str:
    """A sentence of the other side, of whom nothing is known yet."""
    try:
        return decode(data)
    except UnicodeError:
        return "it was refused in no language"
