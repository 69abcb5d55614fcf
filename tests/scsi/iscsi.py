"""As much of an iSCSI target (RFC 7143) as carries SCSI commands to a Task: one connection a session, no digests,
no authentication, error recovery level 0, one command at a time and the next ones in a queue.

In the subset of MicroPython. Not a part of the firmware: a way for other people's initiators to reach it.
"""

import struct

from firmware.errors import ProtocolError
from firmware.host.scsi.sense import CHECK_CONDITION, GOOD, CheckCondition
from firmware.host.scsi.task import FROM_HOST, TO_HOST, Task

HEADER = 48
SEGMENT = 256 << 10  # bytes of data in one PDU, both ways, and of one burst
FIRST_BURST = 64 << 10
NAME = "iqn.2026-01.example.sosie:disk"
_WINDOW = 32  # commands
_MOST_UNSENT = 1 << 20  # bytes
_NONE = 0xFFFFFFFF

_NOP_OUT, _COMMAND, _MANAGEMENT, _LOGIN, _TEXT, _DATA_OUT, _LOGOUT = range(7)
_NOP_IN, _RESPONSE, _MANAGED, _LOGGED_IN, _TEXT_ANSWER, _DATA_IN, _LOGGED_OUT = range(0x20, 0x27)
_R2T = 0x31
_FINAL = 0x80
_READ, _WRITE = 0x40, 0x20
_OVERFLOW, _UNDERFLOW = 0x04, 0x02
_FULL_FEATURE = 3
_ABORT_TASK, _LUN_RESET = 1, 5
_COMPLETE, _NO_SUCH_TASK = 0, 1
_INVALID_FIELD_IN_UNIT = 0x050E03  # of information: the transport's expected length is too short
_DATA_PHASE_ERROR = 0x0B4B00

_ANSWERS = {
    "AuthMethod": "None",
    "HeaderDigest": "None",
    "DataDigest": "None",
    "MaxConnections": "1",
    "InitialR2T": "Yes",
    "ImmediateData": "Yes",
    "MaxBurstLength": str(SEGMENT),
    "FirstBurstLength": str(FIRST_BURST),
    "DefaultTime2Wait": "2",
    "DefaultTime2Retain": "0",
    "MaxOutstandingR2T": "1",
    "DataPDUInOrder": "Yes",
    "DataSequenceInOrder": "Yes",
    "ErrorRecoveryLevel": "0",
    "IFMarker": "No",
    "OFMarker": "No",
}


class _Command:
    """A command PDU: what was announced, and the data that came along."""

    def __init__(self, header: bytes, data: bytes):
        self.lun = header[9]
        self.tag, self.expected = struct.unpack_from(">II", header, 16)
        self.cdb = header[32:48]
        self.to_host = self.expected if header[1] & _READ else 0
        self.from_host = self.expected if header[1] & _WRITE else 0
        self.data = data
        self.taken = 0  # bytes of `data` that the task has
        self.moved = 0
        self.sequence = 0  # of data or of requests for data
        self.filled = 0  # bytes of the task's window
        self.asked = 0  # bytes that are to come
        self.next_data = 0
        self.is_broken = self.is_paused = False


def _nobody() -> None:
    """Stands for `wake` until a driver sets it."""


class Session:
    """One initiator, as a conversation on ports.Loop (firmware/ports/channel.py says what that is)."""

    def __init__(self, units: list, over):
        self.wake = _nobody
        self._over = over
        self._task = Task(units, memoryview(bytearray(1 << 20)), autosense=True)
        self._task.resumed = self._resumed
        self._units = units
        self._header = memoryview(bytearray(HEADER))
        self._segment = memoryview(bytearray(SEGMENT + 4))
        self._have = 0
        self._need = HEADER
        self._in_header = True
        self._unsent = []
        self._unsent_bytes = 0
        self._queue = []
        self._command = None
        self._is_over = False
        self._is_resumed = False
        self._is_discovery = False
        self._is_full = False  # full feature phase
        self._exp_cmd_sn = 0
        self._stat_sn = 1

    # The driver's side

    def wanted(self):
        if self._is_over or self._unsent_bytes > _MOST_UNSENT:
            return None
        view = self._header if self._in_header else self._segment
        return view[self._have : self._need]

    def received(self, count: int) -> None:
        if not count:
            self._is_over = True
            return
        self._have += count
        if self._have < self._need:
            return
        header = bytes(self._header)
        length = struct.unpack_from(">I", header, 4)[0]
        if self._in_header:
            if length > SEGMENT:  # also when there are additional header segments, which nobody sends
                raise ProtocolError("a PDU of %d bytes" % length)
            if length:
                self._in_header, self._have, self._need = False, 0, (length + 3) & ~3
                return
        self._in_header, self._have, self._need = True, 0, HEADER
        self._pdu(header, bytes(self._segment[:length]))

    def outgoing(self):
        return self._unsent[0] if self._unsent else None

    def sent(self, count: int) -> None:
        self._unsent_bytes -= count
        if count < len(self._unsent[0]):
            self._unsent[0] = self._unsent[0][count:]
            return
        self._unsent.pop(0)
        if self._command is not None and self._command.is_paused:
            self._go()

    def poll(self, now_ms: int):
        if self._is_over:
            return None
        if self._is_resumed:
            self._is_resumed = False
            self._go()
        while self._waits():
            due = self._task.poll(now_ms)
            if self._waits():
                return due
            self._go()
        return None

    @property
    def finished(self) -> bool:
        return self._is_over

    def close(self) -> None:
        self._is_over = True
        self.wake()

    def lost(self) -> None:
        self._is_over = True
        self._task.abort()
        self._task.resumed = _nobody
        self._queue, self._command = [], None
        self._over(self)

    def _resumed(self) -> None:
        self._is_resumed = True
        self.wake()

    def _waits(self) -> bool:
        task = self._task
        return self._command is not None and task.status is None and task.window is None

    # PDUs out

    def _send(self, header: bytearray, data=b"", counts: bool = True) -> None:
        """Completes a header from byte 24 on (StatSN, ExpCmdSN, MaxCmdSN) and sends it with its data."""
        struct.pack_into(">I", header, 4, len(data))
        last = self._exp_cmd_sn + _WINDOW - 1 - len(self._queue)
        struct.pack_into(">III", header, 24, self._stat_sn & _NONE, self._exp_cmd_sn & _NONE, last & _NONE)
        if counts:
            self._stat_sn += 1
        pdu = bytes(header) + bytes(data) + bytes(-len(data) & 3)
        self._unsent.append(memoryview(pdu))
        self._unsent_bytes += len(pdu)

    def _answer(self, opcode: int, header: bytes, flags: int = _FINAL, second: int = 0) -> bytearray:
        answer = bytearray(HEADER)
        answer[0], answer[1], answer[2] = opcode, flags, second
        answer[16:20] = header[16:20]
        return answer

    # PDUs in

    def _pdu(self, header: bytes, data: bytes) -> None:
        opcode = header[0] & 0x3F
        if opcode == _LOGIN and not self._is_full:
            self._login(header, data)
            return
        if not self._is_full:
            raise ProtocolError("a PDU before the login")
        if opcode == _DATA_OUT:
            self._data_out(header, data)
            return
        if not self._is_next(header):
            return  # outside of the window: ignored without a word (RFC 7143 4.2.2.1)
        if opcode == _COMMAND and not self._is_discovery:
            self._queue.append(_Command(header, data))
            self._start()
        elif opcode == _NOP_OUT:
            self._nop(header, data)
        elif opcode == _TEXT:
            self._text(header, data)
        elif opcode == _MANAGEMENT:
            self._manage(header)
        elif opcode == _LOGOUT:
            self._send(self._answer(_LOGGED_OUT, header))
            self._is_over = True
        else:
            raise ProtocolError("PDU %02X" % opcode)

    def _is_next(self, header: bytes) -> bool:
        if header[0] & 0x40:  # immediate: beside the order
            return True
        if struct.unpack_from(">I", header, 24)[0] != self._exp_cmd_sn & _NONE:
            return False
        self._exp_cmd_sn += 1
        return True

    def _nop(self, header: bytes, data: bytes) -> None:
        if header[16:20] == b"\xff\xff\xff\xff":
            return
        answer = self._answer(_NOP_IN, header)
        answer[8:16] = header[8:16]
        answer[20:24] = b"\xff\xff\xff\xff"
        self._send(answer, data)

    def _text(self, header: bytes, data: bytes) -> None:
        found = b""
        if _pairs(data).get("SendTargets"):
            found = ("TargetName=%s\0" % NAME).encode()
        answer = self._answer(_TEXT_ANSWER, header)
        answer[20:24] = b"\xff\xff\xff\xff"
        self._send(answer, found)

    def _login(self, header: bytes, data: bytes) -> None:
        stage, following = header[1] >> 2 & 3, header[1] & 3
        if not self._exp_cmd_sn:
            self._exp_cmd_sn = struct.unpack_from(">I", header, 24)[0]
        pairs = _pairs(data)
        if pairs.get("SessionType") == "Discovery":
            self._is_discovery = True
        answers = ["%s=%s" % (key, _ANSWERS.get(key, "NotUnderstood")) for key in pairs if _is_negotiated(key)]
        if "TargetName" in pairs:
            answers.append("TargetPortalGroupTag=1")
        if stage == 1:
            answers.append("MaxRecvDataSegmentLength=%d" % SEGMENT)
        answer = self._answer(_LOGGED_IN, header, header[1] & 0x8F)
        answer[8:14] = header[8:14]
        if header[1] & _FINAL and following == _FULL_FEATURE:
            self._is_full = True
            answer[15] = 1
        self._send(answer, "".join(each + "\0" for each in answers).encode())

    def _manage(self, header: bytes) -> None:
        function, response = header[1] & 0x7F, _COMPLETE
        tag = struct.unpack_from(">I", header, 20)[0]
        if function == _ABORT_TASK:
            response = _COMPLETE if self._drop(lambda command: command.tag == tag) else _NO_SUCH_TASK
        else:
            self._drop(lambda command: True)
            if function >= _LUN_RESET:
                for unit in self._units:
                    unit.reset()
        self._send(self._answer(_MANAGED, header, second=response))
        self._start()

    def _drop(self, is_meant) -> int:
        """Drops commands; how many."""
        before = len(self._queue)
        self._queue = [command for command in self._queue if not is_meant(command)]
        dropped = before - len(self._queue)
        if self._command is not None and is_meant(self._command):
            self._task.abort()
            self._command = None
            dropped += 1
        return dropped

    # Commands

    def _start(self) -> None:
        if self._command is not None or not self._queue:
            return
        self._command = command = self._queue.pop(0)
        command.is_paused = False
        self._task.begin(command.lun, command.cdb, command.from_host)
        if self._task.direction == FROM_HOST and command.from_host < self._task.length:
            self._refuse(_INVALID_FIELD_IN_UNIT)
        else:
            self._go()

    def _go(self) -> None:
        """On with the command as far as it goes now."""
        task, command = self._task, self._command
        while command is not None and command is self._command:
            command.is_paused = False
            if task.status is not None:
                self._end(command, task.status, task.sense)
                self._start()
                return
            if task.window is None:
                self.wake()  # poll() comes
                return
            if task.direction == TO_HOST:
                if self._unsent_bytes > _MOST_UNSENT:
                    command.is_paused = True
                    return
                self._send_window(command, task.window)
            elif not self._fill_window(command, task.window):
                return
            task.moved()

    def _send_window(self, command, window) -> None:
        left = min(len(window), max(0, command.to_host - command.moved))
        start = 0
        while start < left:
            size = min(SEGMENT, left - start)
            header = bytearray(HEADER)
            header[0] = _DATA_IN
            is_last = start + size == left
            header[1] = _FINAL if is_last else 0
            struct.pack_into(">II", header, 16, command.tag, _NONE)
            struct.pack_into(">II", header, 36, command.sequence, command.moved)
            command.sequence += 1
            self._send(header, window[start : start + size], counts=False)
            command.moved += size
            start += size

    def _fill_window(self, command, window) -> bool:
        """Whether it is full; else data were asked for."""
        size = min(len(window) - command.filled, len(command.data) - command.taken)
        window[command.filled : command.filled + size] = command.data[command.taken : command.taken + size]
        command.taken += size
        command.filled += size
        command.moved += size
        if command.filled == len(window):
            command.filled = 0
            return True
        if not command.asked:
            command.asked = min(SEGMENT, len(window) - command.filled)
            command.next_data = 0
            header = bytearray(HEADER)
            header[0], header[1] = _R2T, _FINAL
            struct.pack_into(">II", header, 16, command.tag, command.sequence)
            struct.pack_into(">III", header, 36, command.sequence, command.moved, command.asked)
            command.sequence += 1
            self._send(header, counts=False)
        return False

    def _data_out(self, header: bytes, data: bytes) -> None:
        tag = struct.unpack_from(">I", header, 16)[0]
        command = self._command
        if command is None or command.tag != tag or not command.asked:
            return  # of a command that is over
        number, offset = struct.unpack_from(">II", header, 36)
        if number != command.next_data or offset != command.moved or len(data) > command.asked:
            command.is_broken = True
        if command.is_broken:
            if header[1] & _FINAL:
                self._refuse(_DATA_PHASE_ERROR)
            return
        window = self._task.window
        window[command.filled : command.filled + len(data)] = data
        command.next_data += 1
        command.filled += len(data)
        command.moved += len(data)
        command.asked -= len(data)
        if command.asked:
            return
        if command.filled == len(window):
            command.filled = 0
            self._task.moved()
        self._go()

    def _refuse(self, code: int) -> None:
        """Ends the command for the transport's own reasons."""
        command, length = self._command, self._task.length
        self._task.abort()
        self._end(command, CHECK_CONDITION, CheckCondition(code).fixed(), length)
        self._start()

    def _end(self, command, status: int, sense: bytes, length: int = -1) -> None:
        if length < 0:
            length = self._task.length if status == GOOD else command.moved
        header = bytearray(HEADER)
        header[0] = _RESPONSE
        flags, residual = 0, 0
        if length > command.expected:
            flags, residual = _OVERFLOW, length - command.expected
        elif length < command.expected:
            flags, residual = _UNDERFLOW, command.expected - length
        header[1], header[3] = _FINAL | flags, status
        struct.pack_into(">I", header, 16, command.tag)
        struct.pack_into(">II", header, 40, 0, residual)
        self._command = None
        self._send(header, struct.pack(">H", len(sense)) + sense if status == CHECK_CONDITION else b"")


def _pairs(data: bytes) -> dict:
    """The key=value pairs of a text segment."""
    found = {}
    for each in data.split(b"\0"):
        key, _, value = each.partition(b"=")
        if key:
            found[key.decode()] = value.decode()
    return found


def _is_negotiated(key: str) -> bool:
    """Whether a key wants an answer; the others declare something."""
    return key not in ("InitiatorName", "InitiatorAlias", "TargetName", "SessionType", "MaxRecvDataSegmentLength")
