"""Reads of an NBD client: from the volume straight into the ring of replies.

A read of up to one piece is one reply, sent when it is complete. A larger one is taken piece by piece as
the ring has room: with structured replies each piece is a chunk of its own, and a last chunk without
data says how it ended; a simple reply has no such end, so its pieces follow each other, nothing else is
answered in between, and a failure in the middle can only close the connection (proto.md, NBD_CMD_READ).
"""

import struct

from firmware.errors import VolumeError
from firmware.host.nbd import layout as nbd
from firmware.host.nbd.answers import MAX_IN_FLIGHT, ROOM, check_range, failure_of
from firmware.host.nbd.handshake import MAX_PAYLOAD

CHUNK_PIECE = 256 << 10
WHOLE_PIECE = 1 << 20  # the longest read that a simple or an unfragmented reply carries in one piece


class _Long:
    """A read of several pieces: `left` bytes from `offset` are not asked for yet, `pieces` are under way."""

    def __init__(self, cookie: int, offset: int, left: int):
        self.cookie = cookie
        self.offset = offset
        self.left = left
        self.pieces = 0
        self.failure = None
        self.started = False


class _Pending:
    """One read of the volume. It is made before the volume says whether it answers now, and used
    again as long as it does: so a read that is answered now makes no object."""

    __slots__ = ("reads", "cookie", "offset", "length", "long", "held", "callback")

    def __init__(self, reads):
        self.reads = reads
        self.callback = self._done

    def _done(self, error) -> None:
        self.callback = None  # it held us in a cycle
        self.reads.ended(self, error)


class Reads:
    """The reads of one connection. `long`: the one that takes more pieces; `broken`: a simple reply
    cannot be completed, so that the connection must end."""

    def __init__(self, volume, answers):
        self.long = None
        self.broken = False
        self._volume = volume
        self._answers = answers
        self._replies = answers.replies
        self._structured = answers.structured
        self._longest_whole = CHUNK_PIECE if answers.structured else WHOLE_PIECE
        self._spare = _Pending(self)

    def lose(self) -> None:
        """The connection is gone."""
        self._replies = self._spare = None

    def begin(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        """Takes a READ; the caller has seen that ROOM fits. False: not now, try again."""
        answers = self._answers
        if answers.in_flight >= MAX_IN_FLIGHT:
            return False
        if not flags and 0 < length <= self._longest_whole:  # the hot path; the volume checks the range
            return self._read(cookie, offset, length, None)
        failure = self._refusal(flags, offset, length)
        if failure is not None or not length:
            answers.answer(cookie, failure, True)
            return True
        if length <= (WHOLE_PIECE if flags & nbd.CMD_FLAG_DF else self._longest_whole):
            return self._read(cookie, offset, length, None)
        self.long = _Long(cookie, offset, length)
        return True

    def _refusal(self, flags: int, offset: int, length: int):
        allowed = nbd.CMD_FLAG_FUA | (nbd.CMD_FLAG_DF if self._structured else 0)
        if flags & ~allowed:
            return nbd.EINVAL, "a read with a flag that is not known here"
        if length > MAX_PAYLOAD:
            return nbd.EINVAL, "a read of more than 32 MiB"
        if flags & nbd.CMD_FLAG_DF and length > WHOLE_PIECE:
            return nbd.EOVERFLOW, "a read of more than 1 MiB cannot go unfragmented"
        try:
            check_range(self._volume.size, offset, length)
        except VolumeError as error:
            return failure_of(error, nbd.EINVAL)
        return None

    def go_on(self) -> bool:
        """Asks for more pieces of the long read. True: all are asked for; False: not now, try again."""
        return self._go_on_chunks() if self._structured else self._go_on_simple()

    def _go_on_chunks(self) -> bool:
        long = self.long
        while long.left and long.failure is None:
            if self._answers.in_flight >= MAX_IN_FLIGHT or not self._next_piece(long):
                return False
        if not long.pieces and not self._replies.fits(ROOM):
            return False
        self.long = None
        if not long.pieces:
            self._answers.answer(long.cookie, long.failure, True)
        return True

    def _go_on_simple(self) -> bool:
        long = self.long
        if not long.started:
            if self._answers.in_flight or not self._replies.fits(ROOM):
                return False
            self._answers.answer(long.cookie)
            long.started = True
        while long.left and long.failure is None and not long.pieces:
            if not self._next_piece(long):
                return False
        if long.pieces:
            return False
        self.broken = long.failure is not None
        self.long = None
        return True

    def _next_piece(self, long: _Long) -> bool:
        length = min(long.left, self._longest_whole)
        if not self._read(long.cookie, long.offset, length, long):
            return False
        long.offset += length
        long.left -= length
        return True

    def _read(self, cookie: int, offset: int, length: int, long) -> bool:
        replies = self._replies
        front = nbd.DATA_CHUNK_SIZE if self._structured else nbd.SIMPLE_SIZE if long is None else 0
        if not replies.fits(front + length):
            return False
        at = replies.tail
        pending = self._spare
        try:
            if self._volume.read(offset, replies.view[at + front : at + front + length], pending.callback):
                self._put_header(at, cookie, offset, length, long)
                replies.tail = at + front + length
                return True
        except VolumeError as error:
            self._fail(cookie, failure_of(error, nbd.EINVAL), long)
            return True
        pending.cookie, pending.offset, pending.length, pending.long = cookie, offset, length, long
        pending.held = replies.hold(front + length)
        self._spare = _Pending(self)
        self._answers.in_flight += 1
        if long is not None:
            long.pieces += 1
        return True

    def _put_header(self, at: int, cookie: int, offset: int, length: int, long) -> None:
        if self._structured:
            head = nbd.LAST_DATA if long is None else nbd.MORE_DATA
            struct.pack_into(nbd.DATA_CHUNK, self._replies.buffer, at, head, cookie, length + 8, offset)
        elif long is None:
            struct.pack_into(nbd.SIMPLE, self._replies.buffer, at, nbd.SIMPLE_OK, cookie)

    def _fail(self, cookie: int, failure: tuple, long) -> None:
        if long is None:
            self._answers.answer(cookie, failure, True)
        else:
            long.failure = failure

    def ended(self, pending: _Pending, error) -> None:
        """The volume has filled the piece, or failed to."""
        answers, long, held = self._answers, pending.long, pending.held
        answers.in_flight -= 1
        if answers.lost:
            return
        failure = failure_of(error, nbd.EINVAL)
        if failure is None:
            self._put_header(held.start, pending.cookie, pending.offset, pending.length, long)
            self._replies.ready(held, held.end)
        elif long is None:
            self._replies.ready(held, held.start + answers.put_failure(held.start, pending.cookie, failure))
        else:
            long.failure = failure
            self._replies.drop(held)
        if long is not None:
            self._end_piece(long)
        answers.resumed()

    def _end_piece(self, long: _Long) -> None:
        long.pieces -= 1
        if long is not self.long and not long.pieces:
            self._answers.in_flight += 1
            self._answers.end(long.cookie, long.failure, True)
