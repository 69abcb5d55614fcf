"""Frames out, one at a time: a head in a buffer that is used again, and behind it a group's body."""

from firmware.link.frames import (
    ERROR_SIZE,
    GROUP,
    HEADER_SIZE,
    HELLO_SIZE,
    MAX_FIXED,
    MAX_NAME,
    MAX_SENTENCE,
    MAX_STATUS,
    PREAMBLE_SIZE,
    pack_header,
    pack_preamble,
)
from firmware.log.layout import DESCRIPTOR_SIZE
from firmware.log.span import Span

BATCH = 64 << 10  # bytes of small groups that leave in one piece
PREAMBLE = 255  # beside the kinds of frames, as what was sent


class Writer:
    """Holds what is on its way; `kind` says what, 0 nothing."""

    def __init__(self):
        assert MAX_FIXED >= HEADER_SIZE + max(HELLO_SIZE + MAX_NAME, ERROR_SIZE + MAX_SENTENCE, MAX_STATUS)
        self.buffer = bytearray(MAX_FIXED)
        self.kind = 0
        self._view = self._head = memoryview(self.buffer)
        self._batch = memoryview(bytearray(BATCH))
        self._batch_end = 0
        self._ends = []  # where the groups of the batch end
        self._head_left = 0
        self._head_end = 0
        self._body = None
        self._body_at = 0
        self._body_length = 0
        self._span = Span(0, 0)
        self._sequence = 0

    @property
    def left(self) -> int:
        """Bytes of the piece that is next: the head, or the body behind it."""
        return self._head_left or self._body_length - self._body_at

    def preamble(self) -> None:
        pack_preamble(self.buffer)
        self._begin(PREAMBLE, PREAMBLE_SIZE, None, 0)

    def control(self, kind: int, length: int) -> None:
        """A frame whose payload of `length` bytes stands in `buffer` behind HEADER_SIZE."""
        self._header(self.buffer, kind, 0, length, length)
        self._begin(kind, HEADER_SIZE + length, None, 0)

    def group(self, descriptor, codec: int, body, body_length: int) -> None:
        """`body` is a Span of the journal, or bytes when it was compressed."""
        descriptor.pack_into(self.buffer, HEADER_SIZE)
        self._header(self.buffer, GROUP, codec, DESCRIPTOR_SIZE + body_length, DESCRIPTOR_SIZE)
        self._begin(GROUP, HEADER_SIZE + DESCRIPTOR_SIZE, body, body_length)

    def add(self, descriptor, body) -> bool:
        """Adds a whole group, body in memory, to the batch that end_batch() sends; False: it is full."""
        size = HEADER_SIZE + DESCRIPTOR_SIZE + len(body)
        frame = self._batch[self._batch_end : self._batch_end + size]
        if len(frame) < size:
            return False
        descriptor.pack_into(frame, HEADER_SIZE)
        self._header(frame, GROUP, 0, DESCRIPTOR_SIZE + len(body), DESCRIPTOR_SIZE)
        frame[size - len(body) :] = body
        self._batch_end += size
        self._ends.append(self._batch_end)
        return True

    def end_batch(self) -> None:
        """What was added goes out as one piece."""
        self._begin(GROUP, self._batch_end, None, 0)
        self._head = self._batch
        self._batch_end = 0

    def _header(self, frame, kind: int, codec: int, length: int, fixed_length: int) -> None:
        pack_header(frame, kind, codec, length, self._sequence, fixed_length)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF

    def _begin(self, kind: int, head_length: int, body, body_length: int) -> None:
        assert not self.kind
        self.kind = kind
        self._head = self._view
        self._head_left = self._head_end = head_length
        self._body = body if body is None or isinstance(body, Span) else memoryview(body)
        self._body_at = 0
        self._body_length = body_length

    def outgoing(self, limit: int) -> "memoryview | Span":
        """At most `limit` bytes of the piece that is next; a Span is the same object every time.

        A Span's bytes come from memory for as long as they are there: to send them from the storage
        costs both boards twice the processor time.
        """
        if self._head_left:
            at = self._head_end - self._head_left
            return self._head[at : at + min(limit, self._head_left)]
        count = min(limit, self._body_length - self._body_at)
        body = self._body
        if isinstance(body, Span):
            body = body.memory()
        if body is None:
            self._span.position = self._body.position + self._body_at
            self._span.length = count
            return self._span
        return body[self._body_at : self._body_at + count]

    def sent(self, count: int) -> tuple:
        """Returns (kind, how many) of the frames that are complete with these bytes, (0, 0) for none."""
        if self._head_left:
            self._head_left -= count
        else:
            self._body_at += count
        if self._ends:
            return self._sent_of_batch()
        if self.left:
            return 0, 0
        kind = self.kind
        self.drop()
        return kind, 1

    def _sent_of_batch(self) -> tuple:
        # One by one: the twin acknowledges the first while the last is still on its way.
        gone = self._head_end - self._head_left
        count = 0
        while count < len(self._ends) and self._ends[count] <= gone:
            count += 1
        self._ends = self._ends[count:]
        if not self._ends:
            self.drop()
        return (GROUP, count) if count else (0, 0)

    def drop(self) -> None:
        """Forgets what was on its way."""
        self.kind = 0
        self._ends = []
        self._head_left = self._body_at = self._body_length = 0
        self._body = None
