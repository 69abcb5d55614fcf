"""Two cards, switched on for the first time: they pair over their network and mirror what the server writes."""

import subprocess
import time

import pytest

from tests.image.lib.host import disk_of
from tests.image.lib.pair import Pair
from tests.process.boards import wait_until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def running(pair: Pair) -> Pair:
    pair.switch_on()
    pair.wait_mirroring()
    return pair


def test_it_boots_and_mirrors(running):
    mine, its = running.left.status(), running.right.status()
    assert (mine["state"], its["state"]) == ("mirroring", "mirroring")
    assert (mine["role"], its["role"]) == ("primary", "twin")
    assert mine["disk_size"] == its["disk_size"] == 64 << 20
    assert mine["serving"] and its["serving"]
    assert mine["alarms"] == its["alarms"] == []


def test_the_console_says_so(running):
    wait_until("it is on the screen", lambda: "SAFE the twin has everything" in running.left.screen(), 30, 0.5)


def test_a_stranger_gets_nothing(running):
    for method, path in (("GET", "/api/status"), ("GET", "/"), ("POST", "/api/promote"), ("GET", "/metrics")):
        code, body = running.left.stranger.request(method, path, {} if method == "POST" else None)
        assert code == 401, (method, path, code)
        assert b"mirroring" not in body


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
    one, other = running.settle()
    assert one.read_bytes() == other.read_bytes()


def test_an_orderly_end(running):
    """Power off by the system: quick, nothing lost, and the next start knows the pair."""
    began = time.monotonic()
    running.right.shut_down()
    assert time.monotonic() - began < 120
