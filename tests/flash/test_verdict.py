"""Which devices become a card, and the one sentence for each that does not."""

import pytest

from firmware.errors import Refused
from tests.flash.machines import GIB, Computer
from tools.flash import verdict


@pytest.fixture
def computer(tmp_path):
    return Computer(tmp_path)


def like(**looks) -> dict:
    """What Computer.disk() takes."""
    return looks


def refusal(computer, path, force=False) -> str:
    with pytest.raises(Refused) as caught:
        verdict.card(computer, path, force)
    return str(caught.value)


@pytest.mark.parametrize("looks", [
    like(name="sdb", number="8:16"),
    like(name="mmcblk0", number="179:0", bus="mmc", removable=False),
    like(name="sdb", number="8:16", parts=3),
    like(name="sdb", number="8:16", size=2 * GIB),
    like(name="loop0", number="7:0", bus="virtual", removable=False),
])
def test_what_looks_like_a_card_is_taken(computer, looks):
    path = computer.disk(**looks)
    assert verdict.card(computer, path).name == looks["name"]


@pytest.mark.parametrize("looks, says", [
    (like(size=2 * GIB - 512), "has 2.0G and a card needs at least 2G"),
    (like(size=0), "there is no card in /dev/sdb"),
    (like(read_only=True), "is write-protected"),
    (like(block_size=4096), "has blocks of 4096 bytes"),
    (like(bus="virtual", name="dm-0", number="254:0"), "is no card: the kernel makes it of something else"),
    (like(bus="virtual", name="zram0", number="253:0"), "is no card"),
    (like(bus="virtual", name="md0", number="9:0"), "is no card"),
    (like(bus="virtual", name="nbd0", number="43:0"), "is no card"),
])
def test_what_cannot_be_one_is_refused_with_force_too(computer, looks, says):
    path = computer.disk(**{"name": "sdb", "number": "8:16", **looks})
    assert says in refusal(computer, path)
    assert says in refusal(computer, path, force=True)


@pytest.mark.parametrize("looks, says", [
    (like(bus="sata", removable=False), "looks like a disk inside this computer"),
    (like(name="nvme0n1", number="259:0", bus="nvme", removable=False), "looks like a disk inside this computer"),
    (like(name="mmcblk0", number="179:0", bus="mmc", kind="MMC", removable=False), "looks like a disk inside"),
    (like(bus="usb", removable=False), "looks like an external disk"),
    (like(size=3 << 40), "is larger than any card"),
])
def test_what_does_not_look_like_a_card_wants_force(computer, looks, says):
    path = computer.disk(**{"name": "sdb", "number": "8:16", **looks})
    assert says in refusal(computer, path) and "--force" in refusal(computer, path)
    assert verdict.card(computer, path, force=True).path == path


def test_the_sentence_names_what_it_is_about(computer):
    path = computer.disk("sdb", "8:16", bus="sata", removable=False, model="WD Blue")
    assert refusal(computer, path).startswith("/dev/sdb (WD Blue, 32G)")


def test_a_partition_is_not_a_card(computer):
    computer.disk("sdb", "8:16", parts=2)
    assert refusal(computer, "/dev/sdb1") == "/dev/sdb1 is a partition; name the whole card: /dev/sdb"
    computer.disk("mmcblk0", "179:0", bus="mmc", parts=2)
    assert refusal(computer, "/dev/mmcblk0p2").endswith("the whole card: /dev/mmcblk0")


def test_what_is_no_device(computer, tmp_path):
    assert "there is no /dev/sdx; put the card in" in refusal(computer, "/dev/sdx")
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    assert "is a file, not a card; to make an image file say --image" in refusal(computer, str(file), force=True)
    assert "is not a block device" in refusal(computer, "/dev/null")
    assert "is not a block device" in refusal(computer, str(tmp_path))
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("force", [False, True])
class TestInUse:
    def test_the_systems_disk(self, computer, force):
        assert "the disk that this computer runs from" in refusal(computer, "/dev/sda", force)

    def test_the_systems_disk_under_encryption_and_volumes(self, computer, force):
        """/home on LVM on LUKS on a partition of the stick that one wants to flash."""
        path = computer.disk("sdb", "8:16", parts=1)
        computer.disk("dm-0", "254:0", bus="virtual")
        computer.disk("dm-1", "254:1", bus="virtual")
        computer.hold("dm-0", "sdb1", "luks-1234")
        computer.hold("dm-1", "dm-0", "vg-home")
        computer.mount("254:1", "/home", "/dev/mapper/vg-home")
        assert "the disk that this computer runs from" in refusal(computer, path, force)

    def test_mounted(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=2)
        computer.mount("8:18", "/media/me/my card", "/dev/sdb2")
        computer.mount("8:17", "/media/me/BOOT", "/dev/sdb1")
        assert refusal(computer, path, force) == (
            "/dev/sdb1 is mounted on /media/me/BOOT; is this the card? Then first: umount /dev/sdb1 /dev/sdb2")

    def test_a_path_with_white_space_is_shown_as_it_is(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=1)
        computer.mount("8:17", "/media/me/my card", "/dev/sdb1")
        assert "is mounted on /media/me/my card;" in refusal(computer, path, force)

    def test_mounted_whole(self, computer, force):
        path = computer.disk("sdb", "8:16")
        computer.mount("8:16", "/mnt", "/dev/sdb")
        assert "/dev/sdb is mounted on /mnt" in refusal(computer, path, force)

    def test_mounted_as_btrfs_which_hides_its_device(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=1)
        computer.mount("0:44", "/srv", "/dev/sdb1")
        assert "/dev/sdb1 is mounted on /srv" in refusal(computer, path, force)

    def test_swap(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=1)
        computer.swap("/dev/sdb1")
        assert "/dev/sdb is the disk that this computer runs from, or swaps to" in refusal(computer, path, force)

    def test_lvm_raid_encryption(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=2)
        computer.disk("dm-3", "254:3", bus="virtual")
        computer.hold("dm-3", "sdb2", "vg-old")
        assert "/dev/sdb2 is in use by dm-3 (vg-old) (LVM, RAID" in refusal(computer, path, force)

    def test_raid_on_the_whole_disk(self, computer, force):
        path = computer.disk("sdb", "8:16")
        computer.disk("md127", "9:127", bus="virtual")
        computer.hold("md127", "sdb")
        assert "/dev/sdb is in use by md127" in refusal(computer, path, force)

    def test_a_loop_device_on_it(self, computer, force):
        path = computer.disk("sdb", "8:16", parts=1)
        computer.disk("loop3", "7:3", bus="virtual")
        computer.back_loop("loop3", "/dev/sdb1")
        assert "/dev/sdb1 is in use by loop3" in refusal(computer, path, force)


def test_another_disks_troubles_are_not_the_cards(computer):
    computer.disk("sdc", "8:32", parts=1)
    computer.mount("8:33", "/mnt", "/dev/sdc1")
    computer.swap("/dev/sda1")
    assert verdict.card(computer, computer.disk("sdb", "8:16"))


def test_contents(computer):
    path = computer.disk("sdb", "8:16", parts=2, size=3 * GIB)
    computer.label("8:17", "vfat", "CAMERA")
    device = verdict.card(computer, path)
    assert computer.contents(device) == ["/dev/sdb1: 1G vfat CAMERA", "/dev/sdb2: 1G"]


def test_files(tmp_path):
    there = tmp_path / "there.img"
    there.write_bytes(b"mine")
    verdict.file(str(tmp_path / "new.img"))
    verdict.file(str(there), force=True)
    for path, force, says in ((there, False, "is there already"), (tmp_path, True, "is no ordinary file"),
                              (tmp_path / "none/new.img", True, "there is no folder"),
                              ("/dev/null", True, "is no ordinary file")):
        with pytest.raises(Refused, match=says):
            verdict.file(str(path), force)
