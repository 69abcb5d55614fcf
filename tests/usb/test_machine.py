"""What `sosie usb` reads out of sysfs and /proc: which disks a board has, and who uses them."""

import errno
import os

import pytest

from tests.usb.fake_computer import Files
from tools.errors import BoardError
from tools.usb.machine import Machine


@pytest.fixture
def files(tmp_path):
    made = Files(tmp_path)
    made.board()
    return made


@pytest.fixture
def machine(files):
    return Machine(str(files.root))


def test_a_device_is_found_by_its_place(machine, files):
    assert machine.knows_usb() and machine.port_of(1, 4) == "1-2"
    assert machine.port_of(1, 5) is None and machine.port_of(2, 4) is None
    assert machine.string("1-2", "product") == "Sosie left" and machine.string("1-2", "none") is None


def test_disks_by_lun(machine, files):
    files.board("1-20", 9, disks=("sdq",))
    assert [str(disk) for disk in machine.disks("1-2")] == ["/dev/sda", "/dev/sdb (no medium)"]
    assert [(disk.name, disk.lun, disk.size) for disk in machine.disks("1-20")] == [("sdq", 0, 1 << 20)]
    assert machine.disks("9-9") == []


def test_nobody_uses_it(machine, files):
    files.block("sda1", "8:1", "sda")
    assert machine.use_of("sda") is None and machine.use_of("sdb") is None


@pytest.mark.parametrize("line, use", [
    ("30 21 8:0 / /mnt/a\\040b rw - ext4 /dev/sda rw", "/dev/sda is mounted at /mnt/a b"),
    ("30 21 8:1 / /mnt rw shared:5 master:1 - vfat /dev/sda1 rw", "/dev/sda1 is mounted at /mnt"),
    ("30 21 0:44 / /mnt rw - btrfs /dev/sda1 rw", "/dev/sda1 is mounted at /mnt"),
    ("30 21 253:0 / /mnt rw - xfs /dev/mapper/vg-root rw", "/dev/dm-0 is mounted at /mnt"),
    ("30 21 8:17 / /mnt rw - xfs /dev/sdb1 rw", None),
])  # fmt: skip
def test_mounts(machine, files, line, use):
    files.block("sda1", "8:1", "sda", holders=["dm-0"] if "dm-0" in str(use) else [])
    files.block("dm-0", "253:0")
    files.add("proc/self/mountinfo", line + "\n")
    assert machine.use_of("sda") == use


def test_what_lies_on_it(machine, files):
    files.block("sda1", "8:1", "sda", holders=["md0"])
    files.block("md0", "9:0", holders=["dm-3"])
    files.block("dm-3", "253:3")
    assert machine.use_of("sda") == "/dev/md0 is part of /dev/dm-3"
    files.add("proc/swaps", "/dev/dm-3 partition 1 0 -2\n")
    assert machine.use_of("sda") == "/dev/dm-3 is swap space"


def test_swap_by_another_name(machine, files):
    files.folder("dev/disk/by-id")
    (files.root / "dev/disk/by-id/usb-Sosie").symlink_to("../../sda")
    files.add("proc/swaps", "/dev/disk/by-id/usb-Sosie partition 1 0 -2\n")
    assert machine.use_of("sda") == "/dev/sda is swap space"


def test_a_loop_device_over_it(machine, files):
    files.write("sys/block/loop3/loop/backing_file", "/dev/sda\n")
    files.write("sys/block/loop4/loop/backing_file", "/srv/sda\n")
    assert machine.use_of("sda") == "/dev/sda is behind /dev/loop3"


def test_who_may_open(machine, files):
    assert machine.may_open(1, 4) and not machine.may_open(1, 5)


@pytest.mark.parametrize("number, says", [(errno.EBUSY, "in use"), (errno.EACCES, "as root"), (errno.EIO, "cannot be")])
def test_a_disk_that_cannot_be_held(machine, monkeypatch, number, says):
    def refuse(path, flags):
        assert path.endswith("dev/sda") and flags & os.O_EXCL
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BoardError, match=says):
        machine.hold("sda")
