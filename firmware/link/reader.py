"""Bytes in, frames out: reads ahead for small frames, straight into the journal's memory for big bodies."""

from firmware.errors import Damaged, ProtocolError
from firmware.link.frames import GROUP, HEADER_SIZE, MAX_FIXED, PREAMBLE_SIZE, FrameHeader, unpack_preamble
from firmware.log.layout import Descriptor

READ_AHEAD = 128 << 10
_DIRECT = 16 << 10  # a rest of a body below this is read along with the frames behind it

PREAMBLE, HEADER, FIXED, PLACE, BODY, FILLED = 1, 2, 3, 4, 5, 6
# stage     | waits for                                  | then
# PREAMBLE  | magic and version                          | HEADER
# HEADER    | a frame's header                           | FIXED
# FIXED     | a small payload, or a group's descriptor   | HEADER, or PLACE for a group
# PLACE     | the handler to name memory for the body    | BODY
# BODY      | the body's bytes                           | FILLED
# FILLED    | the handler to take the body               | HEADER


class Reader:
    """`handler` gets `preamble(version)`, `begin(header)`, `frame(kind, payload)`, and for a group
    `group(header, descriptor)`, `place() -> memoryview | None`, `filled() -> bool`.

    None and False mean not now: the reader is `paused` until `resume`.
    """

    def __init__(self, handler):
        self.paused = False
        self._handler = handler
        self._buffer = memoryview(bytearray(READ_AHEAD))
        self._start = self._end = 0
        self._stage = PREAMBLE
        self._unit = PREAMBLE_SIZE
        self._sequence = 0
        self._header = None
        self._body = None
        self._filled = 0
        self._direct = False
        self._stopped = False

    def wanted(self) -> "memoryview | None":
        """Where the next bytes go; None while paused."""
        if self._stopped:
            return self._buffer
        if self.paused:
            return None
        self._direct = self._stage == BODY and len(self._body) - self._filled >= _DIRECT
        if self._direct:
            return self._body[self._filled :]
        self._make_room()
        return self._buffer[self._end :]

    def received(self, count: int) -> None:
        """`count` bytes were put at the start of `wanted()`. Raises ProtocolError."""
        if self._stopped:
            return
        if self._direct:
            self._filled += count
        else:
            self._end += count
        self._consume()

    def resume(self) -> None:
        """The handler may be asked again. Raises ProtocolError."""
        if self.paused:
            self.paused = False
            self._consume()

    def stop(self) -> None:
        """Whatever still comes is thrown away; no memory of the journal is written any more."""
        self._stopped = True
        self._body = None

    def _make_room(self) -> None:
        """Leaves room for a whole unit behind `_start`; what is moved is less than one unit."""
        if self._start == self._end:
            self._start = self._end = 0
        elif READ_AHEAD - self._start < MAX_FIXED:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest

    def _consume(self) -> None:
        while not self._stopped and self._step():
            pass

    def _step(self) -> bool:
        """False: nothing more can be done with what is here."""
        if self._stage == BODY:
            return self._fill()
        if self._stage == PLACE:
            return self._begin_body()
        if self._stage == FILLED:
            return self._end_body()
        if self._end - self._start < self._unit:
            return False
        view = self._buffer[self._start : self._start + self._unit]
        self._start += self._unit
        self._take(view)
        return True

    def _take(self, view) -> None:
        if self._stage == PREAMBLE:
            self._handler.preamble(unpack_preamble(view))
            self._expect(HEADER, HEADER_SIZE)
        elif self._stage == HEADER:
            self._header = FrameHeader(view, self._sequence)
            self._sequence = (self._sequence + 1) & 0xFFFFFFFF
            self._handler.begin(self._header)
            self._expect(FIXED, self._header.fixed_length)
        else:
            self._header.check(view)
            self._dispatch(view)

    def _expect(self, stage: int, unit: int) -> None:
        self._stage = stage
        self._unit = unit

    def _dispatch(self, view) -> None:
        if self._header.kind != GROUP:
            self._expect(HEADER, HEADER_SIZE)
            self._handler.frame(self._header.kind, view)
            return
        try:
            descriptor = Descriptor.unpack_from(view, 0)
        except Damaged as e:
            raise ProtocolError(str(e))
        self._handler.group(self._header, descriptor)
        self._stage = PLACE

    def _begin_body(self) -> bool:
        self._body = self._handler.place()
        self.paused = self._body is None
        self._filled = 0
        if not self.paused:
            self._stage = BODY
        return not self.paused

    def _fill(self) -> bool:
        count = min(len(self._body) - self._filled, self._end - self._start)
        if count:
            self._body[self._filled : self._filled + count] = self._buffer[self._start : self._start + count]
            self._filled += count
            self._start += count
        if self._filled < len(self._body):
            return False
        self._body = None
        self._stage = FILLED
        return True

    def _end_body(self) -> bool:
        self.paused = not self._handler.filled()
        if not self.paused:
            self._expect(HEADER, HEADER_SIZE)
        return not self.paused
