"""One connection between two boards, from the first byte to the last: a Conversation (sans-I/O).

Either board may have dialled. Both say HELLO at once; each judges the other and, if it agrees, says
READY; then the primary's end becomes a Sender, the twin's a Receiver, by what their identities say.
Whatever goes wrong ends in `fail` (the other side is told), `drop` (it is not) or a ProtocolError.

The board that owns a link gives: `identity`; `judge` and `accept` (Refused); `joined(part)`: a Sender or
Receiver is at work, and the board drops the link of any earlier one before it returns; `parted(link)`:
the transport is gone; `acknowledged(received_number, durable_point)`; `suspect(number)`: the twin says that a
group arrived damaged; `unreadable(number, error)`: a group cannot be read from our own journal.
"""

from firmware.errors import Damaged, ProtocolError, Refused
from firmware.link import codec, frames, greeting
from firmware.link.frames import ACK, BYE, ERROR, GROUP, HEADER_SIZE, HELLO, PING, PONG, READY
from firmware.link.heartbeat import Heartbeat
from firmware.link.pacing import TokenBucket, WireMeter
from firmware.link.reader import Reader
from firmware.link.receiver import Receiver
from firmware.link.sender import WINDOW_BYTES, Sender
from firmware.link.writer import Writer

GREETING_MS = 10000
LINGER_MS = 1000  # after our last word: time for the other side to read it before the close
_SETTLE_MS = 20

GREETING, AGREEING, SENDING, RECEIVING, ENDING = 1, 2, 3, 4, 5
ALLOWED = {  # frames that the other side may send in each state
    GREETING: (HELLO, ERROR, BYE),
    AGREEING: (READY, PING, PONG, ERROR, BYE),
    SENDING: (ACK, PING, PONG, ERROR, BYE),
    RECEIVING: (GROUP, PING, PONG, ERROR, BYE),
}


class Counters:
    """What a board has seen of its link, over all connections, in bytes."""

    def __init__(self):
        self.sent_bytes = 0
        self.received_bytes = 0
        self.raw_bytes = 0  # bodies of the groups sent, before compression


def _nobody_to_wake():
    pass


class Link:
    """See the module. `rate`: bits per second, 0 for no cap; `codecs`: names, the preferred one first.

    `part` is None until both agreed. `peer` is the other board's Hello. `refusal` keeps the sentence
    of a refused greeting, whoever refused; `reason` why the link ended, whatever it was.
    """

    def __init__(self, board, journal, counters, lane=None, rate=0, codecs=codec.PREFERRED, window_bytes=WINDOW_BYTES):
        self.finished = False
        self.wake = _nobody_to_wake
        self.part = None
        self.peer = None
        self.refusal = ""
        self.reason = ""
        self.counters = counters
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
        self._ready_due = self._bye_due = False
        self._pong_token = None
        self._error = None
        self._deadline_ms = None
        self._rate = rate
        self._bucket = TokenBucket(rate) if rate else None
        self._meter = WireMeter()
        self._heartbeat = Heartbeat()
        self._reader = Reader(self)
        self._writer = Writer()

    @property
    def rtt_ms(self) -> "int | None":
        return self._heartbeat.rtt_ms

    @property
    def packing(self) -> bool:
        """Whether compressing pays: the wire is what everything waits for."""
        return self.codec != codec.RAW and (self._rate or self._meter.slow)

    @property
    def level(self) -> int:
        """How hard to compress for this wire."""
        return codec.level_for(self.codec, self._rate // 8 or self._meter.bytes_per_s)

    # Conversation: in

    def wanted(self) -> "memoryview | None":
        return self._reader.wanted()

    def received(self, count: int) -> None:
        if count == 0:
            self.drop("the other board closed the connection")
            return
        self.counters.received_bytes += count
        self._heartbeat.heard()
        try:
            self._reader.received(count)
        except ProtocolError as e:
            self._broken(e)
            raise

    def resume(self) -> None:
        """The journal may have room again for what is waiting here."""
        try:
            self._reader.resume()
        except ProtocolError as e:
            self._broken(e)
        self.wake()

    def unreadable(self, number: int, error) -> None:
        """Our own journal cannot be read at group `number`: both boards are told."""
        self.fail(frames.UNREADABLE, number, "group %d cannot be read from the journal (%s)" % (number, error))
        self._board.unreadable(number, error)

    def _broken(self, error) -> None:
        self.fail(frames.PROTOCOL, 0, str(error))

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
        elif self._overtaken():
            self.fail(frames.BUSY, 0, "another connection brought groups meanwhile; connect again")
            return
        else:
            generation = self.peer.identity.generation
            self.part = Receiver(self, self._journal, self._agreed, generation)
            self._state = RECEIVING
        self._board.joined(self.part)

    def _overtaken(self) -> bool:
        """Whether groups came by an earlier connection since our HELLO."""
        head = self._journal.head
        return (head.number, head.chain) != self._agreed or self._journal.received_number != head.number

    # Frames of every state

    def _take_ack(self, payload) -> None:
        self.part.acknowledged(*frames.unpack_ack(payload))

    def _take_ping(self, payload) -> None:
        self._pong_token = frames.unpack_token(payload)

    def _take_pong(self, payload) -> None:
        self._heartbeat.pong(frames.unpack_token(payload))

    def _take_error(self, payload) -> None:
        code, number, sentence = frames.unpack_error(payload)
        if code == frames.REFUSED:
            self.refusal = sentence
        elif code == frames.DAMAGED and self._state == SENDING:
            self.part.called_damaged(number)
        self.drop(sentence)

    def _take_bye(self, payload) -> None:
        self.drop("the other board is stopping")

    # Conversation: out

    def outgoing(self):
        writer = self._writer
        if not writer.kind and not self._next_frame(writer):
            return None
        count = writer.left
        if self._bucket is not None:
            count = self._bucket.allowed(count)
            if not count:
                return None
        return writer.outgoing(count)

    def sent(self, count: int) -> None:
        self.counters.sent_bytes += count
        self._meter.sent(count)
        if self._bucket is not None:
            self._bucket.take(count)
        kind = self._writer.sent(count)
        if kind == GROUP and self.part is not None:
            self.part.group_sent()
        elif kind == PING:
            self._heartbeat.ping_sent()

    def _next_frame(self, writer) -> bool:
        """What is most urgent. At most one frame of each kind waits, so nothing piles up here."""
        if self.finished:
            return False
        if self._preamble_due:
            self._preamble_due = False
            writer.preamble()
            return True
        if self._hello_due:
            return self._next_hello(writer)
        if self._next_control(writer):
            return True
        if self._state not in (SENDING, RECEIVING):
            return False
        return self.part.next_frame(writer) or self._next_control(writer)

    def _next_hello(self, writer) -> bool:
        """Also before a refusal: the other side must learn of our generation."""
        if self._error is None and not greeting.settled(self._board, self._journal):
            return False
        self._hello_due = False
        hello = greeting.hello(self._board, self._journal, self._window_bytes)
        if self._agreed is None:
            self._agreed = (hello.number, hello.chain)
        writer.control(HELLO, hello.pack_into(writer.buffer, HEADER_SIZE))
        return True

    def _next_control(self, writer) -> bool:
        buffer = writer.buffer
        if self._error is not None:
            code, number, sentence = self._error
            self._error = None
            writer.control(ERROR, frames.pack_error(buffer, HEADER_SIZE, code, number, sentence))
        elif self._bye_due:
            self._bye_due = False
            writer.control(BYE, 0)
        elif self._state == ENDING:
            return False
        elif self._ready_due:
            self._ready_due = False
            writer.control(READY, frames.pack_ready(buffer, HEADER_SIZE, *self._agreed))
        elif self._pong_token is not None:
            token, self._pong_token = self._pong_token, None
            writer.control(PONG, frames.pack_token(buffer, HEADER_SIZE, token))
        elif self._heartbeat.ping_due and self._state != GREETING:
            writer.control(PING, frames.pack_token(buffer, HEADER_SIZE, self._heartbeat.next_token()))
        else:
            return False
        return True

    # Time

    def poll(self, now_ms: int) -> int:
        if self.finished:
            return now_ms + 1  # a transport that is stuck is to be closed all the same
        if self._bucket is not None:
            self._bucket.refill(now_ms)
        if self._state == ENDING:
            return self._poll_ending(now_ms)
        self._meter.measure(now_ms, self._writer.kind != 0)
        if not self._heartbeat.poll(now_ms, not self._reader.paused):
            self.drop("nothing was heard from the other board for 10 s")
            return now_ms + 1
        next_ms = self._heartbeat.next_ms
        if self.part is not None:
            next_ms = _earlier(self.part.poll(now_ms), next_ms)
        else:
            next_ms = _earlier(self._poll_greeting(now_ms), next_ms)
        return self._when_paid(next_ms)

    def _when_paid(self, next_ms: int) -> int:
        if self._bucket is None or not self._writer.kind or self._bucket.allowed(self._writer.left):
            return next_ms
        return min(next_ms, self._bucket.ready_ms(self._writer.left))

    def _poll_greeting(self, now_ms: int) -> int:
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + GREETING_MS
        if now_ms >= self._deadline_ms:
            self.fail(frames.PROTOCOL, 0, "the greeting did not end within 10 s")
        return now_ms + _SETTLE_MS if self._hello_due else self._deadline_ms

    def _poll_ending(self, now_ms: int) -> int:
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + LINGER_MS
        if now_ms >= self._deadline_ms:
            self.drop(self.reason)
            return now_ms + 1
        return self._when_paid(self._deadline_ms)

    # The end

    def close(self) -> None:
        """This board stops, in good order."""
        if self._state != ENDING and not self.finished:
            self.reason = "this board is stopping"
            self._bye_due = True
            self._end(None)

    def fail(self, code: int, number: int, sentence: str) -> None:
        """Tells the other side why, then ends; `code` is one of frames' error codes."""
        if self._state != ENDING and not self.finished:
            self.reason = sentence
            self._end((code, number, sentence))

    def _end(self, error) -> None:
        """Nothing is taken in any more; what is on its way goes out, then our last word."""
        self._state = ENDING
        self._error = error
        self._deadline_ms = None
        if error is None:
            self._hello_due = False
        self._detach()
        self.wake()

    def drop(self, reason: str) -> None:
        """Ends at once, without a word."""
        self.reason = self.reason or reason
        self.finished = True
        self._writer.drop()
        self._detach()
        self.wake()

    def _detach(self) -> None:
        self._reader.stop()
        part, self.part = self.part, None
        if part is not None:
            part.lost()

    def lost(self) -> None:
        self.drop("the connection was cut")
        self._board.parted(self)


def _earlier(one: "int | None", other: int) -> int:
    return other if one is None else min(one, other)


_TAKE = {
    HELLO: Link._take_hello,
    READY: Link._take_ready,
    ACK: Link._take_ack,
    PING: Link._take_ping,
    PONG: Link._take_pong,
    ERROR: Link._take_error,
    BYE: Link._take_bye,
}
