"""An image as the recipe makes it, looked at from outside: the same bytes twice, sound, small, without ways in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import leaks
from tools.image import card, packages
from tools.image.model import CHECKOUT
from tools.image.toolbox import Toolbox

PARTS = ("firmware", "board", "tools", "pyproject.toml", "LICENSE")
EPOCH = 1795000000
UNCHECKED = 1  # the flags of bytecode that is never compared with its source


def needs() -> str:
    if os.geteuid() != 0:
        return "an image is built by root"
    return "" if shutil.which("mmdebstrap") else "mmdebstrap is not installed"


pytestmark = pytest.mark.skipif(bool(needs()), reason=needs())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two images, of a copy of the checkout that nobody edits meanwhile, in places and at times that differ."""
    made = tmp_path_factory.mktemp("build")
    for source, name in ((CHECKOUT, "one"), (made / "one", "the other")):
        (made / name).mkdir()
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, made / name / part, symlinks=True)
            else:
                shutil.copy(source / part, made / name / part)
        _build(made / name, made / (name + ".img"))
    return made


def _build(checkout: Path, out: Path) -> None:
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH), SOSIE_VERSION="0.9.9", TZ="Asia/Tokyo")
    argv = [sys.executable, "-m", "tools.image", "--board", "qemu", "--out", str(out)]
    done = subprocess.run(argv, cwd=checkout, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def box(folder) -> Toolbox:
    """Programs that look at the first image: its parts lie in the folder as `boot` and `root`."""
    with open(folder / "one.img", "rb") as image:
        for name, (start, length) in {"boot": card.BOOT, "root": card.SLOT_A}.items():
            image.seek(start)
            (folder / name).write_bytes(image.read(length))
    return Toolbox(packages.toolbox(None, lambda _: None), folder, 0)


def read(box: Toolbox, path: str) -> bytes:
    return box.run(["debugfs", "-R", "cat " + path, "root"])


def test_the_same_inputs_give_the_same_bytes(folder):
    done = subprocess.run(["cmp", folder / "one.img", folder / "the other.img"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nothing_in_it_tells_on_which_day_its_packages_were_unpacked(box):
    days = {line.split(":")[2] for line in read(box, "/etc/shadow").decode().splitlines()}
    assert days == {str(EPOCH // 86400)}
    assert b"shadow-" not in box.run(["debugfs", "-R", "ls -p /etc", "root"])


def test_it_is_small_and_has_no_second_slot(folder):
    image = (folder / "one.img").stat()
    assert image.st_size == card.SLOT_B[0] < 1 << 30
    assert image.st_blocks * 512 < 400 << 20


def test_its_file_systems_are_sound(box):
    box.run("e2fsck -fn root")
    box.run("fsck.fat -n boot")
    assert b"has_journal" not in box.run("dumpe2fs -h root")


def test_it_says_what_it_is(box):
    assert read(box, "/usr/lib/sosie/version") == b"0.9.9\n"
    assert read(box, "/usr/lib/sosie/model") == b"qemu\n"
    assert b"\nrauc 1." in read(box, "/usr/lib/sosie/packages")
    assert read(box, "/etc/machine-id") == b"", "each board makes its own"


def test_nobody_can_log_in(box):
    for line in read(box, "/etc/shadow").decode().splitlines():
        assert line.split(":")[1][:1] in ("*", "!"), line
    users = [line.split(":") for line in read(box, "/etc/passwd").decode().splitlines()]
    assert [user[0] for user in users if user[2] == "0"] == ["root"]
    assert next(user for user in users if user[0] == "sosie")[6] == "/usr/sbin/nologin"
    wanted = box.run(["debugfs", "-R", "ls -p /etc/systemd/system/getty.target.wants", "root"]).decode()
    assert "getty@" not in wanted


@pytest.mark.parametrize("place", ["usr/bin", "usr/sbin", "usr/lib/dbus-1.0"])
def test_no_program_gives_anybody_the_rights_of_another(box, place):
    listed = box.run(["debugfs", "-R", "ls -p /" + place, "root"]).decode().splitlines()
    entries = [line.split("/")[1:6] for line in listed if line]
    assert {"usr/bin": "mount", "usr/sbin": "unix_chkpwd"}.get(place, "..") in [entry[4] for entry in entries]
    for _, mode, _, _, name in entries:
        assert not (int(mode, 8) & 0o106000) > 0o100000, name


def test_bytecode_is_used_as_it_is_though_every_file_has_one_time(box):
    for source in ("sosie/firmware/__main__", "sosie/board/keeper", "python3.13/argparse",
                   "python3/dist-packages/crcmod/crcmod"):
        folder, _, name = source.rpartition("/")
        code = read(box, "/usr/lib/%s/__pycache__/%s.cpython-313.pyc" % (folder, name))
        assert int.from_bytes(code[4:8], "little") == UNCHECKED, source


def test_the_boot_partition_has_what_a_person_edits_and_the_boot_loader_reads(box):
    names = box.run("mdir -b -/ -i boot ::/").decode().split("\n")
    assert {"::/sosie.conf", "::/README.txt", "::/pair/", "::/grub/grub.cfg", "::/grub/grubenv"} <= set(names)
    block = box.run("mtype -i boot ::/grub/grubenv")
    assert len(block) == 1024 and block.startswith(b"# GRUB Environment Block\nprimary=A\n")
    script = box.run("mtype -i boot ::/grub/grub.cfg")
    box.run("grub-script-check", script)
    assert b"@" not in script


def test_a_build_leaves_no_mount_behind(folder):
    assert leaks.mounts(str(packages.folder())) == []
