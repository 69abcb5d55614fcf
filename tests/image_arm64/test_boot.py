"""The arm64 image on an emulated board: U-Boot, GRUB, the kernel, the firmware that serves its disk; then once more.

On request, `make test-image-arm64`: its packages take long to install under emulation the first time. SOSIE_IMAGE_ARM64
names an image that was built. What it measured is printed (pytest -s), and stands in $OUT/arm64.json if OUT is set.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.image.lib.board import Board
from tests.image.lib.card import Card
from tests.image.lib.host import disk_of
from tests.image.lib.machine import Disk
from tests.image.lib.shell import Shell
from tests.process.boards import ROOT
from tools.image import packages
from tools.image.model import Model

pytestmark = pytest.mark.timeout(7200)  # the first time all packages are installed under emulation

CARD_BYTES, DISK_BYTES = 2304 << 20, 64 << 20
BOOT_LIMIT_S = 900.0
# The GPIO chip of this machine, a PL061 that it has without ACPI, has eight lines; the button is one that reads low: it
# is held all the time.
CONF = b"name = left\nrole = primary\npeer = 10.0.2.2:9\nlights = gpio:4,5,6\nbutton = gpio:7\n"


def quiet(_) -> None:
    pass


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    if os.environ.get("SOSIE_IMAGE_ARM64"):
        return Path(os.environ["SOSIE_IMAGE_ARM64"])
    path = tmp_path_factory.mktemp("image") / "arm64.img"
    argv = [sys.executable, "-m", "tools.image", "--board", "qemu-arm64", "--out", str(path), "--progress"]
    subprocess.run(argv, cwd=ROOT, check=True)
    return path


@pytest.fixture(scope="module")
def board(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("arm64")
    disk = folder / "left.disk"
    disk.touch()
    os.truncate(disk, DISK_BYTES)
    card = Card.copy(image, folder / "left.card", CARD_BYTES)
    card.write("sosie.conf", CONF)
    base = packages.take(Model("qemu-arm64"), None, packages.toolbox(None, quiet), quiet)
    machine = ("qemu-system-aarch64", "-machine", "virt,acpi=off", "-cpu", "cortex-a53", "-bios",
               str(base / "boot/usr/lib/u-boot/qemu_arm64/u-boot.bin"))
    made = Board(folder / "left", "left", card, [Disk(disk, "DISK-left")], base=machine, cpus=2).allow_tests()
    yield made
    made.cut()


def boot(board: Board) -> dict:
    """Switches it on and waits until its disk is served; what that took."""
    board.switch_on()
    began = time.monotonic()
    board.shell = Shell(board.machine.connect("shell"), BOOT_LIMIT_S)
    while not _serving(board):
        assert time.monotonic() - began < BOOT_LIMIT_S, "its disk is not served:\n" + board.says()
        time.sleep(1)
    wall_s = time.monotonic() - began
    return {"wall_s": round(wall_s), "processor_s": round(board.machine.seconds_of_processor())}


def _serving(board: Board) -> bool:
    return board.shell.try_run("test -e /run/sosie/board/serving")[0] == 0


def test_it_boots_serves_its_disk_and_does_so_again_after_a_power_cut(board, image):
    figures = {"image_bytes": image.stat().st_blocks * 512, "first_boot": boot(board)}
    assert board.shell.run("uname -m").strip() == "aarch64"
    assert board.shell.run("systemctl is-system-running", limit_s=BOOT_LIMIT_S).strip() == "running"
    assert "root=PARTUUID=" in board.shell.run("cat /proc/cmdline")
    figures["memory_used_bytes"] = memory_used(board)
    assert board.shell.run("blockdev --getsize64 " + disk_of(board)).strip() == str(DISK_BYTES)
    assert_lights(board)
    board.cut()
    figures["second_boot"] = boot(board)
    report(figures)
    assert figures["memory_used_bytes"] < 200 << 20
    assert figures["image_bytes"] < 1 << 30


def assert_lights(board: Board) -> None:
    """The firmware, as who it is, has the pins, and plays on them; a button that was never up does nothing."""
    board.shell.run("mount -t debugfs none /mnt")
    for _ in range(60):
        lines = [line for line in board.shell.run("cat /mnt/gpio").splitlines() if "|sosie" in line]
        if len(lines) == 4:
            break
        time.sleep(1)
    assert len(lines) == 4 and sum(" in " in line for line in lines) == 1, lines
    seen = {"".join("1" if " hi" in line else "0" for line in _outputs(board)) for _ in range(60)}
    assert "000" in seen and seen & {"100", "010", "001"}, seen  # dark, and one of the three
    board.shell.run("umount /mnt")
    assert _serving(board)


def _outputs(board: Board) -> list:
    return [line for line in board.shell.run("cat /mnt/gpio").splitlines() if "|sosie" in line and " out " in line]


def memory_used(board: Board) -> int:
    lines = board.shell.run("cat /proc/meminfo").splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return (kilobytes["MemTotal"] - kilobytes["MemAvailable"]) << 10


def report(figures: dict) -> None:
    text = json.dumps(figures, indent=2)
    print(text)
    if os.environ.get("OUT"):
        (Path(os.environ["OUT"]) / "arm64.json").write_text(text)
