"""The board's own transport and SCSI behind a fake bus, on a volume in memory."""

from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import Task
from firmware.host.scsi.unit import LogicalUnit
from tests.usb.fake_bus import FakeBus

PIECE = 1 << 20


class MemoryVolume:
    """What firmware/disk/volume.py is to its users. `is_slow`: nothing ends before `work` was called."""

    MAX_WRITE = PIECE
    trims, ready, refusal, failed = True, True, "", None

    def __init__(self, content: bytearray, is_slow: bool = False):
        self.content, self.size, self.is_slow = content, len(content), is_slow
        self._later = []

    def work(self) -> bool:
        later, self._later = self._later, []
        for call in later:
            call()
        return bool(later)

    def read(self, offset, view, done) -> bool:
        def fill():
            view[:] = self.content[offset : offset + len(view)]
            done()

        if self.is_slow:
            self._later.append(fill)
            return False
        view[:] = self.content[offset : offset + len(view)]
        return True

    def write(self, offset, view) -> bool:
        assert len(view) <= PIECE
        self.content[offset : offset + len(view)] = view
        return True

    def zero(self, offset, length, trim) -> bool:
        self.content[offset : offset + length] = bytes(length)
        return True

    def flush(self, done) -> None:
        self._later.append(done)

    def wait_for_room(self, callback) -> None:
        self._later.append(callback)


class Appliance:
    """`bus` leads to it. `volume` None: a drive without a medium."""

    def __init__(self, max_packet: int, volume):
        self.bus = bus = FakeBus(max_packet)
        view = LogicalUnit(None, "SOSIE", "View", "1.0", "0123456789AB1", removable=True, writable=False)
        units = [LogicalUnit(volume, "SOSIE", "Mirrored disk", "1.0", "0123456789AB"), view]
        self.task = Task(units, memoryview(bytearray(PIECE + MAX_PACKET)))
        self.bot = Bot(self.task, units, bus.endpoints)
        self._now_ms = 0
        if volume is not None:
            bus.work.append(volume.work)
        bus.work.append(self._poll)
        bus.plug(self.bot)

    def _poll(self) -> bool:
        """A turn of the loop; its time goes on only when somebody asks for that."""
        before = self.task.status, self.task.window
        self.bot.poll(self._now_ms)
        return (self.task.status, self.task.window) != before
