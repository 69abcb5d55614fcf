"""Answers to NBD requests: which error a client is told, in which form, and what is still owed to it."""

import struct

from firmware.errors import VolumeError
from firmware.host.nbd import layout as nbd

MAX_IN_FLIGHT = 128  # requests, and pieces of large reads, that are answered later
ROOM = 1024  # in the ring for any answer without data

_ALIGNMENT = 511
_ERRNO = {
    VolumeError.BEYOND_END: nbd.ENOSPC,
    VolumeError.UNALIGNED: nbd.EINVAL,
    VolumeError.READ_ONLY: nbd.EPERM,
    VolumeError.FULL: nbd.ENOSPC,
    VolumeError.UNCONFIRMED: nbd.EIO,
    VolumeError.FAILED: nbd.EIO,
}


def failure_of(error, beyond_end: int = nbd.ENOSPC):
    """(errno, sentence) for a VolumeError, None for none. Which errno stands for a range beyond the
    end depends on the command (proto.md, "Error values")."""
    if error is None:
        return None
    if error.reason == VolumeError.BEYOND_END:
        return beyond_end, str(error)
    return _ERRNO[error.reason], str(error)


def check_range(size: int, offset: int, length: int) -> None:
    """Raises VolumeError when the range is not one of whole sectors of a disk of `size` bytes."""
    if (offset | length) & _ALIGNMENT:
        raise VolumeError(VolumeError.UNALIGNED)
    if offset + length > size:
        raise VolumeError(VolumeError.BEYOND_END)


class Answers:
    """Writes answers into `replies`. `in_flight` counts what is still to be answered;
    `resumed` is called after something that was in flight has ended."""

    def __init__(self, replies, structured: bool, resumed):
        self.replies = replies
        self.structured = structured
        self.resumed = resumed
        self.in_flight = 0
        self.lost = False
        self.late = []  # (cookie, failure, is_read) of what ended while the ring was full

    def lose(self) -> None:
        """There is nobody to answer any more. The ring is let go of by hand, here and in the others who know
        it: they all know each other, and so much memory should not wait for the garbage collector."""
        self.lost = True
        self.replies = None

    def answer(self, cookie: int, failure=None, is_read: bool = False) -> None:
        """Answers now, without data; the caller has seen that ROOM fits. `failure` is (errno, sentence)."""
        replies = self.replies
        if failure is not None:
            replies.tail += self.put_failure(replies.tail, cookie, failure)
        elif is_read and self.structured:
            nbd.pack_chunk(replies.buffer, replies.tail, nbd.REPLY_FLAG_DONE, nbd.REPLY_TYPE_NONE, cookie, 0)
            replies.tail += nbd.CHUNK_SIZE
        else:
            struct.pack_into(nbd.SIMPLE, replies.buffer, replies.tail, nbd.SIMPLE_OK, cookie)
            replies.tail += nbd.SIMPLE_SIZE

    def put_failure(self, at: int, cookie: int, failure: tuple) -> int:
        """Writes an error reply into the ring; returns its length, at most MAX_ERROR_SIZE."""
        if self.structured:
            return nbd.pack_error_chunk(self.replies.buffer, at, cookie, failure[0], failure[1])
        return nbd.pack_simple_error(self.replies.buffer, at, cookie, failure[0])

    def end(self, cookie: int, failure=None, is_read: bool = False) -> None:
        """Answers what was in flight, as soon as the ring has room."""
        if self.lost:
            self.in_flight -= 1
        elif self.replies.fits(ROOM):
            self.in_flight -= 1
            self.answer(cookie, failure, is_read)
        else:
            self.late.append((cookie, failure, is_read))

    def answer_late(self) -> bool:
        """Whether all late answers are on their way now."""
        while self.late:
            if not self.replies.fits(ROOM):
                return False
            self.in_flight -= 1
            self.answer(*self.late.pop(0))
        return True
