"""USB without hardware: dummy_hcd, controllers of a device and of a host wired to each other; what the host sees."""

import fcntl
from dataclasses import dataclass
from pathlib import Path

from tests.process.boards import wait_until
from tests.vm.lib import shell

HIGH, SUPER = "high-speed", "super-speed"
_MEGABITS = {"480": HIGH, "5000": SUPER, "10000": SUPER}
_DEVICES = Path("/sys/bus/usb/devices")
_USBDEVFS_RESET = 0x5514
_PATIENCE_S = 90.0  # on an emulated processor that is shared


def lay(speed: str = SUPER, ports: int = 1) -> list[str]:
    """Loads dummy_hcd, anew when it is there with other parameters; the names of the device controllers.

    Nothing may be plugged in.
    """
    shell.load("libcomposite", "usb_storage delay_use=0", "sd_mod", "sg")
    if Path("/sys/module/dummy_hcd").exists():
        shell.run("rmmod", "dummy_hcd")
    shell.load("dummy_hcd num=%d is_high_speed=Y is_super_speed=%s" % (ports, "Y" if speed == SUPER else "N"))
    names = ["dummy_udc.%d" % number for number in range(ports)]
    assert all(Path("/sys/class/udc", name).exists() for name in names), "dummy_hcd made no device controllers"
    return names


@dataclass(frozen=True)
class Disk:
    """A disk as the host sees it: its block device, its SCSI generic device, and where sysfs has it and its USB device.

    `speed` is HIGH, SUPER or something else.
    """

    path: str
    sg: str
    usb: Path
    scsi: Path

    @property
    def speed(self) -> str:
        return _MEGABITS.get(shell.read(self.usb / "speed"), "unknown")

    @property
    def size(self) -> int:
        """Bytes; 0 without a medium."""
        return int(shell.read(self.block / "size", "0")) * 512

    @property
    def block(self) -> Path:
        return Path("/sys/block", Path(self.path).name)

    @property
    def is_there(self) -> bool:
        """False when it was unplugged, also when another one has its name now."""
        return self.scsi.exists()

    def rescan(self) -> None:
        """What a host does that looks again at a disk which it knows."""
        shell.write(self.scsi / "rescan", "1")


def take_small_pieces(disk: Disk) -> None:
    """Before file systems with blocks of 512 bytes are used at super speed.

    dummy_hcd takes no transfer of several pieces of memory that are not whole packets of 1024 bytes each, which a
    real host controller does; so the host is told not to merge small writes.
    """
    if disk.speed == SUPER:
        shell.write(disk.block / "queue/nomerges", 2)


def enable_discard(disk: Disk) -> None:
    """Linux asks a USB disk for no vital product data, so one who wants trims says so, by a udev rule say."""
    for path in disk.scsi.glob("scsi_disk/*/provisioning_mode"):
        shell.write(path, "unmap")
    assert int(shell.read(disk.block / "queue/discard_max_bytes")) > 0, "the host takes no discards"


def allow_large_commands(disk: Disk) -> None:
    """Lets the host send 1 MiB at a time, as at super speed; at high speed it can only be told by hand."""
    shell.write(disk.scsi / "max_sectors", 2048)
    shell.write(disk.block / "queue/max_sectors_kb", 1024)


def find(product: str, lun: int = 0) -> Disk | None:
    """The disk of the USB device with this product name, None when the host has none (yet)."""
    for path in shell.matching(_DEVICES / "*/product"):
        if shell.read(path) != product:
            continue
        for scsi in shell.matching(path.parent / ("*:1.*/host*/target*/*:*:*:%d" % lun)):
            names = [each.name for kind in ("block", "scsi_generic") for each in shell.matching(scsi / kind / "*")]
            if len(names) == 2:
                usb = path.parent.resolve()
                return Disk("/dev/" + names[0], "/dev/" + names[1], usb, scsi.resolve())
    return None


def wait_for(product: str, lun: int = 0, limit_s: float = _PATIENCE_S) -> Disk:
    """The disk, as soon as the host has it."""
    return wait_until("the host finds the disk of %s" % product, lambda: find(product, lun), limit_s, 0.1)


def wait_for_medium(product: str, lun: int = 0, limit_s: float = _PATIENCE_S) -> Disk:
    """The disk, as soon as the host has it and its capacity."""

    def ready():
        disk = find(product, lun)
        return disk if disk and disk.size else None

    return wait_until("the host finds a medium in the disk of %s" % product, ready, limit_s, 0.1)


def wait_until_gone(product: str, limit_s: float = _PATIENCE_S) -> None:
    def gone() -> bool:
        return not any(shell.read(path) == product for path in shell.matching(_DEVICES / "*/product"))

    wait_until("%s is unplugged" % product, gone, limit_s, 0.1)


def _gadget_port(product: str) -> Path:
    """The attribute that binds the gadget with this product name to a controller."""
    for path in Path("/sys/kernel/config/usb_gadget").glob("*/strings/0x409/product"):
        if shell.read(path) == product:
            return path.parents[2] / "UDC"
    raise AssertionError("there is no gadget %s" % product)


def unplug(product: str) -> None:
    """Pulls the cable."""
    shell.write(_gadget_port(product), "\n")


def plug(product: str, controller: str = "dummy_udc.0") -> None:
    """Puts it in again."""
    shell.write(_gadget_port(product), controller)


def plug_number(disk: Disk) -> int:
    """Grows whenever the device is plugged in anew; 0 while it is not there."""
    return int(shell.read(disk.usb / "devnum", "0"))


def reset(disk: Disk) -> None:
    """A reset of the USB port, as a host's driver does it when it is at a loss (USBDEVFS_RESET)."""
    node = "/dev/bus/usb/%03d/%03d" % (int(shell.read(disk.usb / "busnum")), plug_number(disk))
    with open(node, "wb") as file:
        fcntl.ioctl(file, _USBDEVFS_RESET, 0)
