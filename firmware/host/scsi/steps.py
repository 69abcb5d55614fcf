"""What a running command does: moves data, reads and changes the medium, waits.

A transport sees a Task (task.py); a command sees this side of it.
"""

from firmware.host.scsi.limits import SCRATCH
from firmware.host.scsi.sense import CheckCondition, invalid_field

NONE, TO_HOST, FROM_HOST = range(3)


class _Wait:
    """What the volume calls at the end of a wait; a command that was dropped is cut off from it."""

    def __init__(self, task):
        self.task = task

    def ended(self, error=None) -> None:
        if self.task is not None:
            self.task.ended(error)


class Steps:
    """The part of a task that its command uses; `unit` is the logical unit that it is for."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.unit = None
        self.direction = NONE
        self.length = 0
        self._announced = None
        self._kept = None  # (LUN, CheckCondition) that REQUEST SENSE can ask for
        self._scratch = None
        self._is_pausing = False
        self._is_waiting = self._is_reading = False
        self._error = None
        self._wait = _Wait(self)
        self._ended = self._wait.ended

    def _cut_off(self) -> None:
        """What the command waited for is no business of the next one."""
        if self._is_reading:  # and may still fill the old memory
            self.buffer = memoryview(bytearray(len(self.buffer)))
            self._scratch = None
        self._wait.task = None
        self._wait = _Wait(self)
        self._ended = self._wait.ended

    def reply(self, data, allocation_length: int) -> "int | None":
        """What a handler returns that sends `data` to the host, as far as it has room for it."""
        length = min(len(data), allocation_length)
        if not length:
            return None
        self.buffer[:length] = data[:length]
        return length

    def sends(self, length: int) -> None:
        """The command is going to send so many bytes."""
        self.direction = TO_HOST if length else NONE
        self.length = length

    def receives(self, length: int) -> None:
        """The command is going to receive so many bytes."""
        self.direction = FROM_HOST if length else NONE
        self.length = length

    def receives_exactly(self, length: int, field: int) -> None:
        """The same for a command that would do something else than a host means which sends more or less: `field`
        of the CDB is wrong then."""
        if self._announced is not None and self._announced != length:
            raise invalid_field(field)
        self.receives(length)

    def scratch(self):
        """Memory beside the buffer, SCRATCH bytes; the same until the command is dropped."""
        if self._scratch is None:
            self._scratch = memoryview(bytearray(SCRATCH))
        return self._scratch

    def kept_sense(self) -> "CheckCondition | None":
        """Takes the sense data of the last command of this LUN, when nobody has got them yet."""
        kept, self._kept = self._kept, None
        return kept[1] if kept is not None and kept[0] == self.lun else None

    # Steps of commands: generators

    def waited(self):
        """Until what the volume was asked for has ended."""
        while self._is_waiting:
            yield None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def pause(self):
        """Lets everybody else have a turn."""
        self._is_pausing = True
        yield None

    def read(self, volume, offset: int, view):
        """Fills `view` from the medium."""
        self._is_waiting = True
        if volume.read(offset, view, self._ended):
            self._is_waiting = False
        else:
            self._is_reading = self._is_waiting
            yield from self.waited()

    def write(self, volume, offset: int, view):
        """Writes at most PIECE bytes, as a whole."""
        while not volume.write(offset, view):
            yield from self.room(volume)

    def zero(self, volume, offset: int, length: int, trim: bool):
        """Makes a range zeroes."""
        while not volume.zero(offset, length, trim):
            yield from self.room(volume)

    def room(self, volume):
        """Until the volume has room for a write, or has not got any for too long."""
        self._is_waiting = True
        volume.wait_for_room(self._ended)
        yield from self.waited()

    def flush(self, volume):
        """Until all that was written is as durable as it gets."""
        self._is_waiting = True
        volume.flush(self._ended)
        yield from self.waited()
