"""Runs inside the guest: a board that is nobody in particular shows its disk through a gadget that root lent to it."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import usb.core

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from tests.process.boards import Board, free_port, wait_until  # noqa: E402
from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import product  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

USER = pwd.getpwnam("nobody")


AS_USER = ("setpriv", "--reuid=%d" % USER.pw_uid, "--regid=%d" % USER.pw_gid, "--clear-groups", "--bounding-set=-all")


def serves(board):
    """A host reads what it wrote"""
    disk = bus.wait_for_medium(product("left"))
    shell.run("dd", "if=/dev/urandom", "of=" + disk.path, "bs=1M", "count=4", "oflag=direct", "conv=fsync")
    assert board.status()["group"]["written"]
    assert int(Path("/proc/%d/status" % board.process.pid).read_text().split("Uid:")[1].split()[1]) == USER.pw_uid


def killed(board):
    """A restart goes on with the session"""
    before = bus.find(product("left")).path
    board.kill()
    board.start(90)
    disk = wait_until("the disk is back", lambda: bus.find(product("left")), 60)
    assert disk.path == before
    shell.run("dd", "if=" + disk.path, "of=/dev/null", "bs=1M", "count=4", "iflag=direct")


def stopped_and_started(board):
    """A new session on the same lent gadget"""
    board.stop(60)
    bus.wait_until_gone(product("left"))
    board.start(90)
    disk = bus.wait_for_medium(product("left"))
    shell.run("dd", "if=" + disk.path, "of=/dev/null", "bs=1M", "count=4", "iflag=direct")


def abandoned(board):
    """A board that comes back too late plugs its disk in anew"""
    board.kill()
    time.sleep(30)  # the keeper's patience ends
    bus.wait_until_gone(product("left"))
    board.start(90)
    bus.wait_for_medium(product("left"))


def voice(board):
    """Without the firmware the port has its console, and says why"""
    board.stop(60)
    bus.wait_until_gone(product("left"))  # with its serial device
    program = (
        "from board.usb.voice import UsbVoice; from firmware import ports; loop = ports.Loop();"
        "v = UsbVoice(loop, 'left', None, '0' * 20, lambda: b'{\"why\": \"no disk\"}');"
        "print(v.console, flush=True); loop.run()"
    )
    argv = [*AS_USER, sys.executable, "-c", program]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("/dev/ttyGS")
        wait_until("the host has the console", lambda: os.path.exists("/dev/ttyACM0"), 60)
        assert bus.find(product("left")) is None
        device = usb.core.find(idVendor=0x1D6B, idProduct=0x0104)
        device.default_timeout = 60_000  # pyusb's own is a second
        answer = bytes(device.ctrl_transfer(0xC1, 0x53, 0, 0, 4096))
        assert json.loads(answer) == {"why": "no disk"}
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main(names) -> int:
    shell.load("cdc_acm")
    bus.lay(bus.HIGH)
    folder, link = Path(tempfile.mkdtemp(prefix="rootless-", dir="/dev/shm")), "127.0.0.1:%d" % free_port()
    lines = {"role": "primary", "peer": link, "attach": "usb", "disk_size": "256M", "journal_size": "32M"}
    board = Board(folder, "left", (*AS_USER, sys.executable), **lines)
    shell.run("chown", "-R", USER.pw_name, str(folder))
    shell.run(sys.executable, "-m", "board.usb.prepare", "left", USER.pw_name)
    checks = Checks(names)
    board.start(90)
    checks.run(serves, killed, stopped_and_started, abandoned, voice, board=board)
    shutil.rmtree(folder)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
