"""Two cards, switched on for the first time: they pair over their network and mirror what the server writes; what an
attacker finds on their network; what all that costs."""

import socket
import ssl
import subprocess
import time

import pytest

from tests.image.lib import inside, stranger
from tests.image.lib.host import disk_of
from tests.image.lib.pair import Pair
from tests.image.lib.wire import Wire
from tests.process.boards import wait_until

pytestmark = pytest.mark.timeout(600)
# The ports that the README lists, and no others.
OPEN = {"left": {443}, "right": {443, 7411}}
BOARD_ADDRESS = "10.0.2.15"
HALF_OPEN = 500
MOST_MEMORY_MIB, MOST_FIRMWARE_MIB, MOST_IMAGE_BYTES = 200, 96, 1 << 30


@pytest.fixture(scope="module")
def pair(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    made = Pair(image, folder, twin={"wire": (folder / "theirs", folder / "ours")})
    yield made
    made.end()


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


def test_open_ports_from_outside(running):
    wire = Wire(running.folder / "ours", running.folder / "theirs")
    try:
        found = wire.scan(BOARD_ADDRESS)
    finally:
        wire.close()
    assert {port for port, what in found.items() if what == "open"} == OPEN["right"]
    assert set(found.values()) == {"open", "closed"}


@pytest.mark.parametrize("name", ["left", "right"])
def test_open_ports_from_inside(running, name):
    """For the addresses of the network: what the README lists, and the client of DHCP."""
    tcp, udp = inside.listening(getattr(running, name))
    assert tcp == OPEN[name]
    assert udp <= {68, 546}


def test_strangers_at_the_port_of_the_link(running):
    """None gets further than the handshake, however he tries; the pair does not notice."""
    port = running.right.link
    assert not stranger.is_answered(port)
    assert not stranger.is_answered(port, version=ssl.TLSVersion.TLSv1_2)
    assert not stranger.is_answered(port, certificate=stranger.forge(running.folder, "left"))
    assert running.left.status()["state"] == "mirroring"


def test_half_open_connections_keep_nobody_out(running):
    """Who only connects and is silent neither keeps the other board out nor a person from the page."""
    crowd = []
    try:
        for port in (running.right.link, running.right.web):
            for _ in range(HALF_OPEN // 2):
                crowd.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        running.line.cut()
        wait_until("the link is up again", lambda: running.right.answers()["link"]["state"] == "up", 120, 0.5)
        running.wait_drained()
    finally:
        for each in crowd:
            each.close()


@pytest.mark.parametrize("name", ["left", "right"])
def test_every_unit_is_well_and_confined(running, name):
    board = getattr(running, name)
    assert board.shell.run("systemctl list-units --failed --no-legend --plain").strip() == ""
    scores = inside.exposures(board)
    assert scores["sosie.service"] < 2.0 and max(scores.values()) < 2.0, scores
    ours = [each for each in inside.processes(board) if "-m firmware" in each.command or "-m board" in each.command]
    assert len(ours) >= 2 and all(each.user for each in ours), ours


def test_figures(running, image):
    """What a release's notes say; the limits are the design's."""
    print("\nimage: %d MiB of data in %d MiB" % (image.stat().st_blocks >> 11, image.stat().st_size >> 20))
    assert image.stat().st_blocks * 512 < MOST_IMAGE_BYTES
    for board in running.boards:
        used = inside.memory_in_use_mib(board)
        firmware = [each.resident_kib >> 10 for each in inside.processes(board) if "-m firmware" in each.command]
        print("%s: served after %.1f s of an emulated processor; %d MiB in use, processes of the firmware %s MiB"
              % (board.name, board.served_after_s, used, firmware))  # fmt: skip
        print(board.shell.run("systemd-analyze; systemd-analyze blame --no-pager | head"))
        assert used < MOST_MEMORY_MIB and max(firmware) < MOST_FIRMWARE_MIB


def test_an_orderly_end(running):
    """Power off by the system: quick, nothing lost, and the next start knows the pair."""
    began = time.monotonic()
    running.right.shut_down()
    assert time.monotonic() - began < 120
