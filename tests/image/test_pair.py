"""Two cards, switched on for the first time: they pair over their network and mirror what the server writes; what all
that costs. Their disks are the rests of their cards (`disk = card`)."""

import re
import subprocess

import pytest

from tests.image.lib import inside
from tests.image.lib.host import disk_of
from tests.process.boards import wait_until

pytestmark = pytest.mark.timeout(1800)
MOST_MEMORY_MIB, MOST_FIRMWARE_MIB, MOST_IMAGE_BYTES = 200, 96, 1 << 30


def test_it_boots_and_mirrors(running):
    mine, its = running.wait_well()
    assert (mine["state"], its["state"]) == ("mirroring", "mirroring")
    assert (mine["role"], its["role"]) == ("primary", "twin")
    assert mine["disk_size"] == its["disk_size"] == 64 << 20
    assert mine["serving"] and its["serving"]


def test_the_console_says_so(running):
    wait_until("it is on the screen", lambda: "SAFE the twin has everything" in running.left.screen(), 120, 0.5)


def test_what_the_server_writes_is_on_the_twin(running):
    disk = disk_of(running.left)
    shell = running.left.shell
    shell.run("mke2fs -q -t ext4 %s && mkdir -p /run/mnt && mount %s /run/mnt" % (disk, disk))
    shell.run("cp -r /usr/lib/sosie/firmware /run/mnt/ && dd if=/dev/urandom of=/run/mnt/noise bs=64k count=100")
    sums = shell.run("cd /run/mnt && sync && find . -type f | sort | xargs sha256sum")
    shell.run("umount /run/mnt")
    one, other = running.settle()
    assert one.read_bytes() == other.read_bytes()
    subprocess.run(["e2fsck", "-fn", other], check=True, capture_output=True)
    assert len(sums.splitlines()) > 30
    restored = other.with_suffix(".noise")
    subprocess.run(["debugfs", "-R", "dump /noise %s" % restored, other], check=True, capture_output=True)
    known = next(line.split()[0] for line in sums.splitlines() if line.endswith("./noise"))
    assert subprocess.run(["sha256sum", restored], capture_output=True, text=True).stdout.split()[0] == known


def test_the_line_may_be_cut(running):
    """The server goes on; when the line is back the twin catches up by itself."""
    disk = disk_of(running.left)
    running.line.open = False
    running.line.cut()
    running.left.wait_for("it notices", lambda status: status["state"] == "no link")
    running.left.shell.run("dd if=/dev/urandom of=%s bs=64k count=32 oflag=direct conv=fsync" % disk)
    status = running.left.status()
    assert status["serving"] and status["backlog"]["bytes"] >= 2 << 20
    running.line.open = True
    running.write_and_compare(disk)


def test_every_unit_is_well_and_confined(running):
    for board in running.boards:
        assert board.shell.run("systemctl list-units --failed --no-legend --plain").strip() == ""
        ours = [each for each in inside.processes(board) if re.search("-m (firmware|board)", each.command)]
        assert len(ours) >= 2 and all(each.user for each in ours), ours
    scores = inside.exposures(running.right)
    assert scores["sosie.service"] < 2.0 and max(scores.values()) < 2.0, scores


def test_figures(running, image):
    """What a release's notes say; the limits are the design's."""
    print("\nimage: %d MiB of data in %d MiB" % (image.stat().st_blocks >> 11, image.stat().st_size >> 20))
    assert image.stat().st_blocks * 512 < MOST_IMAGE_BYTES
    for board in running.boards:
        used, firmware = inside.memory_in_use_mib(board), inside.firmware_kib(board) >> 10
        print("%s: served after %.1f s of an emulated processor; %d MiB in use, the firmware's process %d MiB"
              % (board.name, board.served_after_s, used, firmware))  # fmt: skip
        assert used < MOST_MEMORY_MIB and firmware < MOST_FIRMWARE_MIB
