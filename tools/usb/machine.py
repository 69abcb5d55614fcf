"""What Linux says of a USB device, its disks and who uses them: sysfs and /proc, under a root that tests replace."""

import errno
import os
import re

from tools.errors import BoardError


class Disk:
    """A block device of a board: `name` as in /dev, its LUN and its size in bytes (0: no medium)."""

    def __init__(self, name: str, lun: int, size: int):
        self.name, self.lun, self.size = name, lun, size

    def __str__(self):
        return "/dev/%s%s" % (self.name, "" if self.size else " (no medium)")


class Machine:
    """This computer. `root` holds its /sys, /proc and /dev."""

    def __init__(self, root: str = "/"):
        self._root = root

    def knows_usb(self) -> bool:
        """Whether there is a Linux to ask."""
        return os.path.isdir(self._path("sys/bus/usb/devices"))

    def port_of(self, bus: int, address: int) -> "str | None":
        """The name of a device by its place: '1-2.4'."""
        for port in self._names("sys/bus/usb/devices"):
            if ":" in port:  # an interface of a device
                continue
            if (self.string(port, "busnum"), self.string(port, "devnum")) == (str(bus), str(address)):
                return port
        return None

    def string(self, port: str, name: str) -> "str | None":
        """A string descriptor or another file of a device: 'serial', 'product', 'manufacturer'."""
        return self._text("sys/bus/usb/devices/%s/%s" % (port, name))

    def may_open(self, bus: int, address: int) -> bool:
        """Whether this user may send requests to a device."""
        return os.access(self._path("dev/bus/usb/%03d/%03d" % (bus, address)), os.R_OK | os.W_OK)

    def disks(self, port: str) -> "list[Disk]":
        """The block devices of a USB device, by LUN."""
        found = []
        device = "sys/bus/usb/devices/%s" % port
        for interface in self._names(device):
            if not interface.startswith(port + ":"):
                continue
            for unit in self._units("%s/%s" % (device, interface)):
                for name in self._names(unit + "/block"):
                    size = 512 * int(self._text("%s/block/%s/size" % (unit, name)) or 0)
                    found.append(Disk(name, int(unit.rpartition(":")[2]), size))
        return sorted(found, key=lambda disk: disk.lun)

    def _units(self, interface: str) -> "list[str]":
        """Folders of the SCSI logical units: host0/target0:0:0/0:0:0:0."""
        found = []
        for host in self._matching(interface, r"host\d+"):
            for target in self._matching(host, r"target[\d:]+"):
                found += self._matching(target, r"\d+:\d+:\d+:\d+")
        return found

    def _matching(self, folder: str, pattern: str) -> "list[str]":
        return ["%s/%s" % (folder, name) for name in self._names(folder) if re.fullmatch(pattern, name)]

    # ---- who uses a disk

    def use_of(self, disk: str) -> "str | None":
        """In what way a disk, a partition of it or anything that lies on these is used; None for not at all."""
        for name in [disk, *self._partitions(disk)]:
            use = self._use(name)
            if use:
                return use
        return None

    def _partitions(self, disk: str) -> "list[str]":
        return [name for name in self._names("sys/block/" + disk)
                if os.path.exists(self._path("sys/block/%s/%s/partition" % (disk, name)))]

    def _use(self, name: str) -> "str | None":
        for look in (self._mounted, self._swapping, self._looped):
            use = look(name)
            if use:
                return "/dev/%s %s" % (name, use)
        for holder in self._names("sys/class/block/%s/holders" % name):
            return self._use(holder) or "/dev/%s is part of /dev/%s" % (name, holder)
        return None

    def _mounted(self, name: str) -> "str | None":
        number = self._text("sys/class/block/%s/dev" % name)
        for line in (self._text("proc/self/mountinfo") or "").splitlines():
            fields, _, rest = line.partition(" - ")
            source = (rest.split(" ") + ["", ""])[1]
            # A file system over several devices has a number of its own, and names one of them.
            if fields.split(" ")[2] == number or self._is_name(source, name):
                return "is mounted at %s" % _unescaped(fields.split(" ")[4])
        return None

    def _swapping(self, name: str) -> "str | None":
        lines = (self._text("proc/swaps") or "").splitlines()[1:]
        return "is swap space" if any(self._is_name(line.split()[0], name) for line in lines) else None

    def _looped(self, name: str) -> "str | None":
        for loop in self._names("sys/block"):
            backing = self._text("sys/block/%s/loop/backing_file" % loop)
            if backing and self._is_name(backing, name):
                return "is behind /dev/%s" % loop
        return None

    def _is_name(self, path: str, name: str) -> bool:
        return path.startswith("/dev/") and os.path.realpath(self._path(path[1:])) == os.path.realpath(
            self._path("dev/" + name))

    def hold(self, disk: str) -> int:
        """Opens a disk so that nobody can mount it or a partition of it; the descriptor. Raises BoardError."""
        try:
            return os.open(self._path("dev/" + disk), os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK)
        except OSError as error:
            number, why = error.errno, error.strerror
        if number == errno.ENOMEDIUM:
            return os.open(os.devnull, os.O_RDONLY)
        if number in (errno.EACCES, errno.EPERM):
            raise BoardError("Only root can see whether somebody uses /dev/%s: run this as root." % disk)
        if number == errno.EBUSY:
            raise BoardError("/dev/%s is in use: a program or another container holds it or a part of it; stop that "
                             "first." % disk)
        raise BoardError("/dev/%s cannot be opened: %s." % (disk, why))

    # ---- files

    def _path(self, path: str) -> str:
        return os.path.join(self._root, path)

    def _names(self, folder: str) -> "list[str]":
        try:
            return sorted(os.listdir(self._path(folder)))
        except OSError:
            return []

    def _text(self, path: str) -> "str | None":
        try:
            with open(self._path(path), encoding="utf-8", errors="replace") as file:
                return file.read().strip()
        except OSError:
            return None


def _unescaped(path: str) -> str:
    """mountinfo writes blanks and the like as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)
