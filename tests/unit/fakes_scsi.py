"""A host that gives SCSI commands to a Task, on a volume in memory."""

import struct

from firmware.host.scsi.task import FROM_HOST, TO_HOST, Task
from firmware.host.scsi.unit import LogicalUnit
from tests.unit import fakes_nbd

MIB = 1 << 20
BLOCK = 512
GOOD, CHECK = 0, 2


class FakeVolume(fakes_nbd.FakeVolume):
    def __init__(self, size=2 * MIB):
        super().__init__(size)
        self.failed = False

    def changes(self):
        """What was done to the medium, reads left out."""
        return [call for call in self.calls if call[0] != "read"]


class Host:
    """`waits` counts how often the transport had nothing to do but wait; `now_ms` is handed to poll()."""

    def __init__(self, volume=None, autosense=False, **more):
        self.volume = volume or FakeVolume()
        self.unit = LogicalUnit(self.volume, "SOSIE", "Disk", "1", "serial-1", **more)
        self.empty = LogicalUnit(None, "SOSIE", "View", "1", "serial-2", removable=True, writable=False)
        self.task = Task([self.unit, self.empty], memoryview(bytearray(MIB + 1024)), autosense)
        self.task.resumed = self._resumed
        self.resumptions = 0
        self.now_ms = 0
        self.got = bytearray()
        self.data = b""
        self.moved = 0
        self.windows = []

    def _resumed(self):
        self.resumptions += 1

    def begin(self, cdb, data=b"", lun=0, announced=None):
        """Starts a command and goes on with it until it is over or waits."""
        cdb = cdb if type(cdb) is bytes else bytes([int(each, 16) for each in cdb.split()])
        self.got, self.data, self.moved, self.windows = bytearray(), data, 0, []
        self.task.begin(lun, cdb, announced)
        self.go_on()

    def go_on(self):
        task = self.task
        while task.window is not None:
            window = task.window
            size = len(window)
            self.windows.append(size)
            if task.direction == TO_HOST:
                self.got.extend(window)
            else:
                assert task.direction == FROM_HOST
                window[:] = self.data[self.moved : self.moved + size]
            self.moved += size
            task.moved()

    def poll(self):
        due = self.task.poll(self.now_ms)
        self.go_on()
        return due

    def do(self, cdb, data=b"", lun=0, announced=None):
        """A whole command; the status. Pauses of the command are cut short."""
        self.begin(cdb, data, lun, announced)
        turns = 0
        while self.task.status is None:
            turns += 1
            assert turns < 1000, "it waits for ever"
            self.poll()
        return self.task.status

    def ask(self, cdb, lun=0):
        """The data of a command that must succeed."""
        assert self.do(cdb, b"", lun) == GOOD, "sense %s" % self.sense
        return bytes(self.got)

    def refused(self, cdb, data=b"", lun=0, announced=None):
        """The sense of a command that must fail, as "key/asc/ascq" in hexadecimal."""
        assert self.do(cdb, data, lun, announced) == CHECK, "it was not refused"
        return self.sense

    @property
    def sense(self):
        sense = self.task.sense
        return "%X/%02X/%02X" % (sense[2], sense[12], sense[13])

    @property
    def information(self):
        """The INFORMATION field, None when it is not valid."""
        sense = self.task.sense
        return struct.unpack_from(">I", sense, 3)[0] if sense[0] & 0x80 else None

    @property
    def field(self):
        """(in the CDB, byte, bit or None) of the field pointer; None when there is none."""
        flags, byte = struct.unpack_from(">BH", self.task.sense, 15)
        if not flags & 0x80:
            return None
        return bool(flags & 0x40), byte, flags & 7 if flags & 8 else None


def ten(opcode, lba, blocks, flags=0):
    return struct.pack(">BBIBHB", opcode, flags, lba, 0, blocks, 0)


def twelve(opcode, lba, blocks, flags=0):
    return struct.pack(">BBIIBB", opcode, flags, lba, blocks, 0, 0)


def sixteen(opcode, lba, blocks, flags=0):
    return struct.pack(">BBQIBB", opcode, flags, lba, blocks, 0, 0)


def pattern(blocks, first=1):
    """Blocks that all differ."""
    return b"".join([bytes([(first + i) & 0xFF, (first + i) >> 8 & 0xFF]) * (BLOCK // 2) for i in range(blocks)])
