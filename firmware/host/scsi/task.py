"""One SCSI command at a time, for whatever transport carries it.

A command is a function that answers at once, or a generator that yields the memory where data lie or are to
come, or None to wait. READ (10) and WRITE (10) of ordinary size, which is nearly all that a host ever sends, are
done here without either.
"""

import struct

from firmware.errors import VolumeError
from firmware.host.scsi import commands
from firmware.host.scsi.limits import BLOCK_SHIFT, PIECE
from firmware.host.scsi.sense import (
    CHECK_CONDITION,
    GOOD,
    INTERNAL_FAILURE,
    OUT_OF_RANGE,
    SPACE_FAILED,
    TIMED_OUT,
    UNKNOWN_UNIT,
    WRITE_PROTECTED,
    CheckCondition,
)
from firmware.host.scsi.steps import FROM_HOST, NONE, TO_HOST, Steps

_READ_10, _WRITE_10 = 0x28, 0x2A
_CDB_10 = ">BBIBHB"
_DPO = 0x10
_PATIENCE_MS = 25_000  # a host gives a command up after 30 s
_MOST_WINDOWS = 32
_CONDITIONS = {
    VolumeError.BEYOND_END: OUT_OF_RANGE,
    VolumeError.UNALIGNED: INTERNAL_FAILURE,
    VolumeError.READ_ONLY: WRITE_PROTECTED,
    VolumeError.FULL: SPACE_FAILED,
    VolumeError.UNCONFIRMED: TIMED_OUT,
}


def _nobody() -> None:
    """Stands for `resumed` until a transport sets it."""


class Task(Steps):
    """The command that a transport is carrying out on one of `units` (by LUN).

    `buffer` is a memoryview of at least 1 MiB; all windows lie in it. After begin() there is `direction` and
    `length`, the bytes that the command moves in all; then, until `status` is set, either `window` holds the next
    bytes to be sent, or takes exactly as many from the host, and moved() goes on; or there is none and the
    command waits: `resumed` is called when something changed (never from inside a call of the transport's), and
    poll() at once and whenever it asks for it.

    No command changes the medium before its data from the host have moved; so abort() right after begin() leaves
    no trace. `autosense`: the transport hands `sense` over with the status; without it the host asks for it by
    REQUEST SENSE.
    """

    def __init__(self, units: list, buffer, autosense: bool = False):
        super().__init__(buffer)
        self.units = units
        self.resumed = _nobody
        self.window = None
        self.status = GOOD
        self.sense = b""
        self.lun = 0
        self.command = None
        self._autosense = autosense
        self._steps = None
        self._quick = None  # the volume that a quick write goes to
        self._offset = 0
        self._windows = {}
        self._began_ms = None
        self._is_running = False

    # The transport's side

    def begin(self, lun: int, cdb, announced: "int | None" = None) -> None:
        """Starts a command; `cdb` has 6 to 16 bytes and is not needed afterwards. `announced`: how many bytes the
        host is going to send, where the transport knows it."""
        opcode = cdb[0]
        if (opcode == _WRITE_10 or opcode == _READ_10) and self._begin_quickly(lun, opcode, cdb):
            return
        self.direction = NONE
        self.length = 0
        self.window = self.status = None
        self._announced = announced
        self._is_running = True
        try:
            self._begin(lun, cdb)
        except CheckCondition as condition:
            self._fail(condition)
        except VolumeError as error:
            self._fail(self._condition(error))
        self._is_running = False
        if self.status == CHECK_CONDITION:  # a read whose first byte cannot be had was already going to send
            self.direction, self.length = NONE, 0

    def moved(self) -> None:
        """The window was sent, or is filled."""
        if self._quick is not None:
            self._write_quickly()
        elif self._steps is None:
            self._end(GOOD)
        else:
            self._step()

    def abort(self) -> None:
        """Drops the command: nothing of it happens later."""
        if self._is_waiting:
            self._windows = {}
            self._cut_off()
        self._end(GOOD)

    def poll(self, now_ms: int) -> "int | None":
        """Goes on with what takes long, and ends what takes too long; when to call again, in ms, or None."""
        if self.status is not None or self.window is not None:
            return None
        if self._began_ms is None:
            self._began_ms = now_ms
        if now_ms - self._began_ms >= _PATIENCE_MS:
            self.abort()
            self._fail(CheckCondition(TIMED_OUT))
            return None
        if self._is_pausing:
            self._is_pausing = False
            self._step()
            if self._is_pausing:
                return now_ms
            if self.status is not None or self.window is not None:
                return None
        return self._began_ms + _PATIENCE_MS

    def ended(self, error) -> None:
        """A wait is over."""
        self._is_waiting = self._is_reading = False
        self._error = error
        if not self._is_running:
            self._step()
            self.resumed()

    # READ (10) and WRITE (10) of at most 1 MiB

    def _begin_quickly(self, lun: int, opcode: int, cdb) -> bool:
        """False: nothing happened; there is something that needs a closer look."""
        if lun >= len(self.units) or len(cdb) < 10:
            return False
        unit = self.units[lun]
        volume = unit.volume
        if not unit.calm or volume.refusal or volume.failed:
            return False
        _, flags, lba, _, blocks, control = struct.unpack_from(_CDB_10, cdb)
        length = blocks << BLOCK_SHIFT
        offset = lba << BLOCK_SHIFT
        if flags & ~_DPO or control or not blocks or length > PIECE or offset + length > volume.size:
            return False
        window = self._windows.get(length)
        if window is None:
            window = self._window(length)
        if opcode == _WRITE_10:
            if not unit.writes_plainly:
                return False
            self._quick = volume
            self._offset = offset
            self.direction = FROM_HOST
        elif self._read_quickly(volume, offset, window):
            self.direction = TO_HOST
        else:
            return False
        if not unit.seen:
            unit.used(opcode == _WRITE_10)
        self.lun = lun
        self.length = length
        self.window = window
        self.status = self._kept = None
        if self._is_waiting:
            self.window = None
            self._steps = self._read_slowly(window)
            self.command = commands.READ
        return True

    def _read_quickly(self, volume, offset: int, window) -> bool:
        self._is_waiting = self._is_running = True
        try:
            if volume.read(offset, window, self._ended):
                self._is_waiting = False
            self._is_reading = self._is_waiting
            return True
        except VolumeError:
            self._is_waiting = False
            return False  # the same again, with all its explanations
        finally:
            self._is_running = False

    def _read_slowly(self, window):
        yield from self.waited()
        yield window

    def _write_quickly(self) -> None:
        volume, self._quick = self._quick, None
        try:
            if volume.write(self._offset, self.window):
                self.window = None
                self.status = GOOD
                return
        except VolumeError as error:
            self.command = commands.WRITE
            self._fail(self._condition(error))
            return
        self.command = commands.WRITE
        self._steps = self.write(volume, self._offset, self.window)
        self._step()

    def _window(self, length: int):
        """The first `length` bytes of the buffer; hosts use few lengths, so that views are kept."""
        if len(self._windows) >= _MOST_WINDOWS:
            self._windows = {}
        window = self._windows[length] = self.buffer[:length]
        return window

    # All commands

    def _begin(self, lun: int, cdb) -> None:
        self.lun = lun
        self.unit = unit = self.units[lun] if lun < len(self.units) else None
        self.command = command = commands.find(cdb)
        if command is not commands.REQUEST_SENSE:
            self._kept = None
        self._check_unit(unit, command is not None and command.anywhere)
        if command is None or not command.exists_on(unit):
            raise commands.unknown(cdb)
        command.check(self.unit, cdb, lun)
        result = command.handler(self, cdb)
        if result is None:
            self._end(GOOD)
        elif type(result) is int:
            self._steps = None
            self.direction = TO_HOST
            self.length = result
            self.window = self._window(result)
        else:
            self._steps = result
            self._advance()

    def _check_unit(self, unit, anywhere: bool) -> None:
        """A command for nobody, and what the unit has to say before anything else (SAM-5 5.14)."""
        if unit is None:
            if not anywhere:
                raise CheckCondition(UNKNOWN_UNIT)
            return
        unit.look()
        if unit.attentions and not anywhere:
            raise CheckCondition(unit.take_attention())

    def _step(self) -> None:
        self._is_running = True
        try:
            self._advance()
        except CheckCondition as condition:
            self._fail(condition)
        except VolumeError as error:
            self._fail(self._condition(error))
        self._is_running = False

    def _advance(self) -> None:
        self.window = None
        try:
            self.window = next(self._steps)
        except StopIteration:
            self._end(GOOD)

    def _end(self, status: int) -> None:
        self.window = self._steps = self._quick = self._began_ms = self._error = None
        self._is_waiting = self._is_reading = self._is_pausing = False
        self.status = status

    def _fail(self, condition: CheckCondition) -> None:
        self._end(CHECK_CONDITION)
        self.sense = condition.fixed()
        if not self._autosense:
            self._kept = self.lun, condition

    def _condition(self, error: VolumeError) -> CheckCondition:
        return CheckCondition(_CONDITIONS.get(error.reason, self.command.on_failure))
