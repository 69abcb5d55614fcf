"""One connection between two boards, from the first byte to the last: a Conversation (sans-I/O).

Either board may have dialled. Both say HELLO at once; each judges the other and, if it agrees, says
READY; then the primary's end becomes a Sender, the twin's a Receiver, by what their identities say.
Whatever goes wrong ends in `fail` (the other side is told), `drop` (it is not) or a ProtocolError.

The board that owns a link gives: `identity`; `mute`: that is not durable yet, so nobody is told of it;
`judge` and `accept` (Refused); `joined(part)`: a Sender or Receiver is at work, and the board drops the
link of any earlier one before it returns; `parted(link)`: the transport is gone;
`acknowledged(received_number, durable_point)`; `suspect(number)`: the twin says that a group arrived
damaged; `heard_of(number)`: the other board has that group; `unreadable(number, error)`: a group cannot
be read from our own journal; `report()`: bytes that tell how it is doing; `reported(data)`: the other board's, which
may be anything; `urgent`: the last group that a host waits for until the twin has it, 0 for none.
"""

from firmware.errors import Damaged, ProtocolError, Refused
from firmware.link import codec, frames, greeting
from firmware.link.bulletin import Bulletin
from firmware.link.frames import ACK, BYE, ERROR, GROUP, HEADER_SIZE, HELLO, PING, PONG, READY, STATUS
from firmware.link.pacing import Pace
from firmware.link.receiver import Receiver
from firmware.link.sender import WINDOW_BYTES, Sender
from firmware.link.stream import Counters, Stream

__all__ = ["Counters", "Link"]

GREETING_MS = 10000
_SETTLE_MS = 20
_NEVER_MS = 1 << 60

GREETING, AGREEING, SENDING, RECEIVING = 1, 2, 3, 4
ALLOWED = {  # frames that the other side may send in each state
    GREETING: (HELLO, ERROR, BYE),
    AGREEING: (READY, PING, PONG, ERROR, BYE),
    SENDING: (ACK, PING, PONG, STATUS, ERROR, BYE),
    RECEIVING: (GROUP, PING, PONG, STATUS, ERROR, BYE),
}


class Link(Stream):
    """See the module. `codecs`: names, the preferred one first; `lane`: runs a Compressor, or None.

    `part` is None until both agreed. `peer` is the other board's Hello. `refusal` keeps the sentence
    of a refused greeting, whoever refused.
    """

    def __init__(
        self, board, journal, counters, lane=None, pace=None, codecs=codec.PREFERRED, window_bytes=WINDOW_BYTES
    ):
        super().__init__(counters, pace or Pace())
        self.part = None
        self.peer = None
        self.refusal = ""
        self.codec = codec.RAW
        self._board = board
        self._journal = journal
        self._lane = lane
        self._codecs = codecs
        self._window_bytes = window_bytes
        self._state = GREETING
        self._agreed = None  # (number, chain) from which groups follow
        self._start = None  # the same as a Point of our journal, on a primary
        self._preamble_due = self._hello_due = True
        self._ready_due = False
        self._bulletin = None  # where the other board takes one

    @property
    def packing(self) -> bool:
        """Whether compressing pays."""
        return self.codec != codec.RAW and self.scarce

    @property
    def level(self) -> int:
        """How hard to compress for this wire."""
        return codec.level_for(self.codec, self.bytes_per_s)

    # What the reader finds

    def preamble(self, version: int) -> None:
        try:
            greeting.check_version(version)
        except Refused as e:
            self.refusal = self.reason = str(e)
            self._end(None)  # the other side finds the same out by our preamble; it would not understand more

    def begin(self, header) -> None:
        if header.kind not in ALLOWED[self._state]:
            raise ProtocolError("a frame of type %d came out of turn" % header.kind)

    def frame(self, kind: int, payload) -> None:
        _TAKE[kind](self, payload)

    def group(self, header, descriptor) -> None:
        self.part.group(header, descriptor)

    def place(self):
        return self.part.place()

    def filled(self) -> bool:
        return self.part.filled()

    # Greeting

    def _take_hello(self, payload) -> None:
        self.peer = frames.Hello.unpack(payload)
        try:
            self._start = greeting.judge(self._board, self.peer)
        except Refused as e:
            self.refusal = str(e)
            self.fail(frames.REFUSED, 0, str(e))
            return
        except (Damaged, OSError) as e:
            self.unreadable(self.peer.number, e)
            return
        if self._start is not None:
            self._agreed = (self._start.number, self._start.chain)
            self.codec = codec.choose(self.peer.codecs, self._codecs)
        self._state = AGREEING
        self._ready_due = True

    def _take_ready(self, payload) -> None:
        if frames.unpack_ready(payload) != self._agreed:
            raise ProtocolError("the other board would go on from another group")
        if self._start is not None:
            window_bytes = min(self._window_bytes, self.peer.window_bytes)
            self.part = Sender(self, self._board, self._journal, self._start, self._lane, window_bytes)
            self._state = SENDING
        elif not self._still_accepted():
            return
        else:
            self._board.follow(self.peer.identity)
            generation = self.peer.identity.generation
            self.part = Receiver(self, self._journal, self._agreed, generation)
            self._state = RECEIVING
        if self.peer.capabilities & greeting.STATUS:
            self._bulletin = Bulletin(self._board.report)
        self._board.joined(self.part)

    def _still_accepted(self) -> bool:
        """Promoted, stopped or brought further by another connection since it read the other's HELLO,
        this board would take groups into a log that they no longer belong to."""
        try:
            self._board.accept(self.peer.identity)
        except Refused as e:
            self.refusal = str(e)
            self.fail(frames.REFUSED, 0, str(e))
            return False
        if self._overtaken():
            self.fail(frames.BUSY, 0, "another connection brought groups meanwhile; connect again")
            return False
        return True

    def _overtaken(self) -> bool:
        """Whether groups came by an earlier connection since our HELLO."""
        head = self._journal.head
        return (head.number, head.chain) != self._agreed or self._journal.received_number != head.number

    # Frames of every state

    def _take_ack(self, payload) -> None:
        self.part.acknowledged(*frames.unpack_ack(payload))

    def _take_ping(self, payload) -> None:
        self._pong_token, written = frames.unpack_beat(payload)
        self._hear_of(written)

    def _take_pong(self, payload) -> None:
        token, written = frames.unpack_beat(payload)
        self._heartbeat.pong(token)
        self._hear_of(written)

    def _hear_of(self, written: int) -> None:
        if self._state in (SENDING, RECEIVING):
            self._board.heard_of(written)

    @property
    def _written(self) -> int:
        """The last durable group of this board, for its heartbeats."""
        return self._journal.head.number

    def _take_status(self, payload) -> None:
        self._board.reported(bytes(payload))

    def _take_error(self, payload) -> None:
        code, number, sentence = frames.unpack_error(payload)
        if code == frames.REFUSED:
            self.refusal = sentence
        elif code == frames.DAMAGED and self._state == SENDING:
            self.part.called_damaged(number)
        self.drop(sentence)

    def _take_bye(self, payload) -> None:
        self.drop("the other board is stopping")

    # What goes out

    def _next_frame(self, writer) -> bool:
        """What is most urgent. At most one frame of each kind waits, so nothing piles up here."""
        if self.finished:
            return False
        if self._preamble_due:
            self._preamble_due = False
            writer.preamble()
            return True
        if self._hello_due and (self._error is not None or not self._ending):
            return self._next_hello(writer)
        if self._last_word(writer):
            return True
        return not self._ending and self._next_of_state(writer)

    def _next_of_state(self, writer) -> bool:
        if self._ready_due:
            self._ready_due = False
            writer.control(READY, frames.pack_ready(writer.buffer, HEADER_SIZE, *self._agreed))
            return True
        if self._state == GREETING:
            return False
        if self._next_beat(writer):
            return True
        if self.part is None:
            return False
        if self._bulletin is not None and self._bulletin.overdue and self._state == SENDING:
            return self._next_status(writer)
        # The part may find that it has to end the link: then there is a last word.
        if self.part.next_frame(writer) or self._last_word(writer):
            return True
        return self._bulletin is not None and self._bulletin.due and self._next_status(writer)

    def _next_status(self, writer) -> bool:
        data = self._bulletin.take()
        writer.buffer[HEADER_SIZE : HEADER_SIZE + len(data)] = data
        writer.control(STATUS, len(data))
        return True

    def _next_hello(self, writer) -> bool:
        """Also before a refusal: the other side must learn of our generation."""
        if self._board.mute or (self._error is None and not greeting.settled(self._board, self._journal)):
            return False
        self._hello_due = False
        hello = greeting.hello(self._board, self._journal, self._window_bytes)
        if self._agreed is None:
            self._agreed = (hello.number, hello.chain)
        writer.control(HELLO, hello.pack_into(writer.buffer, HEADER_SIZE))
        return True

    def _frames_sent(self, kind: int, count: int) -> None:
        if kind == GROUP and self.part is not None:
            self.part.groups_sent(count)

    def _poll_state(self, now_ms: int) -> int:
        if self.part is None:
            return self._poll_greeting(now_ms)
        next_ms = self.part.poll(now_ms)
        next_ms = _NEVER_MS if next_ms is None else next_ms
        if self._bulletin is None:
            return next_ms
        self._bulletin.poll(now_ms, self.bytes_per_s, self.pace.holds)
        return min(next_ms, self._bulletin.next_ms)

    def _poll_greeting(self, now_ms: int) -> int:
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + GREETING_MS
        if now_ms >= self._deadline_ms:
            self.fail(frames.PROTOCOL, 0, "the greeting did not end within 10 s")
            return now_ms + 1
        return now_ms + _SETTLE_MS if self._hello_due else self._deadline_ms

    # The end

    def unreadable(self, number: int, error) -> None:
        """Our own journal cannot be read at group `number`: both boards are told."""
        self.fail(frames.UNREADABLE, number, "group %d cannot be read from the journal (%s)" % (number, error))
        self._board.unreadable(number, error)

    def ended(self, sentence: str, refused: bool) -> None:
        """The transport found the other side not to be trusted (`refused`: the operator should know), or broken."""
        if refused:
            self.refusal = sentence
        self.drop(sentence)

    def _let_go(self) -> None:
        part, self.part = self.part, None
        if part is not None:
            part.lost()

    def lost(self) -> None:
        self.drop("the connection was cut")
        self._board.parted(self)


_TAKE = {
    HELLO: Link._take_hello,
    READY: Link._take_ready,
    ACK: Link._take_ack,
    PING: Link._take_ping,
    PONG: Link._take_pong,
    STATUS: Link._take_status,
    ERROR: Link._take_error,
    BYE: Link._take_bye,
}
