"""A fake board: a card as files in a folder, the kernel's view of it, and programs that are only noted.

Partitions are files of their own, so a cut can lose what was written to one and not synced: `cut()` takes the power
away, with what was not synced kept or lost, and the machine is as after a boot.
"""

import json
import os
import shutil
from pathlib import Path

from board.setup import table
from board.setup.machine import Machine
from firmware.errors import Refused

MIB = 1 << 20
CARD_SIZE = 3 << 30
ROOT_END = 1124 * MIB
NAME = "vda"


class Cut(BaseException):
    """The power went here."""


class FakeMachine(Machine):
    """`cut_after`: so many changes are done, then Cut."""

    def __init__(self, root: Path, size: int = CARD_SIZE):
        super().__init__(str(root))
        self.root = root
        self.cut_after = None
        self.changes = 0
        self.commands = []
        self.broken = {}  # program -> its last words
        self.hostname = None
        self.added = []
        self.looked_at = []
        self._mounted = set()
        for folder in ("dev", "card", "state", "sys/dev/block", "proc/self", "run", "run/systemd"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        disk = root / "dev" / NAME
        if not disk.exists():
            with open(disk, "wb") as file:
                file.write(master_record())
                file.truncate(size)
        self._tell_partitions()

    # What the code under test asks for

    def change(self) -> None:
        if self.cut_after is not None and self.changes >= self.cut_after:
            raise Cut
        self.changes += 1

    def root_device(self) -> tuple:
        return 254, 2

    def owner(self) -> tuple:
        return os.getuid(), os.getgid()

    def give(self, path: str, uid: int, gid: int) -> None:
        self.change()

    def lend_gadget(self, uid: int, gid: int) -> None:
        raise Refused("this machine has no USB gadgets")

    def name(self, name: str) -> None:
        self.hostname = name

    def is_mounted(self, path: str) -> bool:
        return path in self._mounted

    def add_partition(self, disk: int, number: int, start: int, size: int) -> None:
        self.change()
        self._add(number, size)
        self.added.append((number, start, size))

    def look_again(self, device: str) -> None:
        self.change()
        assert partitions(self.root / "dev" / NAME)[-1][0] == 7, "the table does not name them yet"
        self.looked_at.append(device)

    def run(self, *command: str) -> None:
        self.change()
        self.commands.append(command)
        if command[0] in self.broken:
            raise Refused("%s failed: %s" % (command[0], self.broken[command[0]]))
        if command[0] == "mount" and "remount,rw" not in command and "remount,ro" not in command:
            self._mounted.add(command[-1])
        if command[0] == "mke2fs":
            with open(command[-1], "r+b") as file:  # a cut before it ends leaves half of one
                file.write(b"half")
                self.change()
                file.seek(0)
                file.write(b"ext4")

    # The kernel

    def boot(self) -> "FakeMachine":
        """The same card after the power came back."""
        shutil.rmtree(self.root / "run")
        return FakeMachine(self.root)

    def _tell_partitions(self) -> None:
        device = self.root / "sys/devices" / NAME
        shutil.rmtree(device, ignore_errors=True)
        device.mkdir(parents=True)
        disk = self.root / "dev" / NAME
        (device / "size").write_text("%d\n" % (disk.stat().st_size // 512))
        for number, _, size in partitions(disk):
            self._add(number, size)
        link = self.root / "sys/dev/block/254:2"
        link.unlink(missing_ok=True)
        link.symlink_to(device / (NAME + "2"))

    def _add(self, number: int, size: int) -> None:
        folder = self.root / "sys/devices" / NAME / ("%s%d" % (NAME, number))
        folder.mkdir()
        (folder / "partition").write_text("%d\n" % number)
        path = self.root / "dev" / ("%s%d" % (NAME, number))
        if not path.exists():
            path.write_bytes(b"an older card's\n" * 4096)  # never trust what lies there
            os.truncate(path, min(size, 64 * MIB))

    def facts(self) -> dict:
        return json.loads((self.root / "run/sosie/card.json").read_text())

    def part(self, number: int) -> Path:
        return self.root / "dev" / ("%s%d" % (NAME, number))


def master_record() -> bytes:
    """As the image has it: the boot partition and two roots."""
    sector = bytearray(512)
    sector[440:444] = b"\x78\x56\x34\x12"
    places = ((0x0C, 4 * MIB, 96 * MIB), (0x83, 100 * MIB, 512 * MIB), (0x83, 612 * MIB, 512 * MIB))
    for index, (kind, start, size) in enumerate(places):
        table._put(sector, index, kind, start, size)
    sector[510:512] = b"\x55\xaa"
    return bytes(sector)


def partitions(disk: Path) -> list:
    """(number, start, size) as a kernel reads them, by the code of nobody else here."""
    found = []
    with open(disk, "rb") as file:
        extended = None
        for number, (kind, start, size) in enumerate(_entries(file, 0), 1):
            if kind == 0x0F:
                extended = start
            if kind:
                found.append((number, start, size))
        record, number = extended, 5
        while record is not None:
            data, after = _entries(file, record)[:2]
            found.append((number, record + data[1], data[2]))
            record, number = (extended + after[1] if after[0] else None), number + 1
    return found


def _entries(file, offset: int) -> list:
    file.seek(offset)
    sector = file.read(512)
    assert sector[510:] == b"\x55\xaa", "no boot record at %d" % offset
    found = []
    for at in range(446, 510, 16):
        entry = sector[at : at + 16]
        words = [int.from_bytes(entry[begin : begin + 4], "little") * 512 for begin in (8, 12)]
        found.append((entry[4], *words))
    return found


class CuttableOs:
    """os, for a module under test: writes and syncs count as changes. Of what was not synced a cut leaves `keeps`: all,
    none, or only the last write."""

    def __init__(self, machine: FakeMachine, keeps: str):
        self._machine = machine
        self._keeps = keeps
        self._pending = {}

    def cut(self) -> None:
        """What the medium did by itself before the power went."""
        if self._keeps == "last":
            for descriptor, writes in self._pending.items():
                os.pwrite(descriptor, *writes[-1])

    def __getattr__(self, name: str):
        return getattr(os, name)

    def _change(self) -> None:
        try:
            self._machine.change()
        except Cut:
            self.cut()
            raise

    def pwrite(self, descriptor: int, data, offset: int) -> int:
        self._change()
        if self._keeps == "all":
            return os.pwrite(descriptor, data, offset)
        self._pending.setdefault(descriptor, []).append((bytes(data), offset))
        return len(data)

    def fsync(self, descriptor: int) -> None:
        self._change()
        for data, offset in self._pending.pop(descriptor, []):
            os.pwrite(descriptor, data, offset)
