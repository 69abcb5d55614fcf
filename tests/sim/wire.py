"""The wire: connects two conversations, in any number of pieces, with any delay, and cuts where it likes.

Every connection is two pipes of bytes in flight. The scheduler picks one small step at a time: one end
sends a piece, one end takes a piece, one end notices that the other is gone.
"""

from firmware.errors import ProtocolError


class End:
    """One end of a connection: a conversation on one life of a board."""

    def __init__(self, conversation, board):
        self.conversation = conversation
        self.board = board
        self.peer = None
        self.incoming = bytearray()
        self.closing = False  # the other side sent its last byte
        self.severed = False  # the network under it is gone
        self.blind = False  # and it will only notice by its own time-outs
        self.open = True
        self.may_send = self.may_take = True
        self.poll_at = 0
        self.meter = None  # told of every byte
        conversation.wake = self.wake

    def wake(self) -> None:
        self.may_send = self.may_take = True
        self.poll_at = 0


class Connection:
    """Two Ends and what can happen between them. `capacity`: bytes in flight each way."""

    def __init__(self, random, left: End, right: End, capacity: int, piece: int, count):
        self._random, self._capacity, self._piece, self._count = random, capacity, piece, count
        self.ends = (left, right)
        left.peer, right.peer = right, left
        self.stalled_until = 0
        self.flip = 0.0  # odds that a piece arrives with a wrong bit: only where the scenario lies

    @property
    def open(self) -> bool:
        return self.ends[0].open or self.ends[1].open

    # Steps

    def steps(self, now: int) -> list:
        """What can happen now, as (kind, function, end)."""
        steps = []
        for end in self.ends:
            if not end.open:
                continue
            if end.poll_at is not None and end.poll_at <= now:
                steps.append(("poll", self.poll, end))
            if now < self.stalled_until:
                continue
            if end.severed and not end.blind and not (end.incoming and end.may_take):
                steps.append(("notice", self.notice, end))
            if end.may_send and (self._has_room(end) or end.conversation.finished):
                steps.append(("send", self.send, end))
            if end.may_take and (end.incoming or (end.closing and not end.severed)):
                steps.append(("take", self.take, end))
        return steps

    def next_time(self, now: int) -> list:
        """When something may happen that cannot happen now."""
        times = [end.poll_at for end in self.ends if end.open and end.poll_at is not None and end.poll_at > now]
        return times + [self.stalled_until] if self.stalled_until > now else times

    def poll(self, end: End, now: int) -> None:
        end.poll_at = end.conversation.poll(now)
        assert end.poll_at is None or end.poll_at > now, "a conversation wants to be polled in the past"
        end.may_send = end.may_take = True

    def send(self, end: End, now: int) -> None:
        """One end gives some of its outgoing bytes to the network."""
        data = end.conversation.outgoing()
        if data is None:
            end.may_send = False
            if end.conversation.finished:
                self.close(end)
            return
        if not self._has_room(end):
            end.may_send = False
            return
        try:
            piece = self._taken(end, data)
        except OSError:  # sendfile could not read the journal
            self._count("unreadable spans")
            self.close(end)
            return
        end.conversation.sent(len(piece))
        if end.meter is not None:
            end.meter.sent(piece, now)
        if end.severed or not end.peer.open:
            self._count("bytes sent into nothing", len(piece))
            end.severed = True  # nobody is there, and says so
        else:
            end.peer.incoming += self._damaged(piece)
        self._after_io(end, now)

    def take(self, end: End, now: int) -> None:
        """One end takes some of the bytes that wait for it, or learns that there are no more."""
        view = end.conversation.wanted()
        if view is None:
            end.may_take = False
            return
        assert len(view), "a conversation wants no bytes"
        length = min(len(end.incoming), len(view))
        if length:
            length = self._some(length)
            view[:length] = end.incoming[:length]
            del end.incoming[:length]
            end.peer.may_send = True
        else:
            end.closing = False
        if end.meter is not None:
            end.meter.received(length)
        try:
            end.conversation.received(length)
        except ProtocolError:
            self._count("protocol errors")
            self._last_words(end)
            return
        self._after_io(end, now)

    def notice(self, end: End, now: int) -> None:
        """One end learns that its network is gone."""
        self.drop(end)

    # Endings

    def cut(self, linger: float = 0.0) -> None:
        """The network is gone; part of what was in flight still arrives. Ends may linger unknowing."""
        self._count("link cuts")
        for end in self.ends:
            if end.incoming and self._random.random() < 0.7:
                self._count("half deliveries")
                del end.incoming[self._random.randrange(len(end.incoming) + 1) :]
            self.sever(end, linger)

    def sever(self, end: End, linger: float) -> None:
        """The network under one end is gone; it notices, or lingers until it finds the silence too long."""
        end.severed = True
        end.blind = self._random.random() < linger

    def close(self, end: End) -> None:
        """One end closes in good order: the other gets what is in flight, then the end of the stream."""
        self._gone(end)
        end.peer.closing = True

    def drop(self, end: End) -> None:
        """One end is gone without a word."""
        self._gone(end)

    def board_lost(self, end: End, linger: float) -> None:
        """The board of one end is gone: nobody is told anything there, the other end may learn it."""
        end.open = False
        self.sever(end.peer, linger)

    def _gone(self, end: End) -> None:
        if end.open:
            end.open = False
            end.conversation.lost()

    def _last_words(self, end: End) -> None:
        data = end.conversation.outgoing()
        if data is not None:
            piece = self._taken(end, data)
            end.conversation.sent(len(piece))
            end.peer.incoming += piece
        self.close(end)

    # Helpers

    def _has_room(self, end: End) -> bool:
        return end.severed or not end.peer.open or len(end.peer.incoming) < self._capacity

    def _after_io(self, end: End, now: int) -> None:
        end.may_send = end.may_take = True
        if end.open:
            end.poll_at = end.conversation.poll(now)

    def _taken(self, end: End, data) -> bytes:
        """Some bytes from the front of what an end has to send: from memory, or from its journal."""
        if hasattr(data, "position"):
            return end.board.read_span(data.position, self._some(data.length))
        return bytes(data[: self._some(len(data))])

    def _some(self, length: int) -> int:
        """At least one byte, often all, never more than a piece."""
        length = min(length, self._piece)
        return length if self._random.random() < 0.5 else self._random.randint(1, length)

    def _damaged(self, piece: bytes) -> bytes:
        if not self.flip or self._random.random() >= self.flip:
            return piece
        self._count("bits flipped on the wire")
        bit, data = self._random.randrange(len(piece) * 8), bytearray(piece)
        data[bit >> 3] ^= 1 << (bit & 7)
        return bytes(data)
