"""A host that speaks to the disk, command by command, and looks at all that it is told and at all that it wrote."""

import struct

from firmware.errors import VolumeError
from firmware.host.bot import Bot
from firmware.host.scsi.task import Task
from firmware.host.scsi.unit import LogicalUnit
from tests.fuzz.usb.bus import Bus
from tests.fuzz.usb.disk import MIB, Disk
from tests.fuzz.usb.oracle import FAILED, MOST_WRITTEN, PASSED, PHASE_ERROR, Asked, Oracle, Result, sense_code

MOST_SENT = 3 * MIB + 100  # a host that announced more sends no more than this
_PATIENCE_MS = 26_000
_MOST_STEPS = 3000
_MOST_TAKEN = 5 * MIB  # a host gives a command up that sends more
class Interrupted(Exception):
    """Something ended the command from outside."""


class Session:
    """`fates` is called when the device waits for its disk, and returns a byte that says what happens, or None: all
    goes well. `late`: whether ends of transfers to the host are told late."""

    def __init__(self, size: int, max_packet: int, trims: bool, late: bool):
        self.disk = Disk(size, trims)
        self.bus = Bus()
        self.bus.max_packet = max_packet
        self.late = late
        self.now_ms = 1000
        self.oracle = Oracle(self.disk)
        self.fates = lambda: None
        self._tag = 0x12345678
        self.is_broken = False
        self._start()
        self.bot.session(max_packet)

    def _start(self) -> None:
        """A process of the board's."""
        self.unit = LogicalUnit(self.disk, "Sosie", "Disk", "1", "0123456789ab")
        self.units = [self.unit, LogicalUnit(None, "Sosie", "View", "1", "0123456789ac", writable=False)]
        self.task = Task(self.units, memoryview(bytearray(MIB + 1024)))
        self.bot = self.bus.bot = Bot(self.task, self.units, self.bus)

    # The bus

    def reset(self) -> None:
        """Bulk-Only Mass Storage Reset, and both halts cleared."""
        self.bus.halted = self.is_broken = False
        self.bot.reset()
        self._check_idle()

    def replug(self, is_unplugged: bool) -> None:
        """A bus reset; or unplugged and plugged in again."""
        if is_unplugged:
            self.bot.ended()
        self.bus.halted = self.is_broken = False
        self.bot.session(self.bus.max_packet)
        self._check_idle()

    def lose(self, is_gone: bool) -> None:
        """A transfer failed."""
        self.bot.lost(is_gone)
        if is_gone:
            self.replug(False)
        else:
            self._check_broken()

    def take_over(self) -> None:
        """The process dies; another one goes on with the same endpoints and the same disk."""
        self.bus.drop()
        self.disk.waits = []
        self._start()
        self.bot.resume(self.bus.max_packet)
        self._check_broken()

    def _check_idle(self) -> None:
        assert [len(view) for view in self.bus.outs] == [self.bus.max_packet], "no command is awaited"
        assert not self.bus.ins and not self.bus.halted

    def _check_broken(self) -> None:
        assert self.bus.halted, "it is not stalled"
        assert all(data == bytes(13) for data, _ in self.bus.ins), "a host may take this for a status"
        self.bus.halted = False  # the host clears the halts alone, and looks
        self.is_broken = True

    def garbage(self, data: bytes) -> None:
        """A packet that is no command block wrapper."""
        if len(data) == 31 and data[:4] == b"USBC":
            data = b"usbc" + data[4:]
        self.bus.packet(data[:self.bus.max_packet])
        self._check_broken()

    # Commands

    def command(self, cdb: bytes, length: int, flags: int, lun: int, expected: int, data: bytes, sent=None):
        """Sends a command block wrapper with these fields, then data and all; returns a Result, or None when it was
        not valid, or interrupted. `data` go to the device as often as it takes, `sent` bytes if that is less."""
        self._tag = (self._tag + 1) & 0xFFFFFFFF
        wrapper = struct.pack("<4sIIBBB", b"USBC", self._tag, expected, flags, lun, length) + cdb
        is_valid = not flags & 0x7F and lun < 16 and 1 <= length <= 16 and not self.is_broken
        to_host = bool(flags & 0x80)
        stream = b"" if to_host else _stream(data, min(expected, MOST_SENT, expected if sent is None else sent))
        shown = cdb[:length] + bytes(16 - min(length, 16))
        asked = Asked(shown, lun, to_host, expected, stream)
        if is_valid:
            self.oracle.begins(asked, self.unit)
        try:
            self.bus.packet(wrapper)
            if not is_valid:
                self._check_broken()
                return None
            assert not self.bus.halted
            result = self._carry_out(to_host, expected, stream)
        except Interrupted:
            self.oracle.interrupted()
            return None
        if result.status == FAILED:
            assert self.task.status == 2
            result.code = sense_code(self.task.sense)
            assert result.code, "failed for no reason"
        self.oracle.ended(asked, result)
        return result

    def _carry_out(self, to_host: bool, expected: int, stream: bytes) -> Result:
        """Data and status, as the device asks for them."""
        bus, at, got = self.bus, 0, bytearray()
        is_short = len(stream) < expected and not to_host
        takes_data = to_host and expected > 0
        is_open = not to_host and expected > 0 and (len(stream) > 0 or is_short)  # the host has not sent all yet
        began_ms, written = self.now_ms, self.disk.written
        for step in range(_MOST_STEPS):
            if self.disk.written > written + MOST_WRITTEN or len(got) > _MOST_TAKEN:
                break
            if is_open and bus.outs and not bus.ins:
                at, is_ended = bus.give(stream, at, is_short)
                is_open = at < len(stream) or not is_ended and is_short and len(stream) % bus.max_packet == 0
            elif bus.ins:
                assert not is_open, "the status comes before all data are taken"
                transfer = bus.take(self.late)
                if not takes_data:
                    self.oracle.over()
                    return self._status(transfer, expected, to_host, got)
                got += transfer
                assert len(got) <= expected, "%d bytes where %d are expected" % (len(got), expected)
                if len(transfer) % bus.max_packet or not transfer or len(got) == expected:
                    takes_data = False
            elif not bus.report():
                self._wait(began_ms)
        self.reset()
        raise Interrupted

    def _status(self, transfer: bytes, expected: int, to_host: bool, got: bytearray) -> Result:
        assert len(transfer) == 13 and transfer[:4] == b"USBS", "no status: %r" % transfer[:20]
        tag, residue, status = struct.unpack("<IIB", transfer[4:])
        assert tag == self._tag, "the status of another command"
        assert residue <= expected and status <= PHASE_ERROR
        assert not to_host or len(got) == expected - residue, "residue %d, but %d came" % (residue, len(got))
        self._check_idle()
        return Result(status, bytes(got), residue)

    def _wait(self, began_ms: int) -> None:
        """Nothing can move on the bus: time goes on, or something happens to the disk, or to the bus."""
        disk, before = self.disk, self.disk.written
        due = self.bot.poll(self.now_ms)
        if self.bus.ins or self.bus.outs or disk.written > before or due is not None and due <= self.now_ms:
            return
        fate = self.fates()
        if fate is not None and fate % 16 >= 10:
            self._happen(fate)
        elif disk.waits:
            kind, which = fate % 16 if fate is not None else 0, fate >> 4 if fate is not None else 0
            reason = {8: VolumeError.FAILED, 9: VolumeError.FULL}.get(kind)
            disk.settle(which, VolumeError.UNCONFIRMED if reason and disk.waits[which % len(disk.waits)].kind == "flush"
                        else reason)
        else:
            assert due is not None, "nobody will ever answer"
            self.now_ms = due
        assert self.now_ms - began_ms <= _PATIENCE_MS, "no answer in time"

    def _happen(self, fate: int) -> None:
        kind = fate % 16
        if kind == 10:
            self.task.resumed()
        elif kind == 11:
            self.now_ms += 12_500
        elif kind == 12:
            self.disk.fail()
        else:
            if kind == 13:
                self.reset()
            elif kind == 14:
                self.replug(bool(fate & 16))
            elif fate & 32:
                self.take_over()
            else:
                self.lose(bool(fate & 16))
            raise Interrupted

    # Ends

    def recover(self) -> None:
        """Reset recovery; then TEST UNIT READY and REQUEST SENSE work, and the disk holds what it must."""
        self.fates = lambda: None
        self.oracle.over()
        self.reset()
        while self.disk.waits:
            self.disk.settle(0)
        self._check_idle()
        answers = [self.command(bytes(16), 6, 0, 0, 0, b"").status for _ in range(4)]
        if self.unit.volume is self.disk and not (self.disk.failed or self.disk.refusal or self.unit.ejected):
            assert answers[-1] == PASSED, "it does not become ready"
        sense = self.command(b"\x03\0\0\0\x12" + bytes(11), 6, 0x80, 0, 18, b"")
        assert sense.status == PASSED and len(sense.data) == 18
        sense_code(sense.data)
        self.oracle.check_all()


def _stream(data: bytes, count: int) -> bytes:
    data = data or b"\x5a"
    return (data * (count // len(data) + 1))[:count]
