"""Runs inside the guest: `tools/sosie usb` against a real board on a real kernel's bus, at one speed.

`usb_tool.py high|super [CHECK...]`. Prints a line per check; exit code 1 when one failed.
"""

import glob
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SOSIE = [sys.executable, str(CHECKOUT / "tools" / "sosie")]
WEB = "127.0.0.1:8080"
CONF = """\
name = left
role = primary
disk = /tmp/left.img
disk_size = 24M
journal = /tmp/left.journal
journal_size = 64M
attach = usb
peer = 127.0.0.1:7411
web = %s
""" % WEB
PATIENCE_S = 120  # everything here runs on an emulated processor
NOBODY = 65534
SPEEDS = {"high": ("N", "high, 480 Mbit/s"), "super": ("Y", "super, 5 Gbit/s")}


def sh(*command) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def until(what, condition):
    """The first true value of condition()."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain until " + what)


def sosie(*arguments, user=None, expect=None):
    """(exit code, stdout, stderr) of `sosie ARGUMENTS`. Its patience is that of a person, so it may need another go."""
    for _ in range(5):
        ran = subprocess.run([*SOSIE, *arguments], capture_output=True, text=True, user=user, stdin=subprocess.DEVNULL)
        if "does not answer in" not in ran.stderr:
            break
    if expect is not None:
        assert ran.returncode == expect, (arguments, ran)
    return ran.returncode, ran.stdout, ran.stderr


def disk() -> str:
    """The board's block device, '' while it has none of a size."""
    for name in sorted(glob.glob("/sys/bus/usb/devices/*/*/host*/target*/*/block/*")):
        try:
            if int(Path(name, "size").read_text()):
                return "/dev/" + os.path.basename(name)
        except OSError:
            pass  # it was unplugged meanwhile
    return ""


def here() -> str:
    return until("the disk is there", disk)


def node() -> str:
    """The device's file under /dev/bus/usb."""
    for path in glob.glob("/sys/bus/usb/devices/*/manufacturer"):
        if Path(path).read_text().strip() == "Sosie":
            folder = Path(path).parent
            return "/dev/bus/usb/%03d/%03d" % tuple(int((folder / each).read_text()) for each in ("busnum", "devnum"))
    raise AssertionError("no board on the bus")


def content() -> str:
    """A digest of the whole disk, from the board."""
    Path("/proc/sys/vm/drop_caches").write_text("3")
    return hashlib.sha256(Path(here()).read_bytes()).hexdigest()


# The checks. `speed` is what list should say.


def list_names_the_board(speed):
    for command in (("usb",), ("usb", "list")):
        _, out, err = sosie(*command, expect=0)
        assert len(out.splitlines()) == 2 and not err, (out, err)
        row = r"^left +[0-9A-F]{12,} +bus \d+, device \d+, port \d+-\d+ +%s +%s" % (speed, here())
        assert re.search(row, out, re.M)


def list_needs_no_permission(speed):
    code, out, err = sosie("usb", user=NOBODY)
    assert code == 0 and "left " in out and here() in out and speed in out
    assert "70-sosie.rules" in err and "root" in err and len(err.splitlines()) == 1, err


def status_is_that_of_the_web(speed):
    until("both say the same", lambda: heads("usb", "status") == heads("status", WEB))
    code, _, err = sosie("usb", "status")
    assert not err, err
    _, out, _ = sosie("usb", "status", "--json", expect=code)
    _, other_out, _ = sosie("status", "--json", WEB)
    assert list(json.loads(out)) == list(json.loads(other_out))
    assert json.loads(out)["name"] == "left"


def heads(*arguments, user=None):
    """What is said of the board's state, which may change from one look to the next; below it stand numbers."""
    code, out, err = sosie(*arguments, user=user)
    assert out, err
    return code, out.splitlines()[:3]


def status_by_serial_number(speed):
    serial = json_serial()
    sosie("usb", "status", "--serial", serial, expect=sosie("status", WEB)[0])
    _, _, err = sosie("usb", "status", "--serial", "0", expect=3)
    assert serial in err and len(err.splitlines()) == 1


def json_serial() -> str:
    return sosie("usb")[1].splitlines()[1].split()[1]


def status_wants_permission(speed):
    code, out, err = sosie("usb", "status", user=NOBODY)
    assert code == 3 and not out and "70-sosie.rules" in err and len(err.splitlines()) == 1, (code, out, err)
    os.chown(node(), NOBODY, -1)  # what the rule does, by an access list
    try:
        until("both say the same", lambda: heads("usb", "status", user=NOBODY) == heads("status", WEB))
    finally:
        os.chown(node(), 0, -1)


def status_while_mounted(speed):
    sh("mkfs.ext4", "-q", "-F", here())
    sh("mount", here(), "/mnt")
    try:
        writer = subprocess.Popen(["dd", "if=/dev/zero", "of=/mnt/x", "bs=64k", "count=100", "oflag=direct"],
                                  stderr=subprocess.DEVNULL)
        while writer.poll() is None:
            assert sosie("usb", "status")[0] in (0, 1)
        assert writer.wait() == 0
    finally:
        sh("umount", "/mnt")


def refused(*words, user=None):
    """The self-test says in one sentence why not, and the disk stays where it is."""
    before, (code, out, err) = here(), sosie("usb", "selftest", "--yes", user=user)
    assert code == 3 and not out and len(err.splitlines()) == 1, (code, out, err)
    for word in words:
        assert word in err, err
    assert disk() == before


def selftest_refuses_a_mounted_disk(speed):
    sh("mount", here(), "/mnt")
    try:
        refused("mounted at /mnt", here())
    finally:
        sh("umount", "/mnt")


def selftest_refuses_what_others_hold(speed):
    held = os.open(here(), os.O_RDONLY | os.O_EXCL)
    try:
        refused("in use", here())
    finally:
        os.close(held)
    loop = sh("losetup", "--find", "--show", here()).strip()
    try:
        refused(loop)
    finally:
        sh("losetup", "--detach", loop)


def selftest_refuses_a_used_partition(speed):
    subprocess.run(["sfdisk", "-q", here()], input=",8M\n,\n", text=True, check=True)
    parts = [here() + "1", here() + "2"]
    until("the partitions are there", lambda: all(map(os.path.exists, parts)))
    sh("mkswap", parts[0])
    sh("swapon", parts[0])
    try:
        refused("swap", parts[0])
    finally:
        sh("swapoff", parts[0])
    sh("mkfs.ext4", "-q", "-F", parts[1])
    sh("mount", parts[1], "/mnt")
    try:
        refused("/mnt", parts[1])
    finally:
        sh("umount", "/mnt")


def selftest_wants_root(speed):
    refused("70-sosie.rules", user=NOBODY)
    os.chown(node(), NOBODY, -1)
    try:
        refused("root", user=NOBODY)
    finally:
        os.chown(node(), 0, -1)


def selftest_asks(speed):
    code, out, err = sosie("usb", "selftest")
    assert code == 1 and "--yes" in err and disk(), (code, out, err)


def selftest_passes(speed):
    before = content()
    code, out, err = sosie("usb", "selftest", "--yes")
    print(out, err)
    assert code == 0 and re.search(r"^\d\d checks: \d\d ok, 0 skipped, 0 failed.$", out, re.M), code
    assert not re.search("^ok .*case.*stall", out, re.M)
    assert content() == before


def selftest_writes_a_scratch_range(speed):
    def outside():
        data = Path(here()).read_bytes()
        return data[: 2048 * 512] + data[(2048 + 4096) * 512 :]

    before = outside()
    code, out, err = sosie("usb", "selftest", "--yes", "--scratch", "2048:4096")
    assert code == 0, (out, err)
    here()
    Path("/proc/sys/vm/drop_caches").write_text("3")
    assert outside() == before


def selftest_of_the_drive_for_views(speed):
    """It has no medium."""
    code, out, err = sosie("usb", "selftest", "--yes", "--lun", "1")
    assert code == 0 and "not ready" in out and " 0 failed" in out, (out, err)


def selftest_gives_the_disk_back_when_stopped(speed):
    for number in (signal.SIGINT, signal.SIGTERM):
        here()
        running = subprocess.Popen([*SOSIE, "usb", "selftest", "--yes"], stdout=subprocess.PIPE, text=True)
        for _ in range(7):
            running.stdout.readline()
        running.send_signal(number)
        running.stdout.read()
        assert running.wait() == 130
        content()


def selftest_of_a_board_that_is_pulled_out(speed):
    here()
    port, = glob.glob("/sys/kernel/config/usb_gadget/*/UDC")
    controller = Path(port).read_text()
    running = subprocess.Popen([*SOSIE, "usb", "selftest", "--yes"], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    for _ in range(7):
        running.stdout.readline()
    Path(port).write_text("\n")
    out, err = running.communicate()
    assert running.returncode == 1 and out.count("FAILED") == 1 and "Traceback" not in err, (out, err)
    Path(port).write_text(controller)
    content()


def nobody_is_there(speed, board):
    board.send_signal(signal.SIGTERM)
    assert board.wait(PATIENCE_S) == 0
    for command in (("usb",), ("usb", "status"), ("usb", "selftest", "--yes")):
        _, out, err = sosie(*command, expect=3)
        assert not out and "attach = usb" in err and len(err.splitlines()) == 1


CHECKS = [list_names_the_board, list_needs_no_permission, status_is_that_of_the_web, status_by_serial_number,
          status_wants_permission, status_while_mounted, selftest_refuses_a_mounted_disk,
          selftest_refuses_what_others_hold, selftest_refuses_a_used_partition, selftest_wants_root,
          selftest_asks]  # fmt: skip
CHECKS_AT = {
    "high": [*CHECKS, selftest_passes, selftest_of_the_drive_for_views, selftest_gives_the_disk_back_when_stopped],
    "super": [list_names_the_board, status_is_that_of_the_web, selftest_passes, selftest_writes_a_scratch_range,
              selftest_of_a_board_that_is_pulled_out],
}


def attempt(name, check, *arguments) -> bool:
    began = time.monotonic()
    try:
        check(*arguments)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print("FAILED %s" % name, flush=True)
        return False
    print("ok     %s (%.1f s)" % (name, time.monotonic() - began), flush=True)
    return True


def main(which: str, names: list) -> int:
    is_super, speed = SPEEDS[which]
    for module in (("libcomposite",), ("usb_storage", "delay_use=0"), ("sd_mod",), ("loop",),
                   ("dummy_hcd", "is_super_speed=" + is_super)):
        sh("modprobe", *module)
    Path("/tmp/left.conf").write_text(CONF)
    board = subprocess.Popen([sys.executable, "-m", "firmware", "/tmp/left.conf"], cwd=CHECKOUT)
    here()
    checks = [check for check in CHECKS_AT[which] if not names or check.__name__ in names]
    passed = [attempt(check.__name__, check, speed) for check in checks]
    passed.append(attempt("nobody_is_there", nobody_is_there, speed, board))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
