"""Which disk is meant: found, told from others, remembered, missing, changed; never guessed."""

import os

import pytest

from board.steward import disks
from board.steward.disks import Disk, Waiting
from board.steward.machine import Machine
from firmware.errors import Refused

GB = 10**9
ONE = Disk("/dev/sda", ["wwn-0x5000", "usb-Maker_One_1111-0:0"], 500 * GB)
OTHER = Disk("/dev/sdb", ["usb-Maker_Other_2222-0:0"], 500 * GB)
KNOWN = {"names": ONE.names, "size": ONE.size}


class Tree:
    """What the kernel and udev show."""

    def __init__(self, root):
        self.root = root
        self.machine = Machine(str(root))
        (root / "dev/disk/by-id").mkdir(parents=True)
        (root / "sys/block").mkdir(parents=True)

    def add(self, name, *ids, sectors=2048, vendor="Maker", device=True, known=True):
        folder = self.root / "sys/block" / name
        folder.mkdir()
        number = "8:%d" % len(list((self.root / "sys/block").iterdir()))
        (folder / "dev").write_text(number + "\n")
        if known:
            (self.root / "run/udev/data").mkdir(parents=True, exist_ok=True)
            (self.root / "run/udev/data" / ("b" + number)).write_text("")
        (folder / "size").write_text("%d\n" % sectors)
        if device:
            (folder / "device").mkdir()
            (folder / "device/vendor").write_text(vendor.ljust(8) + "\n")
        (self.root / "dev" / name).write_text("")
        for each in ids:
            (self.root / "dev/disk/by-id" / each).symlink_to("../../" + name)

    def found(self):
        return disks.attached(self.machine, str(self.root / "dev/mmcblk0"))


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_only_what_a_person_plugged_in(tree):
    tree.add("mmcblk0", "mmc-CARD")
    tree.add("mmcblk0boot0", "mmc-BOOT")
    tree.add("loop0", device=False)
    tree.add("zram0", device=False)
    tree.add("sr0", "ata-CDROM")
    tree.add("sdb", sectors=0)  # a card reader
    tree.add("sdc", "usb-SOSIE_Mirrored_disk_AAAA-0:0", vendor="SOSIE")  # our own kernel is the host
    tree.add("sdd", known=False)  # udev has yet to look at it
    tree.add("sda", "usb-Maker_One_1-0:0", "usb-Maker_One_1-0:0-part1", "wwn-0x1")
    (found,) = tree.found()
    assert found.path.endswith("/dev/sda") and found.size == 1 << 20
    assert found.names == ["wwn-0x1", "usb-Maker_One_1-0:0"]
    assert "wwn-0x1 (1.0 MB)" == found.shown


def test_the_only_one_is_meant():
    assert disks.choose([ONE], None, None) is ONE


def test_none(tmp_path):
    with pytest.raises(Waiting, match="no disk is attached: plug one"):
        disks.choose([], None, None)


def test_several():
    with pytest.raises(Refused, match="several disks are attached.*disk = /dev/disk/by-id/wwn-0x5000") as caught:
        disks.choose([ONE, OTHER], None, None)
    assert not isinstance(caught.value, Waiting)


def test_one_without_a_serial_number():
    with pytest.raises(Refused, match="tells no serial number"):
        disks.choose([Disk("/dev/vdb", [], GB)], None, None)


def test_by_name():
    wanted = "/dev/disk/by-id/usb-Maker_Other_2222-0:0"
    assert disks.choose([ONE, OTHER], wanted, None) is OTHER
    with pytest.raises(Waiting, match="usb-Maker_Other_2222-0:0, is not attached.*attached is wwn-0x5000"):
        disks.choose([ONE], wanted, None)


def test_the_one_that_is_remembered_is_found_among_others():
    moved = Disk("/dev/sdz", ONE.names[1:], ONE.size)  # another port, and an adapter that hides the WWN
    assert disks.choose([OTHER, moved], None, KNOWN) is moved


def test_another_one_is_refused_with_both_names():
    with pytest.raises(Waiting) as caught:
        disks.choose([OTHER], None, KNOWN)
    sentence = str(caught.value)
    assert "wwn-0x5000 (500 GB)" in sentence and "usb-Maker_Other_2222-0:0" in sentence and "start-anew" in sentence


def test_the_same_serial_number_with_another_size_is_another_one():
    with pytest.raises(Refused):
        disks.choose([Disk("/dev/sda", ONE.names, ONE.size - 512)], None, KNOWN)


def test_the_one_that_is_remembered_is_missing():
    with pytest.raises(Waiting, match=r"wwn-0x5000 \(500 GB\), is not attached: plug it in"):
        disks.choose([], None, KNOWN)


def test_a_line_that_names_another_one_than_is_remembered():
    with pytest.raises(Refused, match="belongs to the disk wwn-0x5000"):
        disks.choose([ONE, OTHER], "/dev/disk/by-id/" + OTHER.names[0], KNOWN)


def test_sizes_as_they_stand_on_disks():
    words = [disks.size_words(size) for size in (512, 64 << 20, 32 * GB, 500 * GB, 2 * 10**12)]
    assert words == ["512 bytes", "67.1 MB", "32.0 GB", "500 GB", "2.0 TB"]


@pytest.mark.parametrize("size", [0, 512, 1 << 20, (40 << 20) + 512])
def test_emptied(tmp_path, size):
    path = tmp_path / "disk"
    path.write_bytes(b"x" * size)
    disks.empty(str(path))
    data = path.read_bytes()
    edge = 16 << 20
    assert len(data) == size and not any(data[:edge]) and not any(data[-edge:])
    assert data[edge:-edge].strip(b"x") == b"" if size > 2 * edge else True


def test_a_disk_that_cannot_be_emptied(tmp_path):
    with pytest.raises(Refused, match="cannot be emptied"):
        disks.empty(str(tmp_path / "gone"))
    assert not os.path.exists(tmp_path / "gone")
