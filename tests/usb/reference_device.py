"""A tiny Bulk-Only disk, to test the tester with: three ways of ending a data phase early that the standard allows,
and one planted bug at a time, none of which it does."""

import struct

from tools.usb.bulk_only import CBW, CBW_SIGNATURE, CSW, CSW_SIGNATURE, FAILED, FLAG_IN, PASSED, PHASE_ERROR

BLOCK = 512
STYLES = ("short packet", "stall", "filled up")
COMMAND, DATA, DRAIN, STOPPED = range(4)
N, I, O = range(3)  # noqa: E741  what the device intends: no data, to the host, from the host
ILLEGAL_LBA, UNKNOWN_LUN, UNKNOWN_COMMAND, WAS_RESET = (5, 0x21, 0), (5, 0x25, 0), (5, 0x20, 0), (6, 0x29, 0)


class Refusal(Exception):
    """CHECK CONDITION; key, ASC, ASCQ."""


class ReferenceDevice:
    """`bug` names what it does wrong; tests/usb/test_tester.py has their names."""

    max_lun = 0

    def __init__(self, endpoints, medium: bytearray, style: str = STYLES[0], bug: str = ""):
        self.endpoints, self.medium, self.style, self.bug = endpoints, medium, style, bug
        self.packet = 512
        self.stage, self.attention, self.sense = COMMAND, None, (0, 0, 0)
        self.buffer = memoryview(bytearray(2 << 20))
        self.read_only = False
        if bug == "two bytes of max lun":
            self.max_lun = b"\0\0"

    # ---- the bus

    def session(self, max_packet):
        self.packet = max_packet
        if self.bug == "port reset ignored" and self.stage != COMMAND:
            self.endpoints.submit()
            return
        if self.bug == "port reset leaves a csw":
            self._csw(PASSED, 0, tag=7)
        self.attention = WAS_RESET
        self._await_command()

    def reset(self):
        if self.bug == "reset ignored":
            return
        if self.bug == "reset keeps data in":
            self.endpoints.outs.clear()
        else:
            self.endpoints.drop()
        self.endpoints.wedged = False
        if self.bug == "reset clears halts":
            self.endpoints.halted = dict.fromkeys(self.endpoints.halted, False)
        if self.bug == "dead after reset":
            return
        self._await_command()

    def lost(self, is_gone):
        raise AssertionError("a request of the device was too small")

    def sent(self, count):
        pass

    def received(self, count):
        if self.stage == COMMAND:
            self._command(bytes(self.buffer[:count]))
        elif self.stage == DATA:
            self._data(count)
        elif self.stage == DRAIN:
            self._drained(count)
        elif self.bug == "clear halt revives":
            self.endpoints.halted = dict.fromkeys(self.endpoints.halted, False)
            self._command(bytes(self.buffer[:count]))
        self.endpoints.submit()

    def _await_command(self):
        self.stage = COMMAND
        self.endpoints.receive(self.buffer[: self.packet])
        self.endpoints.submit()

    # ---- a command

    def _command(self, raw):
        if not self._is_good(raw):
            self._stop()
            return
        raw = (raw + bytes(1))[: CBW.size]
        _, self.tag, self.length, flags, lun, _, cdb = CBW.unpack(raw)
        self.to_host = bool(flags & FLAG_IN)
        self.status, self.surplus = PASSED, 0
        try:
            self.way, self.data, self.due = self._scsi(cdb, lun)
        except Refusal as refusal:
            self.sense, self.status = refusal.args[0], FAILED
            self.way, self.data, self.due = N, b"", 0
        case = self._case()
        if case in (2, 3, 7, 8, 10, 13) and self.bug != "case %d passes" % case:
            self.status = PHASE_ERROR
        if case in (4, 5, 9, 11) and self.bug == "case %d is a phase error" % case:
            self.status = PHASE_ERROR
        self._move(case)

    def _is_good(self, raw):
        if self.bug == "any length is a cbw" and len(raw) >= 30:
            raw = (raw + bytes(1))[: CBW.size]
        if len(raw) != CBW.size:
            return False
        signature, _, _, flags, lun, length, _ = CBW.unpack(raw)
        return ((signature == CBW_SIGNATURE or self.bug == "any signature")
                and (not flags & 0x7F or self.bug == "any flags")
                and (not lun & 0xF0 or self.bug == "any lun bits")
                and (1 <= length <= 16 or self.bug == "any cdb length"))

    def _stop(self):
        if self.bug == "no stall":
            self._await_command()
            return
        if self.bug == "csw after a bad cbw":
            self.tag = 0
            self._csw(FAILED, 0)
            self._await_command()
            return
        self.stage = STOPPED
        self.endpoints.halt()
        self.endpoints.wedged = self.bug not in ("clear halt revives", "silent after clear halt")
        self.endpoints.receive(self.buffer[: self.packet])

    def _case(self):
        h = N if not self.length else I if self.to_host else O
        size = len(self.data) if self.way == I else self.due
        if not size:
            self.way = N
        if h == N:
            return (1, 2, 3)[self.way]
        if self.way == N:
            return 4 if h == I else 9
        if h != self.way:
            return 8 if h == I else 10
        less, same, more = (5, 6, 7) if h == I else (11, 12, 13)
        return less if size < self.length else same if size == self.length else more

    # ---- data

    def _move(self, case):
        if self.bug == "case %d writes" % case and case in (3, 8):
            self._store(bytes(self.due))
        if case in (1, 2, 3):
            self._finish(self.length)
        elif case in (4, 5, 6, 7, 8):
            self._send(case)
        elif case in (9, 10):
            self._drain(self.length)
        else:
            self.stage = DATA
            want = min(self.length, self.due)
            # Whole packets, because the host may send more than is wanted.
            whole = self.length if self.bug == "writes the surplus" else -(-want // self.packet) * self.packet
            self.endpoints.receive(self.buffer[: min(self.length, whole)])
            if self.bug == "csw before the data":
                self._csw(self.status, 0)

    def _send(self, case):
        data = b"" if case == 8 else self.data
        if case != 7 or self.bug != "sends more than was asked":
            data = data[: self.length]
        if self.bug == "cut at 64 KiB":
            data = data[:65536]
        if self.bug == "data shifted" and case == 5:
            data = data[1:] + data[:1]
        residue = max(0, self.length - len(data))
        if residue and self.style == "filled up":
            data = data + bytes(residue)
        if data:
            self.endpoints.send(data)
        if len(data) < self.length:
            if self.style == "stall":
                self.endpoints.halt_in()
            elif len(data) % self.packet == 0 and self.bug != "no zero-length packet":
                self.endpoints.send(b"")
        elif self.bug == "zero-length packet too many" and case == 6:
            self.endpoints.send(b"")
        self._finish(residue)

    def _data(self, count):
        want = min(self.length, self.due)
        taken = min(count, want)
        data = bytes(self.buffer[:count if self.bug == "writes the surplus" else taken])
        if self.status == PASSED and self.bug != "writes nothing":
            self._store(data)
        if self.bug == "case 13 writes zeroes" and self.due > self.length:
            self._store(data + bytes(self.due - len(data)))
        self.residue = self.length - taken
        self._drain(self.length - count)

    def _drain(self, left):
        self.left = left
        if self.stage != DATA:
            self.residue = self.length
        if not left or self.bug == "does not drain":
            self._finish(self.residue)
        elif self.style == "stall":
            self.endpoints.halt_out()
            self._finish(self.residue)
        else:
            self.stage = DRAIN
            self.endpoints.receive(self.buffer[: min(left, len(self.buffer))])

    def _drained(self, count):
        self.left -= count
        if self.left:
            self.endpoints.receive(self.buffer[: self.left])
        else:
            self._finish(self.residue)

    def _finish(self, residue):
        if not (self.bug == "csw before the data" and self.stage == DATA):
            self._csw(self.status, 0 if self.bug == "no residue" else residue)
        self._await_command()

    def _csw(self, status, residue, tag=None):
        tag = self.tag if tag is None else tag
        tag = {"wrong tag": tag + 1 & 0xFFFFFFFF, "tag of 31 bits": tag & 0x7FFFFFFF}.get(self.bug, tag)
        signature = CBW_SIGNATURE if self.bug == "wrong signature" else CSW_SIGNATURE
        raw = CSW.pack(signature, tag, residue, 5 if self.bug == "status 5" else status)
        if self.bug == "csw of a packet":
            raw = raw.ljust(self.packet, b"\0")
        self.endpoints.send(raw[:12] if self.bug == "csw of 12 bytes" else raw)
        if self.bug == "two csws":
            self.endpoints.send(raw)

    # ---- a disk

    def _scsi(self, cdb, lun):
        """(direction, data to the host, bytes due from it)"""
        opcode = cdb[0]
        if lun & (0x0F if self.bug == "any lun bits" else 0xFF) and self.bug != "any lun":
            raise Refusal(UNKNOWN_LUN)
        if opcode == 0x12:
            allocation = struct.unpack(">H", cdb[3:5])[0]
            answer = bytes((0, 0, 6, 2, 31)).ljust(36, b" ")
            return I, answer if not allocation and self.bug == "allocation 0 is all" else answer[:allocation], 0
        if opcode == 0x03:
            (key, asc, ascq), self.sense = self.sense, (0, 0, 0)
            return I, bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0))[: cdb[4]], 0
        if self.attention and self.bug != "attention for ever":
            attention, self.attention = self.attention, None
            raise Refusal(attention)
        if self.bug == "attention for ever":
            raise Refusal(WAS_RESET)
        return self._medium(opcode, cdb)

    def _medium(self, opcode, cdb):
        blocks = len(self.medium) // BLOCK
        if opcode == 0x00:
            return N, b"", 0
        if opcode == 0x25:
            return I, struct.pack(">II", blocks - 1, BLOCK), 0
        if opcode == 0x9E:
            return I, struct.pack(">QI", blocks - 1, BLOCK).ljust(32, b"\0"), 0
        if opcode == 0x1A:
            return I, bytes((3, 0, 0x80 if self.read_only else 0, 0)), 0
        if opcode == 0x42:
            self.place = None
            return O, b"", cdb[8]
        if opcode not in (0x28, 0x2A, 0x88, 0x8A):
            raise Refusal(UNKNOWN_COMMAND)
        lba, count = struct.unpack(">QI", cdb[2:14]) if opcode & 0x80 else struct.unpack(">IxH", cdb[2:9])
        if not count and self.bug == "no blocks is 256":
            count = 256
        if lba + count > blocks:
            if self.bug == "beyond the end passes":
                return (I, bytes(count * BLOCK), 0) if not opcode & 2 else (N, b"", 0)
            raise Refusal(ILLEGAL_LBA)
        self.place = lba * BLOCK
        if opcode & 2:
            return O if count else N, b"", count * BLOCK
        shift = BLOCK if self.bug == "reads elsewhere" and opcode & 0x80 else 0
        return I if count else N, bytes(self.medium[self.place + shift : self.place + shift + count * BLOCK]), 0

    def _store(self, data):
        if self.place is not None:
            self.medium[self.place : self.place + len(data)] = data
