"""The two bulk endpoints of the disk: FunctionFS files, driven by asynchronous I/O from the loop."""

import fcntl
import os
import struct
from errno import EAGAIN, EBADMSG, ENOBUFS, ENODEV, ENOMEM, ESHUTDOWN

_ENDPOINT_DESC = 0x80096782  # ioctl FUNCTIONFS_ENDPOINT_DESC: the descriptor at the speed of now (USB 2.0, 9.6.6)
_GONE = (ESHUTDOWN, ENODEV, EAGAIN)  # the host took the configuration back, or went away itself
# One request to the controller, whose memory the kernel wants in one piece: seldom to be had larger than this.
_LARGEST_REQUEST = 128 << 10
_SMALLEST_REQUEST = 32 << 10
_HALT_TRIES = 100
_HALT_PAUSE_MS = 2
_DROPPED_PAUSE_MS = 2
DEPTH = 128  # requests: on each pipe a window of 1 MiB in the smallest pieces, and the wrappers around it
_MOST_REQUESTS = DEPTH // 2


class _Transfer:
    """A transfer under way, in requests that follow each other."""

    def __init__(self, requests: int, is_watched: bool):
        self.requests = requests
        self.is_watched = is_watched
        self.moved = 0


class _Pipe:
    """One endpoint, its transfers in order. `report(count)` at the end of each, `fail(errno)` when one failed."""

    def __init__(self, aio, is_out: bool, descriptor: int, report, fail):
        self.descriptor = descriptor
        self.limit = _LARGEST_REQUEST
        self._aio = aio
        self._is_out = is_out  # then any request may be the last, with a short packet
        self._queue = aio.read if is_out else aio.write
        self._report = report
        self._fail = fail
        self._waiting = []  # (view, is_watched) of transfers that have no requests yet
        self._transfers = []
        self._requests = []  # (number, length), in flight
        self.dropped = 0  # requests still in flight that nobody waits for

    def add(self, view, is_watched: bool) -> None:
        self._waiting.append((view, is_watched))

    def fill(self) -> None:
        """Makes requests of what waits. Not before those that were dropped are back: their data could come into
        memory that is used again."""
        if self.dropped or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        limit = self.limit
        for view, is_watched in waiting:
            length = len(view)
            last = max(0, length - 1) // limit
            if len(self._requests) + last >= _MOST_REQUESTS:  # a host that goes on and never takes its answers
                self._fail(ENOBUFS)
                return
            self._transfers.append(_Transfer(last + 1, is_watched))
            for index in range(last):
                self._request(view[index * limit : (index + 1) * limit], self._is_out)
            self._request(view[last * limit :] if last else view, is_watched)

    def _request(self, view, is_watched: bool) -> None:
        number = self._queue(self.descriptor, view, self._ended, not is_watched)
        self._requests.append((number, len(view)))

    def _ended(self, number: int, result: int) -> None:
        if self.dropped:
            self.dropped -= 1
            if not self.dropped:
                self.fill()
                self._aio.submit()
            return
        length = self._take(number)
        if result < 0:
            if result == -ENOMEM:
                self.limit = max(self.limit // 2, _SMALLEST_REQUEST)
            self._fail(-result)
            return
        transfer = self._transfers[0]
        transfer.moved += result
        transfer.requests -= 1
        if not transfer.requests:
            self._transfers.pop(0)
            if transfer.is_watched:
                self._report(transfer.moved)
        elif result < length:  # a short packet ends the transfer before its other requests
            self.drop()
            self._report(transfer.moved)

    def _take(self, number: int) -> int:
        """The length of a request that ended. They end in order but for one that the system did not take."""
        for place, (its_number, length) in enumerate(self._requests):
            if its_number == number:
                del self._requests[place]
                return length
        raise KeyError(number)

    def drop(self) -> None:
        """Nothing of what is under way is reported any more."""
        requests, self._requests = self._requests, []
        self._transfers, self._waiting = [], []
        self.dropped += len(requests)
        for number, _ in requests:
            self._aio.cancel(number)

    def close(self) -> None:
        os.close(self.descriptor)


class Endpoints:
    """Bulk IN and bulk OUT as the transport takes them (firmware/host/bot.py): views to send and to fill.

    `bulk_in` and `bulk_out` are descriptors of FunctionFS endpoint files, open for non-blocking I/O. The owner sets
    `bot`.
    """

    def __init__(self, loop, aio, bulk_in: int, bulk_out: int):
        self.bot = None
        self._loop = loop
        self._aio = aio
        self._in = _Pipe(aio, False, bulk_in, self._sent, self._failed)
        self._out = _Pipe(aio, True, bulk_out, self._received, self._failed)
        self._halting = 0  # so many times it was asked for; an older one does not try on

    def max_packet(self) -> int:
        """wMaxPacketSize at the speed of now; 0 when the host has not configured the device."""
        descriptor = bytearray(9)
        try:
            fcntl.ioctl(self._out.descriptor, _ENDPOINT_DESC, descriptor)
        except OSError:
            return 0
        return struct.unpack_from("<H", descriptor, 4)[0]

    def receive(self, view) -> None:
        """The next bytes from the host go into `view`; ends when it is full or with a short packet."""
        self._out.add(view, True)

    def send(self, view, is_watched: bool) -> None:
        """`view` goes to the host, where it is empty as a packet of length zero. The end of one that is not watched
        is not worth waking up for: the host's next command is soon here."""
        self._in.add(view, is_watched)
        if not is_watched and len(view) > _SMALLEST_REQUEST:  # what gets no memory ends at once, and the host waits
            self._loop.soon(self._aio.reap)

    def submit(self) -> None:
        """Starts what was queued."""
        self._in.fill()
        self._out.fill()
        self._aio.submit()

    def halt(self) -> None:
        """Stalls both endpoints until the host clears that."""
        self._halting += 1
        self._try_to_halt(self._halting, [self._in.descriptor, self._out.descriptor], _HALT_TRIES)

    def _try_to_halt(self, number: int, descriptors: list, tries: int) -> None:
        if number != self._halting:
            return
        left = [descriptor for descriptor in descriptors if not self._is_halted(descriptor)]
        if left and tries:  # what was sent before has to leave first
            self._loop.call_after(_HALT_PAUSE_MS, self._try_to_halt, number, left, tries - 1)

    def _is_halted(self, descriptor: int) -> bool:
        """FunctionFS halts an endpoint on I/O in the wrong direction, and says EBADMSG when it did."""
        try:
            if descriptor == self._in.descriptor:
                os.read(descriptor, 1)
            else:
                os.write(descriptor, b"0")
        except OSError as error:
            return error.errno in (EBADMSG, ESHUTDOWN, ENODEV)
        return False

    def drop(self) -> None:
        """Forgets all that is under way."""
        self._halting += 1
        self._in.drop()
        self._out.drop()
        self._await_dropped()

    def _await_dropped(self) -> None:
        """Some of them wake nobody."""
        self._aio.reap()
        if self._in.dropped or self._out.dropped:
            self._loop.call_after(_DROPPED_PAUSE_MS, self._await_dropped)

    def close(self) -> None:
        """Gives the files back; `aio` was closed before."""
        self._in.close()
        self._out.close()

    def _sent(self, count: int) -> None:
        self.bot.sent(count)

    def _received(self, count: int) -> None:
        self.bot.received(count)

    def _failed(self, error: int) -> None:
        self.bot.lost(error in _GONE)
