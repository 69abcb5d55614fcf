"""The machine as the set-up sees it: every path below a root that tests replace, every program through run()."""

import fcntl
import os
import socket
import struct
import subprocess

from firmware.errors import Refused

_BLKPG, _ADD_PARTITION = 0x1269, 1
_ORDER, _PARTITION = struct.Struct("@iiiP"), struct.Struct("@qqi64s64s4x")  # linux/blkpg.h
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """`root`: put in front of every path; "" is the machine itself."""

    def __init__(self, root: str = ""):
        self.sys = root + "/sys"
        self.dev = root + "/dev"
        self.top = root + "/"
        self.card = root + "/card"  # the FAT partition, mounted
        self.state = root + "/state"
        self.run_folder = root + "/run/sosie"
        self.run_network = root + "/run/systemd"
        self.time_state = root + "/var/lib/systemd/timesync"

    def root_device(self) -> tuple:
        """(major, minor) of what / is mounted from."""
        number = os.stat(self.top).st_dev
        return os.major(number), os.minor(number)

    def run(self, *command: str) -> None:
        """Runs a program to its end; Refused with its last words when it fails."""
        environment = {"PATH": _PATH, "LC_ALL": "C"}
        try:
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except OSError as error:
            raise Refused("%s cannot be run (%s)" % (command[0], error.strerror)) from None
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines() or ["exit code %d" % done.returncode]
            raise Refused("%s failed: %s" % (command[0], words[-1][:200]))

    def add_partition(self, disk: int, number: int, start: int, size: int) -> None:
        """Tells the kernel of a partition, in bytes, that stands in no table yet; `disk`: a descriptor (blkpg.h)."""
        import ctypes

        what = ctypes.create_string_buffer(_PARTITION.pack(start, size, number, b"", b""))
        fcntl.ioctl(disk, _BLKPG, _ORDER.pack(_ADD_PARTITION, 0, _PARTITION.size, ctypes.addressof(what)))

    def look_again(self, device: str) -> None:
        """Has udev look at a block device once more."""
        with open("%s/class/block/%s/uevent" % (self.sys, os.path.basename(device)), "w") as file:
            file.write("change")

    def owner(self) -> tuple:
        """(uid, gid) of the user that the firmware runs as."""
        import pwd

        try:
            entry = pwd.getpwnam("sosie")
        except KeyError:
            raise Refused("this image has no user sosie; flash the card again") from None
        return entry.pw_uid, entry.pw_gid

    def give(self, path: str, uid: int, gid: int) -> None:
        os.chown(path, uid, gid, follow_symlinks=False)

    def lend_gadget(self, uid: int, gid: int) -> None:
        """Makes the USB gadget for the user who runs the firmware."""
        from board.usb.lent import lend
        from board.usb.paths import Paths

        lend(Paths(), "board", uid, gid)

    def name(self, name: str) -> None:
        """The name of the machine, on the network."""
        socket.sethostname(name)

    def is_mounted(self, path: str) -> bool:
        return os.path.ismount(path)
