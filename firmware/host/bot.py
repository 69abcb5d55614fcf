"""The device side of USB Mass Storage Class, Bulk-Only Transport 1.0: bytes of two bulk endpoints in and out.

A command is a command block wrapper (CBW) from the host, data in one direction or none, and a command
status wrapper (CSW) to the host. What the host expects and what the device intends are compared before any
data move (section 6.7, the thirteen cases). Nothing is stalled but after a CBW that is not valid: less data than
the host expects end with a short packet, more than the device wants are received and forgotten, and the
residue says so. Some controllers lose data around a stall, and no host needs one.
"""

import struct

from firmware.host.scsi.task import FROM_HOST, GOOD, TO_HOST

_CBW = "<IIIBBB"  # section 5.1: dCBWSignature, dCBWTag, dCBWDataTransferLength, bmCBWFlags, bCBWLUN, bCBWCBLength
_CBW_SIZE = 31
_CBW_SIGNATURE = 0x43425355
_CB_OFFSET = 15
_IN = 0x80  # of bmCBWFlags; the other bits are reserved
_MAX_LUN = 15
_MAX_CB = 16

_CSW = "<IIIB"  # section 5.2: dCSWSignature, dCSWTag, dCSWDataResidue, bCSWStatus
CSW_SIZE = 13
_CSW_SIGNATURE = 0x53425355
PASSED, FAILED, PHASE_ERROR = 0, 1, 2

MAX_PACKET = 1024  # the largest wMaxPacketSize of a bulk endpoint
_DRAIN = 64 << 10

# What the machine waits for.
_OFF = 0  # a session: the host has not configured the device
_COMMAND = 1  # a CBW
_TASK = 2  # the task: room, the medium, a flush
_DATA_OUT = 3  # a window of data from the host
_DATA_IN = 4  # the host to have taken a window
_DRAINING = 5  # data that nobody wants
_BROKEN = 6  # reset recovery, both endpoints are stalled (section 6.6.1)


class Bot:
    """Runs `task`, one command at a time, for the host behind `endpoints`.

    `endpoints.receive(view)` and `endpoints.send(view, is_watched)` queue a transfer, an empty view is a packet of
    length zero; `submit()` starts what is queued. One from the host ends in received(count), one to the host in
    sent(count) if it is watched; either may be lost(). `halt()` stalls both endpoints, `drop()` forgets what is in
    flight: nothing of it is reported any more.
    """

    def __init__(self, task, units, endpoints):
        self._task = task
        self._units = units
        self._endpoints = endpoints
        self._stage = _OFF
        self._packet = memoryview(bytearray(MAX_PACKET))  # a CBW, or what a host sends instead
        self._waste = memoryview(bytearray(_DRAIN))
        self._csw = memoryview(bytearray(CSW_SIZE))
        self._max_packet = MAX_PACKET
        self._tag = 0
        self._expected = 0  # bytes: dCBWDataTransferLength
        self._to_host = False
        self._moved = 0  # bytes that the device sent or took, the residue is the rest
        self._wasted = 0  # bytes of the host that nobody wanted
        self._asked = 0  # bytes of the host's data asked for at once; if fewer come, there are no more
        self._status = PASSED
        task.resumed = self._resumed

    # What the bus does

    @property
    def max_lun(self) -> int:
        """The answer to Get Max LUN (section 3.2)."""
        return len(self._units) - 1

    @property
    def attached(self) -> bool:
        """Whether a host has configured the device."""
        return self._stage != _OFF

    @property
    def busy(self) -> bool:
        """Whether a command is under way."""
        return self._stage not in (_OFF, _COMMAND, _BROKEN)

    def session(self, max_packet: int) -> None:
        """The host configured the device, for the first time or after a bus reset; `max_packet`:
        wMaxPacketSize of the endpoints now. Whatever was under way is gone."""
        fresh = self._stage == _OFF
        self._drop()
        self._max_packet = max_packet
        for unit in self._units:
            if fresh:
                unit.attached()
            else:
                unit.reset()
        self._await_command()
        self._endpoints.submit()

    def resume(self, max_packet: int) -> None:
        """Takes over a session whose earlier state nobody knows: the host is made to reset it."""
        self._drop()
        self._max_packet = max_packet
        self._give_up()

    def ended(self) -> None:
        """The host is gone, or has taken the configuration back."""
        self._drop()
        self._stage = _OFF

    def reset(self) -> None:
        """Bulk-Only Mass Storage Reset (section 3.1): ready for the next CBW."""
        if self._stage == _OFF:
            return
        self._drop()
        self._await_command()
        self._endpoints.submit()

    def _drop(self) -> None:
        self._task.abort()
        self._endpoints.drop()

    # Ends of transfers

    def received(self, count: int) -> None:
        """The oldest transfer from the host ended with `count` bytes."""
        stage = self._stage
        if stage == _COMMAND:
            self._command(count)
        elif stage == _DATA_OUT:
            self._data_arrived(count)
        elif stage == _DRAINING:
            self._drained(count)
        elif stage == _BROKEN:  # the host cleared the halt without a reset: section 6.6.1 wants it stalled again
            self._break()
        self._endpoints.submit()

    def sent(self, count: int) -> None:
        """The oldest transfer to the host that is watched ended."""
        if self._stage == _DATA_IN:
            self._task.moved()
            self._go_on()
        self._endpoints.submit()

    def lost(self, is_gone: bool) -> None:
        """A transfer failed. `is_gone`: the endpoints are switched off; else the host has to reset them."""
        self._drop()
        if is_gone:
            self._stage = _OFF
        elif self._stage != _OFF:
            self._give_up()

    def poll(self, now_ms: int) -> "int | None":
        """Lets a command that waits go on or fail in time; the ms at which to be called again."""
        due = self._task.poll(now_ms)
        self._resumed()
        return due

    # Commands

    def _await_command(self) -> None:
        self._stage = _COMMAND
        self._endpoints.receive(self._packet[: self._max_packet])  # whole packets, so that garbage ends it as well

    def _command(self, count: int) -> None:
        packet = self._packet
        if count != _CBW_SIZE:
            self._break()
            return
        signature, tag, expected, flags, lun, length = struct.unpack_from(_CBW, packet, 0)
        is_meaningful = not flags & ~_IN and lun <= _MAX_LUN and 1 <= length <= _MAX_CB
        if signature != _CBW_SIGNATURE or not is_meaningful:
            self._break()
            return
        self._tag = tag
        self._expected = expected
        self._to_host = flags == _IN
        self._moved = self._wasted = 0
        self._status = PASSED
        task = self._task
        task.begin(lun, packet[_CB_OFFSET : _CB_OFFSET + length], 0 if self._to_host else expected)
        if task.length and not self._agrees(task):
            self._status = PHASE_ERROR
            task.abort()
            self._finish()
        else:
            self._go_on()

    def _agrees(self, task) -> bool:
        """Whether the host expects data in the task's direction and at least as many: not cases 2, 3, 7, 8, 10, 13."""
        return task.length <= self._expected and (task.direction == TO_HOST) == self._to_host

    def _go_on(self) -> None:
        task = self._task
        window = task.window
        if window is None:
            if task.status is None:
                self._stage = _TASK
                return
            if task.status != GOOD:
                self._status = FAILED
            self._finish()
        elif task.direction == FROM_HOST:
            self._receive(window)
        else:
            self._send(window)

    def _resumed(self) -> None:
        task = self._task
        if self._stage == _TASK and (task.window is not None or task.status is not None):
            self._go_on()
            self._endpoints.submit()

    # Data

    def _send(self, window) -> None:
        self._moved += len(window)
        is_last = self._moved == self._task.length
        self._endpoints.send(window, not is_last)
        if is_last:  # it stays as it is until the next command begins: its status can follow at once
            self._task.moved()
            self._go_on()
        else:
            self._stage = _DATA_IN

    def _receive(self, window) -> None:
        self._stage = _DATA_OUT
        size, left = len(window), self._expected - self._moved
        if left > size:  # only whole packets can end before the host's data do
            size = min(left, -(-size // self._max_packet) * self._max_packet)
            window = self._task.buffer[:size]
        self._asked = size
        self._endpoints.receive(window)

    def _data_arrived(self, count: int) -> None:
        task = self._task
        size = len(task.window)
        if count < size:  # a short packet: the host sends less than it promised
            self._moved += count
            self._status = PHASE_ERROR
            task.abort()
            self._acknowledge()
            return
        self._moved += size
        self._wasted += count - size
        if count < self._asked:  # behind what the device wants
            self._wasted = self._expected - self._moved
        task.moved()
        self._go_on()

    # The end of a command

    def _finish(self) -> None:
        """The task is over: makes the data phase as long as the host expects, then the status follows."""
        if self._to_host:
            if self._moved < self._expected and self._moved % self._max_packet == 0:
                self._endpoints.send(self._waste[:0], False)  # cases 4 and 5: a short packet ends the data
            self._acknowledge()
        else:
            self._drain()

    def _drain(self) -> None:
        """Cases 9 and 11: what the host sends beyond what the device wants is received and forgotten."""
        left = self._expected - self._moved - self._wasted
        if left:
            self._stage = _DRAINING
            self._asked = min(left, len(self._waste))
            self._endpoints.receive(self._waste[: self._asked])
        else:
            self._acknowledge()

    def _drained(self, count: int) -> None:
        self._wasted += count
        if count < self._asked:
            self._acknowledge()  # the host gave up
        else:
            self._drain()

    def _acknowledge(self) -> None:
        """Sends the status; the next command may come while it is on its way."""
        residue = self._expected - self._moved
        struct.pack_into(_CSW, self._csw, 0, _CSW_SIGNATURE, self._tag, residue, self._status)
        self._endpoints.send(self._csw, False)
        self._await_command()

    def _give_up(self) -> None:
        """Brings a host, which may be at any stage of a command, to reset us: what it meets first is a stall. One
        that waits for a status clears it and reads on; it gets a CSW that is not valid, so that it need not time out.
        """
        self._break()
        self._csw[:] = bytes(CSW_SIZE)
        self._endpoints.send(self._csw, False)
        self._endpoints.submit()

    def _break(self) -> None:
        """Section 6.6.1: after a CBW that is not valid both endpoints stall until reset recovery."""
        self._stage = _BROKEN
        self._endpoints.halt()
        self._endpoints.receive(self._packet[: self._max_packet])  # ends when the host clears the halt alone
