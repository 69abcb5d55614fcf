"""The primary's end: ships every durable group in order, keeps the wire full, remembers what is on its way."""

from collections import deque

from firmware.errors import Damaged, ProtocolError
from firmware.link import codec
from firmware.link.frames import HEADER_SIZE
from firmware.log.layout import DESCRIPTOR_SIZE, group_size

WINDOW_BYTES = 64 << 20
WINDOW_GROUPS = 4096
AHEAD = 2  # groups compressed or being compressed while another one is on the wire
SMALL = 16 << 10  # bytes; smaller bodies are copied together and sent at once
LEAST_PACKED = 512  # bytes; a smaller body is not worth the trouble
_HEADS = HEADER_SIZE + DESCRIPTOR_SIZE


class _Prepared:
    """A group that is ready to go, or being compressed (`pending`)."""

    def __init__(self, descriptor, point, body):
        self.descriptor = descriptor
        self.point = point
        self.body = body
        self.body_length = descriptor.body_length
        self.codec = codec.RAW
        self.pending = False


class Sender:
    """Part of a Link whose board is the primary; `link` is that conversation.

    `sent_number`, `received_number`, `durable_number`, `played_number` are group numbers: wholly with
    the transport, in the twin's memory, durable there, on its disk. The board calls `durable` and `close`.
    """

    def __init__(self, link, board, journal, start, lane, window_bytes: int):
        """`start` is the Point behind which the twin goes on; `lane` runs a Compressor, or is None."""
        self.link = link
        self.sent_number = self.received_number = self.durable_number = start.number
        self.played_number = 0
        self.durable_point = start
        self._board = board
        self._journal = journal
        self._lane = lane
        self._window_bytes = window_bytes
        self._next = start  # behind the last group prepared
        self.sent_point = start
        self._prepared = deque((), AHEAD)
        self._on_wire = []  # (point, body length, time) of what the writer holds
        self._flight = deque((), WINDOW_GROUPS)  # (point, body length, time) of groups sent and not durable there
        self._open_bytes = 0  # bodies prepared, on the wire and in flight
        self._lost = False
        self._window_full = False

    # From the board

    def durable(self, number: int) -> None:
        """Groups up to `number` are durable in our own journal and may be shipped."""
        self.link.wake()

    def room(self) -> None:
        """The journal has room again: only a twin's end waits for that."""

    def close(self) -> None:
        """Ends the link in good order."""
        self.link.close()

    @property
    def in_flight(self) -> int:
        """Groups sent that the twin has not acknowledged as durable."""
        return len(self._flight)

    @property
    def oldest_ms(self) -> "int | None":
        """Wall clock at which the first group that the twin has not acknowledged was closed; None: it is not here."""
        if self._flight:
            return self._flight[0][2]
        if self._on_wire:
            return self._on_wire[0][2]
        return self._prepared[0].descriptor.time_ms if self._prepared else None

    @property
    def waits_for_twin(self) -> bool:
        """Whether nothing more is sent until the twin has acknowledged some of it."""
        return self._window_full and not self._prepared and not self._on_wire

    # Out

    def next_frame(self, writer) -> bool:
        """Puts the next group into `writer`; False: nothing to send, the window is full, or it is not ready."""
        packing = self._lane is not None and self.link.packing
        if not packing and not self._prepared and self._batch(writer):
            return True
        self._prepare(AHEAD if packing else 1, packing)
        if not self._prepared or self._prepared[0].pending:
            return False
        group = self._prepared[0]
        if not self._pays(group.descriptor, group.point, _HEADS + group.body_length):
            return False
        self._prepared.popleft()
        self._on_wire = [(group.point, group.descriptor.body_length, group.descriptor.time_ms)]
        writer.group(group.descriptor, group.codec, group.body, group.body_length)
        if packing:
            self._prepare(AHEAD, True)
        return True

    def _batch(self, writer) -> bool:
        """Puts the small groups that come next, and are in memory, into one piece."""
        journal, batch, size = self._journal, self._on_wire, 0
        while self._next.number < journal.head.number:
            body = journal.resident_body(self._next.number + 1, SMALL)
            if body is None or not self._window_takes(len(body)):
                break
            descriptor = journal.peek(self._next)
            size += _HEADS + len(body)
            behind = journal.after(self._next, descriptor)
            if not self._pays(descriptor, behind, size) or not writer.add(descriptor, body):
                break
            self._next = behind
            self._open_bytes += len(body)
            batch.append((self._next, len(body), descriptor.time_ms))
        if batch:
            writer.end_batch()
        return bool(batch)

    def _pays(self, descriptor, behind, size: int) -> bool:
        """Whether a quota, where there is one, allows `size` bytes up to the end of that group, the point `behind`."""
        board, begin = self._board, behind.position - group_size(descriptor.body_length)
        return self.link.pace.takes(size, descriptor.number <= board.urgent, begin < board.must_go)

    def _prepare(self, count: int, packing: bool) -> None:
        while len(self._prepared) < count and self._next.number < self._journal.head.number:
            try:
                descriptor = self._journal.peek(self._next)
            except (Damaged, OSError) as e:
                self.link.unreadable(self._next.number + 1, e)
                return
            if not self._window_takes(descriptor.body_length):
                return
            span = self._journal.body_span(self._next, descriptor)
            self._next = self._journal.after(self._next, descriptor)
            self._open_bytes += descriptor.body_length
            group = _Prepared(descriptor, self._next, span)
            self._prepared.append(group)
            if packing and descriptor.body_length >= LEAST_PACKED:
                self._pack(group, span)

    def _window_takes(self, length: int) -> bool:
        """One group may always go, so that a window smaller than a group does not stop the log."""
        groups = len(self._flight) + len(self._prepared) + len(self._on_wire)
        fits = self._open_bytes + length <= self._window_bytes or not self._open_bytes
        self._window_full = not (fits and groups < WINDOW_GROUPS)
        return not self._window_full

    def _pack(self, group: _Prepared, span) -> None:
        group.pending = True

        def packed(result, error):
            group.pending = False
            span.unpin()
            if error is None and result is not None and not self._lost:
                group.body, group.body_length, group.codec = result, len(result), self.link.codec
            if not self._lost:
                self.link.wake()

        span.pin()
        self._lane.submit(packed, "compress", span, self.link.codec, self.link.level)

    def groups_sent(self, count: int) -> None:
        """The first `count` groups that the writer was given are wholly with the transport."""
        for point, length, time_ms in self._on_wire[:count]:
            self.sent_point, self.sent_number = point, point.number
            self._flight.append((point, length, time_ms))
            self.link.counters.raw_bytes += length
        self._on_wire = self._on_wire[count:]

    # In

    def acknowledged(self, received: int, durable: int, played: int) -> None:
        """Raises ProtocolError for what was never sent, or was already said to be further."""
        if not self.received_number <= received <= self.sent_number:
            raise ProtocolError("group %d is acknowledged, %d were sent" % (received, self.sent_number))
        if durable < self.durable_number or played < self.played_number:
            raise ProtocolError("an acknowledgement goes back to group %d" % durable)
        self.received_number, self.durable_number, self.played_number = received, durable, played
        while self._flight and self._flight[0][0].number <= durable:
            self.durable_point, length, _ = self._flight.popleft()
            self._open_bytes -= length
        self._board.acknowledged(received, self.durable_point)

    def called_damaged(self, number: int) -> None:
        """The twin found the body of a group damaged: is it here as well?"""
        if not self.durable_number < number <= self.sent_number:
            raise ProtocolError("group %d is called damaged and was not on its way" % number)
        self._board.suspect(number)

    def poll(self, now_ms: int) -> "int | None":
        return None

    def lost(self) -> None:
        """Nothing is prepared any more; what is still being compressed is thrown away."""
        self._lost = True
        self._prepared = deque((), AHEAD)
        self._on_wire = []
