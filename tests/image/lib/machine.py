"""The machine around a card: QEMU's command line and process, what is plugged in and pulled out, power cuts."""

import json
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.lib.monitor import Monitor
from tests.process.boards import wait_until
from tests.vm import child

PATIENCE_S = 60.0


@dataclass
class Disk:
    """An attached disk. `bus` is "usb", with a port of the controller, or "virtio"."""

    path: Path
    serial: str
    bus: str = "usb"
    port: int = 1

    @property
    def id(self) -> str:
        return "disk-" + self.serial

    def drive(self) -> dict:
        return {
            "driver": "raw", "node-name": "node-" + self.serial, "discard": "unmap",
            "file": {"driver": "file", "filename": str(self.path), "discard": "unmap"},
        }  # fmt: skip

    def device(self) -> dict:
        common = {"id": self.id, "drive": "node-" + self.serial, "serial": self.serial}
        if self.bus == "virtio":
            return {"driver": "virtio-blk-pci"} | common
        return {"driver": "usb-storage", "bus": "xhci.0", "port": str(self.port)} | common


@dataclass
class Wiring:
    """How the machine is built. `forwards` maps ports of this machine's loopback to those of the board."""

    card: Path
    disks: list[Disk] = field(default_factory=list)
    forwards: dict[int, int] = field(default_factory=dict)
    base: tuple[str, ...] = ("qemu-system-x86_64", "-machine", "pc", "-cpu", "max")
    memory: str = "512M"
    cpus: int = 1
    clock: str = "utc"  # or a date: a board has no clock of its own
    wire: tuple[Path, Path] | None = None  # sockets of its network: QEMU's and somebody else's; no way out then


class Machine:
    """A running QEMU. In `folder`, whose path must be short, lie its sockets, `serial.log`, which is what its serial
    port said, and `told`, which is what somebody in it wrote to /dev/hvc1."""

    def __init__(self, folder: Path, wiring: Wiring):
        self.folder = folder
        self.serial_log = folder / "serial.log"
        with open(folder / "qemu.log", "ab") as log:
            self._process = child.start(command(folder, wiring), stdout=log, stderr=log)
        self.monitor = Monitor(self.connect("qmp"))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def connect(self, name: str) -> socket.socket:
        """The other end of one of its sockets: "shell", "serial" or "qmp"."""

        def attempt():
            assert self.running, "QEMU ended: " + (self.folder / "qemu.log").read_text(errors="replace")
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.folder / name))
                return connection
            except OSError:
                connection.close()
                return None

        return wait_until("QEMU listens on its socket " + name, attempt, PATIENCE_S)

    def cut(self) -> None:
        """The power is gone between two instructions."""
        child.end(self._process)
        for name in ("shell", "serial", "qmp"):
            (self.folder / name).unlink(missing_ok=True)

    def wait_for_end(self, limit_s: float) -> bool:
        try:
            self._process.wait(limit_s)
            return True
        except subprocess.TimeoutExpired:
            return False

    def seconds_of_processor(self) -> float:
        """What it has used until now."""
        fields = Path("/proc/%d/stat" % self.pid).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def plug(self, disk: Disk) -> None:
        self.monitor.ask("blockdev-add", **disk.drive())
        self.monitor.ask("device_add", **disk.device())

    def pull(self, disk: Disk) -> None:
        """Without a word to the board."""
        self.pull_device(disk.id)
        node = {"node-name": "node-" + disk.serial}
        wait_until("QEMU lets go of its file", lambda: self.monitor.try_ask("blockdev-del", **node)[0], PATIENCE_S)

    def pull_card(self) -> None:
        self.pull_device("card")

    def pull_device(self, name: str) -> None:
        self.monitor.ask("device_del", id=name)
        wait_until("%s is pulled" % name, lambda: not self._has(name), 240.0)

    def _has(self, name: str) -> bool:
        return any(each["name"] == name for each in self.monitor.ask("qom-list", path="/machine/peripheral"))


def command(folder: Path, wiring: Wiring) -> list[str]:
    argv = [*wiring.base, "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg,thread=multi"]
    argv += ["-smp", str(wiring.cpus), "-m", wiring.memory, "-rtc", "base=" + wiring.clock]
    argv += ["-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"]
    argv += ["-drive", "if=none,id=card,format=raw,cache=writeback,discard=unmap,file=%s" % _escaped(wiring.card)]
    argv += ["-device", "virtio-blk-pci,id=card,drive=card,serial=CARD,bootindex=0"]
    argv += ["-device", "qemu-xhci,id=xhci"]
    for disk in wiring.disks:
        argv += ["-blockdev", json.dumps(disk.drive()), "-device", json.dumps(disk.device())]
    argv += [*_socket("serial", folder, ",logappend=on,logfile=%s" % _escaped(folder / "serial.log"))]
    argv += ["-serial", "chardev:serial", "-device", "virtio-serial-pci", *_socket("shell", folder)]
    argv += ["-device", "virtconsole,chardev=shell", "-qmp", "unix:%s,server=on,wait=off" % _escaped(folder / "qmp")]
    argv += ["-chardev", "file,id=told,append=on,path=%s" % _escaped(folder / "told")]
    argv += ["-device", "virtconsole,chardev=told"]
    return argv + _network(wiring)


def _socket(name: str, folder: Path, more: str = "") -> list[str]:
    return ["-chardev", "socket,id=%s,server=on,wait=off,path=%s%s" % (name, _escaped(folder / name), more)]


def _network(wiring: Wiring) -> list[str]:
    """A hub with the board, a way in and out, and perhaps somebody who sends frames of his own."""
    ways = "".join(",hostfwd=tcp:127.0.0.1:%d-:%d" % pair for pair in wiring.forwards.items())
    # QEMU would pass on what others on the wire send, as connections of this machine.
    ways += ",restrict=on" if wiring.wire else ""
    argv = ["-netdev", "user,id=user" + ways, "-netdev", "hubport,id=hub0,hubid=0,netdev=user"]
    if wiring.wire:
        ends = "local.type=unix,local.path=%s,remote.type=unix,remote.path=%s"
        argv += ["-netdev", "dgram,id=wire," + ends % tuple(map(_escaped, wiring.wire))]
        argv += ["-netdev", "hubport,id=hub1,hubid=0,netdev=wire"]
    argv += ["-netdev", "hubport,id=net,hubid=0"]
    return argv + ["-device", "virtio-net-pci,netdev=net,mac=52:54:00:00:00:01"]


def _escaped(path: Path) -> str:
    """QEMU's options are separated by commas."""
    return str(path).replace(",", ",,")
