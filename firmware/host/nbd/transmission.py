"""The transmission of NBD: requests in, commands on the volume, answers out.

A write is handed to the volume straight from the receive buffer. One of more than 1 MiB goes on in
pieces as they arrive. Flushes and FUA writes that came together share one flush of the volume.
"""

import struct

from firmware.errors import ProtocolError, VolumeError
from firmware.host.nbd import layout as nbd
from firmware.host.nbd.answers import MAX_IN_FLIGHT, ROOM, Answers, check_range, failure_of
from firmware.host.nbd.handshake import CONTEXT_ID, MAX_PAYLOAD
from firmware.host.nbd.layout import PLAIN_READ, PLAIN_WRITE, REQUEST, REQUEST_SIZE, SIMPLE, SIMPLE_OK, SIMPLE_SIZE
from firmware.host.nbd.reads import Reads

MAX_PIECE = 1 << 20  # the largest write that the volume takes at once; no group splits it
_MAX_EXTENTS = 1024
_UNKNOWN_FLAG = (nbd.EINVAL, "a request with a flag that is not known here")


class _Failed(Exception):
    """A request is answered with an error, (errno, sentence); the connection goes on."""


class _Payload:
    """The data of a WRITE from where it was taken so far; with a `failure` they are received and forgotten."""

    def __init__(self, flags: int, cookie: int, offset: int, left: int):
        self.flags = flags
        self.cookie = cookie
        self.offset = offset
        self.left = left
        self.failure = None


class Transmission:
    """Parses requests out of `view` and answers them into `replies`.

    `need`: so many bytes from the returned start on must be there to go on. `blocked`: it goes on without
    more bytes, as soon as the ring has room, the volume has room or something in flight has ended;
    `resumed` is called when that happens. `aborted`: nothing more is taken from the client.
    """

    def __init__(self, volume, view, replies, structured: bool, context: bool, resumed):
        self.need = REQUEST_SIZE
        self.blocked = False
        self.done = False
        self.aborted = False
        self.answers = Answers(replies, structured, resumed)
        self._volume = volume
        self._view = view
        self._replies = replies
        self._context = structured and context
        self._reads = Reads(volume, self.answers)
        self._payload = None
        self._to_flush = []
        self._waits_for_room = False
        self._no_room = None  # the VolumeError with which the wait for room ended
        self._actions = {
            nbd.CMD_FLUSH: (self._flush, nbd.CMD_FLAG_FUA),
            nbd.CMD_TRIM: (self._trim, nbd.CMD_FLAG_FUA),
            nbd.CMD_WRITE_ZEROES: (
                self._write_zeroes,
                nbd.CMD_FLAG_FUA | nbd.CMD_FLAG_NO_HOLE | nbd.CMD_FLAG_FAST_ZERO,
            ),
            nbd.CMD_BLOCK_STATUS: (self._block_status, nbd.CMD_FLAG_FUA | nbd.CMD_FLAG_REQ_ONE),
        }

    def lost(self) -> None:
        """The connection is gone: gives the buffers back; what is in flight ends unanswered."""
        self.answers.lose()
        self._reads.lose()
        self._view = self._replies = None

    def parse(self, start: int, end: int) -> int:
        """Takes what it can of the bytes from `start` to `end`; returns the new start."""
        while True:
            self.blocked = self._waits_for_room or (bool(self.answers.late) and not self.answers.answer_late())
            if not self.blocked:
                start = self._parse(start, end)
            if not self._to_flush:
                return start
            self._flush_volume()
            if not self.blocked:
                return start

    def _parse(self, start: int, end: int) -> int:
        volume, view, replies = self._volume, self._view, self._replies
        unpack_from, pack_into = struct.unpack_from, struct.pack_into
        while not self.aborted:
            if self._payload is not None or self._reads.long is not None:
                start = self._go_on(start, end)
                if self.blocked or self._payload is not None:
                    break
                continue
            if not replies.fits(ROOM):
                self.blocked = True
                break
            if end - start < REQUEST_SIZE:
                self.need = REQUEST_SIZE
                break
            head, cookie, offset, length = unpack_from(REQUEST, view, start)
            data = start + REQUEST_SIZE
            if head == PLAIN_WRITE and data + length <= end and length <= MAX_PIECE and self._no_room is None:
                # The hot path: a write that has arrived whole.
                try:
                    if volume.write(offset, view[data : data + length]):
                        pack_into(SIMPLE, replies.buffer, replies.tail, SIMPLE_OK, cookie)
                        replies.tail += SIMPLE_SIZE
                        start = data + length
                        continue
                    self._wait_for_room()
                except VolumeError as error:
                    self.answers.answer(cookie, failure_of(error))
                    start = data + length
            elif head == PLAIN_READ:
                if self._reads.begin(0, cookie, offset, length):
                    start = data
                else:
                    self.blocked = True
            elif self._request(head, cookie, offset, length):
                start = data
            if self.blocked:
                break
        return start

    def _request(self, head: int, cookie: int, offset: int, length: int) -> bool:
        """Any request. Whether it was taken; else it is tried again."""
        if head >> 32 != nbd.REQUEST_MAGIC:
            raise ProtocolError("an NBD request does not begin with its magic number")
        flags, command = head >> 16 & 0xFFFF, head & 0xFFFF
        if command == nbd.CMD_DISC:
            self.aborted = True
            return True
        if self.answers.in_flight + len(self._to_flush) >= MAX_IN_FLIGHT:
            taken = False
        elif command == nbd.CMD_WRITE:
            taken = self._begin_write(flags, cookie, offset, length)
        elif command == nbd.CMD_READ:
            taken = self._reads.begin(flags, cookie, offset, length)
        else:
            return self._act(command, flags, cookie, offset, length)
        self.blocked = not taken
        return taken

    # Writes

    def _begin_write(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        self._payload = payload = _Payload(flags, cookie, offset, length)
        if flags & ~nbd.CMD_FLAG_FUA:
            payload.failure = _UNKNOWN_FLAG
        elif length > MAX_PAYLOAD:
            payload.failure = nbd.EINVAL, "a write of more than 32 MiB"
        else:
            try:
                check_range(self._volume.size, offset, length)
            except VolumeError as error:
                payload.failure = failure_of(error)
        return True

    def _go_on(self, start: int, end: int) -> int:
        """Goes on with the request that is taken in pieces."""
        if self._payload is not None:
            return self._receive(start, end)
        self.blocked = not self._reads.go_on()
        self.aborted = self._reads.broken
        return start

    def _receive(self, start: int, end: int) -> int:
        payload = self._payload
        while payload.left:
            if payload.failure is None:
                size = min(payload.left, MAX_PIECE)
                if end - start < size:
                    self.need = size
                    return start
                if not self._write_piece(payload, start, size):
                    if self.blocked:
                        return start
                    continue
            else:
                size = min(payload.left, end - start)
                if not size:
                    self.need = 1
                    return start
            payload.left -= size
            start += size
        if self._replies.fits(ROOM):
            self._payload = None
            self._end_write(payload.flags, payload.cookie, payload.failure)
        else:
            self.blocked = True
        return start

    def _write_piece(self, payload: _Payload, start: int, size: int) -> bool:
        """Whether the volume took the piece; else it waits for room, or the payload has failed."""
        try:
            self._check_room()
            if self._volume.write(payload.offset, self._view[start : start + size]):
                payload.offset += size
                return True
            self._wait_for_room()
        except VolumeError as error:
            payload.failure = failure_of(error)
        return False

    def _end_write(self, flags: int, cookie: int, failure=None) -> None:
        if failure is None and flags & nbd.CMD_FLAG_FUA:
            self._to_flush.append(cookie)
        else:
            self.answers.answer(cookie, failure)

    # Waiting for room in the volume

    def _wait_for_room(self) -> None:
        self._waits_for_room = True
        self._volume.wait_for_room(self._room)
        self.blocked = self._waits_for_room

    def _room(self, error) -> None:
        self._waits_for_room = False
        self._no_room = error
        self.answers.resumed()

    def _check_room(self) -> None:
        error, self._no_room = self._no_room, None
        if error is not None:
            raise error

    # Requests without a payload

    def _act(self, command: int, flags: int, cookie: int, offset: int, length: int) -> bool:
        action, allowed = self._actions.get(command, (None, 0))
        try:
            if action is None:
                raise _Failed(nbd.EINVAL, "command %d is not known here" % command)
            if flags & ~allowed:
                raise _Failed(*_UNKNOWN_FLAG)
            self._check_room()
            return action(flags, cookie, offset, length)
        except VolumeError as error:
            beyond_end = nbd.ENOSPC if command == nbd.CMD_WRITE_ZEROES else nbd.EINVAL
            self.answers.answer(cookie, failure_of(error, beyond_end))
        except _Failed as failed:
            self.answers.answer(cookie, failed.args)
        return True

    def _flush(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        self._to_flush.append(cookie)
        return True

    def _flush_volume(self) -> None:
        cookies, self._to_flush = self._to_flush, []
        answers = self.answers
        answers.in_flight += len(cookies)

        def flushed(error) -> None:
            failure = failure_of(error)
            for cookie in cookies:
                answers.end(cookie, failure)
            answers.resumed()

        try:
            self._volume.flush(flushed)
        except VolumeError as error:
            flushed(error)

    def _trim(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        return self._zero(flags, cookie, offset, length, True, self._volume.trims)

    def _write_zeroes(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        """Always fast: a range of zeroes is one record, however long it is."""
        trim = self._volume.trims and not flags & nbd.CMD_FLAG_NO_HOLE
        return self._zero(flags, cookie, offset, length, trim, True)

    def _zero(self, flags: int, cookie: int, offset: int, length: int, trim: bool, is_wanted: bool) -> bool:
        check_range(self._volume.size, offset, length)
        if is_wanted and length and not self._volume.zero(offset, length, trim):
            self._wait_for_room()
            return False
        self._end_write(flags, cookie)
        return True

    def _block_status(self, flags: int, cookie: int, offset: int, length: int) -> bool:
        if not self._context or not length:
            raise _Failed(nbd.EINVAL, "a block status without base:allocation, or of no bytes")
        check_range(self._volume.size, offset, length)
        if not self._replies.fits(nbd.CHUNK_SIZE + 4 + nbd.EXTENT_SIZE * _MAX_EXTENTS):
            self.blocked = True
            return False
        extents = self._volume.block_status(offset, length) or [(length, True)]
        extents = _extents(extents, length, 1 if flags & nbd.CMD_FLAG_REQ_ONE else _MAX_EXTENTS)
        replies = self._replies
        replies.tail += nbd.pack_block_status(replies.buffer, replies.tail, cookie, CONTEXT_ID, extents)
        return True


def _extents(extents: list, length: int, most: int) -> list:
    """[(length, flags)] of at most `most` extents and `length` bytes, neighbours of one kind as one."""
    found = []
    for size, allocated in extents:
        size = min(size, length)
        length -= size
        flags = 0 if allocated else nbd.STATE_HOLE | nbd.STATE_ZERO
        if found and found[-1][1] == flags:
            found[-1] = (found[-1][0] + size, flags)
        elif size and len(found) < most:
            found.append((size, flags))
        elif size:
            break
    return found
