"""Frames out, one at a time: a head in a buffer that is used again, and behind it a group's body."""

from firmware.link.frames import (
    ERROR_SIZE,
    GROUP,
    HEADER_SIZE,
    HELLO_SIZE,
    MAX_FIXED,
    MAX_NAME,
    MAX_SENTENCE,
    PREAMBLE_SIZE,
    pack_header,
    pack_preamble,
)
from firmware.link.span import Span
from firmware.log.layout import DESCRIPTOR_SIZE

PREAMBLE = 255  # beside the kinds of frames, as what was sent


class Writer:
    """Holds what is on its way; `kind` says what, 0 nothing."""

    def __init__(self):
        assert MAX_FIXED >= HEADER_SIZE + max(HELLO_SIZE + MAX_NAME, ERROR_SIZE + MAX_SENTENCE)
        self.buffer = bytearray(MAX_FIXED)
        self.kind = 0
        self._view = memoryview(self.buffer)
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
        self._header(kind, 0, length, length)
        self._begin(kind, HEADER_SIZE + length, None, 0)

    def group(self, descriptor, codec: int, body, body_length: int) -> None:
        """`body` is a Span of the journal, or bytes when it was compressed."""
        descriptor.pack_into(self.buffer, HEADER_SIZE)
        self._header(GROUP, codec, DESCRIPTOR_SIZE + body_length, DESCRIPTOR_SIZE)
        self._begin(GROUP, HEADER_SIZE + DESCRIPTOR_SIZE, body, body_length)

    def _header(self, kind: int, codec: int, length: int, fixed_length: int) -> None:
        pack_header(self.buffer, kind, codec, length, self._sequence, fixed_length)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF

    def _begin(self, kind: int, head_length: int, body, body_length: int) -> None:
        assert not self.kind
        self.kind = kind
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
            return self._view[at : at + min(limit, self._head_left)]
        count = min(limit, self._body_length - self._body_at)
        body = self._body
        if isinstance(body, Span):
            body = body.memory()
        if body is None:
            self._span.position = self._body.position + self._body_at
            self._span.length = count
            return self._span
        return body[self._body_at : self._body_at + count]

    def sent(self, count: int) -> int:
        """Returns the kind of the frame that is complete with these bytes, else 0."""
        if self._head_left:
            self._head_left -= count
        else:
            self._body_at += count
        if self.left:
            return 0
        kind = self.kind
        self.drop()
        return kind

    def drop(self) -> None:
        """Forgets what was on its way."""
        self.kind = 0
        self._head_left = self._body_at = self._body_length = 0
        self._body = None
