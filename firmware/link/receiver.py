"""The twin's end: takes groups in exactly their order and says what is received, durable and played."""

from firmware.errors import ProtocolError
from firmware.link import codec, frames
from firmware.link.greeting import PROMPT
from firmware.log.layout import DESCRIPTOR_SIZE

PLAYED_EVERY_MS = 200  # nothing waits for this number; it travels with others or seldom


class Receiver:
    """Part of a Link whose board is the twin; `link` is that conversation.

    The board calls `durable`, `played`, `room`, `damaged` and `close`.
    """

    def __init__(self, link, journal, point: tuple, generation: int):
        """`point` is the (number, chain) that both agreed on, `generation` the primary's."""
        self.link = link
        self.received_number, self._chain = point
        self.durable_number = self.received_number
        self.played_number = 0
        self._journal = journal
        self._generation = generation
        self._prompt = bool(link.peer.capabilities & PROMPT)  # else a group is acknowledged once it is durable
        self._oldest_generation = 0
        self._descriptor = None
        self._codec = codec.RAW
        self._packed = memoryview(b"")
        self._packed_length = 0
        self._ack_due = True
        self._played_due = False
        self._played_due_ms = None

    # From the board

    def durable(self, number: int) -> None:
        """Groups up to `number` are durable here. Calls add up to one ACK when the wire is free."""
        if number > self.durable_number:
            self.durable_number = number
            self._ack_due = True
            self.link.wake()

    def played(self, number: int) -> None:
        """Groups up to `number` are on the disk."""
        if number > self.played_number:
            self.played_number = number
            if not self._played_due:
                self._played_due = True
                self.link.wake()

    def room(self) -> None:
        """`journal.reserve` may succeed again."""
        self.link.resume()

    def damaged(self, number: int) -> None:
        """The body of group `number` was not what the primary sealed; nothing of it was written."""
        sentence = "group %d arrived damaged; it will be sent again" % number
        self.link.fail(frames.DAMAGED, number, sentence)

    def close(self) -> None:
        """Ends the link in good order."""
        self.link.close()

    # From the link

    def group(self, header, descriptor) -> None:
        """A group begins. Raises ProtocolError unless it is the next one of the agreed log."""
        self._check_order(descriptor)
        self._check_length(header, descriptor)
        self._descriptor = descriptor
        self._codec = header.codec
        self._packed_length = header.length - DESCRIPTOR_SIZE

    def _check_order(self, descriptor) -> None:
        if descriptor.number != self.received_number + 1 or descriptor.previous_chain != self._chain:
            raise ProtocolError("group %d does not follow group %d" % (descriptor.number, self.received_number))
        # A backlog may begin in an older generation, but time does not run backwards in a log.
        if not self._oldest_generation <= descriptor.generation <= self._generation:
            raise ProtocolError("group %d is of generation %d" % (descriptor.number, descriptor.generation))

    def _check_length(self, header, descriptor) -> None:
        length = header.length - DESCRIPTOR_SIZE
        if header.codec == codec.RAW:
            fits = length == descriptor.body_length
        else:
            offered = header.codec < len(codec.NAMES) and codec.NAMES[header.codec] in codec.unpackable()
            fits = offered and length < descriptor.body_length
        if not fits:
            raise ProtocolError("group %d has %d bytes in codec %d" % (descriptor.number, length, header.codec))

    def place(self) -> "memoryview | None":
        """Where the body's bytes go: the journal's memory, or for a compressed one a buffer of ours."""
        if self._codec == codec.RAW:
            return self._journal.reserve(self._descriptor)
        if len(self._packed) < self._packed_length:
            self._packed = memoryview(bytearray(self._packed_length))
        return self._packed[: self._packed_length]

    def filled(self) -> bool:
        """The body is here; False: a compressed one finds no room in the journal now."""
        descriptor = self._descriptor
        if self._codec != codec.RAW:
            body = self._journal.reserve(descriptor)
            if body is None:
                return False
            codec.unpack_into(self._codec, self._packed[: self._packed_length], body)
        self.received_number = descriptor.number
        self._chain = descriptor.chain
        self._oldest_generation = descriptor.generation
        if self._prompt:
            self._ack_due = True
        self._journal.append_received(descriptor)
        return True

    def next_frame(self, writer) -> bool:
        """Puts an ACK into `writer` when there is something to say."""
        if not self._ack_due:
            return False
        self._ack_due = self._played_due = False
        self._played_due_ms = None
        numbers = self.received_number, self.durable_number, min(self.played_number, self.durable_number)
        writer.control(frames.ACK, frames.pack_ack(writer.buffer, frames.HEADER_SIZE, *numbers))
        return True

    def poll(self, now_ms: int) -> "int | None":
        if not self._played_due:
            return None
        if self._played_due_ms is None:
            self._played_due_ms = now_ms + PLAYED_EVERY_MS
        if now_ms < self._played_due_ms:
            return self._played_due_ms
        self._ack_due = True
        return None

    def lost(self) -> None:
        """Lets go of the journal's memory; called once, before anything else may reserve."""
        self._journal.forget_received()
