"""What a link is to its transport: bytes in and out, time, heartbeats, the rate cap, and every way to end."""

from firmware.errors import ProtocolError
from firmware.link import frames
from firmware.link.frames import BYE, ERROR, HEADER_SIZE, PING, PONG
from firmware.link.heartbeat import Heartbeat
from firmware.link.pacing import TokenBucket, WireMeter
from firmware.link.reader import Reader
from firmware.link.writer import Writer

LINGER_MS = 1000  # after our last word: time for the other side to read it before the close


class Counters:
    """What a board has seen of its link, over all connections, in bytes."""

    def __init__(self):
        self.sent_bytes = 0
        self.received_bytes = 0
        self.raw_bytes = 0  # bodies of the groups sent, before compression


def _nobody_to_wake():
    pass


class Stream:
    """A Conversation. Link, which inherits, is the reader's handler and gives `_next_frame(writer) -> bool`,
    `_frames_sent(kind, count)`, `_written` (a group's number, for the heartbeat), `_poll_state(now_ms) -> int` and
    `_let_go()`.

    `pace` is asked how fast it may go (pacing.py). `reason` says why it ended, whatever it was.
    """

    def __init__(self, counters: Counters, pace):
        self.finished = False
        self.wake = _nobody_to_wake
        self.reason = ""
        self.counters = counters
        self.pace = pace
        self._ending = False
        self._error = None
        self._bye_due = False
        self._deadline_ms = None
        self._pong_token = None
        self._bucket = TokenBucket(pace.cap) if pace.cap else None
        self._meter = WireMeter()
        self._heartbeat = Heartbeat()
        self._reader = Reader(self)
        self._writer = Writer()

    @property
    def rtt_ms(self) -> "int | None":
        return self._heartbeat.rtt_ms

    @property
    def scarce(self) -> bool:
        """Whether the wire is what everything waits for."""
        return self.pace.cap > 0 or self._meter.slow

    @property
    def bytes_per_s(self) -> int:
        """What the wire takes, 0 when that is not known."""
        return self.pace.cap // 8 or self._meter.bytes_per_s

    # In

    def wanted(self) -> "memoryview | None":
        return self._reader.wanted()

    def received(self, count: int) -> None:
        if count == 0:
            self.drop("the other board closed the connection")
            return
        self.counters.received_bytes += count
        self.pace.count(count)
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

    def _broken(self, error) -> None:
        self.fail(frames.PROTOCOL, 0, str(error))

    # Out

    def outgoing(self):
        writer = self._writer
        if not writer.kind and not self._next_frame(writer):
            return None
        count = writer.left
        self._follow_cap()
        if self._bucket is not None:
            count = self._bucket.allowed(count)
            if not count:
                return None
        return writer.outgoing(count)

    def sent(self, count: int) -> None:
        self.counters.sent_bytes += count
        self.pace.count(count)
        self._meter.sent(count)
        if self._bucket is not None:
            self._bucket.take(count)
        kind, frames_sent = self._writer.sent(count)
        if kind == PING:
            self._heartbeat.ping_sent()
        elif kind:
            self._frames_sent(kind, frames_sent)

    def _next_beat(self, writer) -> bool:
        """Puts a PONG or PING into `writer` when one is due."""
        if self._pong_token is not None:
            token, self._pong_token = self._pong_token, None
            writer.control(PONG, frames.pack_beat(writer.buffer, HEADER_SIZE, token, self._written))
        elif self._heartbeat.ping_due:
            token = self._heartbeat.next_token()
            writer.control(PING, frames.pack_beat(writer.buffer, HEADER_SIZE, token, self._written))
        else:
            return False
        return True

    def _last_word(self, writer) -> bool:
        """Puts our ERROR or BYE into `writer` when one is due."""
        if self._error is not None:
            code, number, sentence = self._error
            self._error = None
            writer.control(ERROR, frames.pack_error(writer.buffer, HEADER_SIZE, code, number, sentence))
        elif self._bye_due:
            self._bye_due = False
            writer.control(BYE, 0)
        else:
            return False
        return True

    # Time

    def poll(self, now_ms: int) -> int:
        if self.finished:
            return now_ms + 1  # a transport that is stuck is to be closed all the same
        self._follow_cap()
        if self._bucket is not None:
            self._bucket.refill(now_ms)
        if self._ending:
            return self._poll_ending(now_ms)
        self._meter.measure(now_ms, self._writer.kind != 0)
        if not self._heartbeat.poll(now_ms, not self._reader.paused):
            self.drop("nothing was heard from the other board for 10 s")
            return now_ms + 1
        return self._when_paid(min(self._heartbeat.next_ms, self._poll_state(now_ms)))

    def _follow_cap(self) -> None:
        cap, bucket = self.pace.cap, self._bucket
        if cap == (0 if bucket is None else bucket.rate):
            return
        if cap and bucket is not None:
            bucket.change(cap)
        else:
            self._bucket = TokenBucket(cap) if cap else None

    def _when_paid(self, next_ms: int) -> int:
        if self._bucket is None or not self._writer.kind or self._bucket.allowed(self._writer.left):
            return next_ms
        return min(next_ms, self._bucket.ready_ms(self._writer.left))

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
        if not self._ending and not self.finished:
            self.reason = "this board is stopping"
            self._bye_due = True
            self._end(None)

    def fail(self, code: int, number: int, sentence: str) -> None:
        """Tells the other side why, then ends; `code` is one of frames' error codes."""
        if not self._ending and not self.finished:
            self.reason = sentence
            self._end((code, number, sentence))

    def _end(self, error) -> None:
        """Nothing is taken in any more; what is on its way goes out, then our last word."""
        self._ending = True
        self._error = error
        self._deadline_ms = None
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
        self._let_go()
