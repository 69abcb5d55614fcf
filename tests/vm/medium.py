"""Runs inside the guest: the first site burns, and the standby server finds the medium in the twin's drive.

Both boards of a pair are USB disks, each on a controller of its own. The twin's drive is empty until it is promoted.
A host that asks and reads is told then; one that does not, or cannot, sees a new plug. The first board comes back and
is refused.
"""

import hashlib
import random
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.vm.lib import bus, sgio, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, product, wait_until  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

MOUNT, BURNT = Path("/mnt"), Path("/run/burnt")
NO_MEDIUM, BECOMING_READY, CHANGED = (2, 0x3A, 0), (2, 0x04, 1), (6, 0x28, 0)
PATIENCE_S = 180
STEADY_S = 8  # longer than a board waits before it plugs itself in anew


def main(arguments: list[str]) -> int:
    checks = Checks(arguments)
    left, right = bus.lay(bus.SUPER, ports=2)
    for host in (looks, rescans, waits):
        name = host.__doc__.partition(":")[0]
        if checks.wants(name):
            with UsbPair("usb:" + left, "usb:" + right, disk_size="64M") as pair, checks.check(name):
                fail_over(pair, host)
            bus.wait_until_gone(product("left"))
            bus.wait_until_gone(product("right"))
    return checks.end()


def fail_over(pair: UsbPair, host) -> None:
    sums = use(pair.disk())
    pair.wait_drained()
    standby = bus.wait_for(product("right"))
    assert_empty(standby)
    pair.left.kill()
    try:
        with ThreadPoolExecutor(1) as pool:
            promotion = pool.submit(pair.right.promote)  # the host asks already when the medium comes
            disk = host(standby)
            promotion.result()
        check_files(disk, sums)
        come_back(pair)
    finally:
        shell.run("umount", "--lazy", BURNT, codes=None)


def use(disk: bus.Disk) -> dict[str, str]:
    """A file system with files that are on the disk for sure, and stays mounted."""
    shell.run("mkfs.ext4", "-q", "-F", disk.path)
    BURNT.mkdir(exist_ok=True)
    shell.run("mount", disk.path, BURNT)
    dice = random.Random(11)
    sums = {}
    for number in range(8):
        data = dice.randbytes(dice.randrange(1, 300_000))
        (BURNT / str(number)).write_bytes(data)
        sums[str(number)] = hashlib.sha256(data).hexdigest()
    shell.run("sync", "-f", BURNT)
    return sums


def assert_empty(disk: bus.Disk) -> None:
    """A drive without a medium, which says so to whatever wants one."""
    assert disk.size == 0, "the twin's host sees %d bytes" % disk.size
    assert sgio.command(disk.sg, bytes([0x12, 0, 0, 0, 36, 0]), 36).data[8:13] == b"SOSIE"
    for cdb, take in ((bytes(6), 0), (struct.pack(">BBIBHB", 0x28, 0, 0, 0, 1, 0), 512), (b"\x25" + bytes(9), 8)):
        found = sgio.command(disk.sg, cdb, take).sense
        assert found == NO_MEDIUM, "%s: %s" % (cdb.hex(), found)
    written = sgio.command(disk.sg, struct.pack(">BBIBHB", 0x2A, 0, 0, 0, 1, 0), send=bytes(512))
    assert written.sense == NO_MEDIUM, written


def looks(disk: bus.Disk) -> bus.Disk:
    """A host that asks and reads: it is told once that the medium is new, and has it in the same plug."""
    plug = bus.plug_number(disk)
    assert_told(disk)
    for _ in range(20):
        assert sgio.read(disk.sg, 2, 1)[56:58] == b"\x53\xef", "there is no superblock of ext4"
    time.sleep(STEADY_S)
    assert bus.plug_number(disk) == plug, "a host that has read was made to look again"
    bus.unplug(product("right"))  # for Linux, which mounts nothing in a fixed disk that was empty
    bus.wait_until_gone(product("right"))
    bus.plug(product("right"), "dummy_udc.1")
    return bus.wait_for_medium(product("right"))


def rescans(disk: bus.Disk) -> bus.Disk:
    """A Linux that looks again: it gets the capacity, but reads nothing in a fixed disk that was empty before."""
    plug = bus.plug_number(disk)
    assert_told(disk)
    disk.rescan()
    return wait_for_new_plug(disk, plug)


def waits(disk: bus.Disk) -> bus.Disk:
    """A host that does not look: a new plug."""
    return wait_for_new_plug(disk, bus.plug_number(disk))


def assert_told(disk: bus.Disk) -> None:
    """Who asks for as long as it takes is told that the medium is new, once."""
    found = [sgio.test_unit_ready(disk.sg).sense]
    deadline = time.monotonic() + PATIENCE_S
    while found[-1] is not None:
        assert time.monotonic() < deadline, "the host was told %s" % found
        found.append(sgio.test_unit_ready(disk.sg).sense)
    told = [sense for sense in found if sense not in (NO_MEDIUM, BECOMING_READY)]
    assert told == [CHANGED, None], "the host was told %s" % told


def wait_for_new_plug(disk: bus.Disk, plug: int) -> bus.Disk:
    began = time.monotonic()
    wait_until("the host sees a new plug", lambda: bus.plug_number(disk) > plug, PATIENCE_S, 0.1)
    medium = bus.wait_for_medium(product("right"))
    print("the host had the medium after %.1f s" % (time.monotonic() - began), flush=True)
    return medium


def check_files(disk: bus.Disk, sums: dict) -> None:
    """The standby server mounts it, finds what was written, and goes on."""
    shell.run("mount", disk.path, MOUNT)
    try:
        found = {name: hashlib.sha256((MOUNT / name).read_bytes()).hexdigest() for name in sums}
        assert found == sums, "files differ: %s" % [name for name in sums if found[name] != sums[name]]
        (MOUNT / "after").write_bytes(b"after" * 1000)
    finally:
        shell.run("umount", MOUNT)
    shell.run("e2fsck", "-fn", disk.path)


def come_back(pair: UsbPair) -> None:
    """The burnt board is not dead after all: it learns who serves now, and takes no write."""
    pair.left.start(PATIENCE_S)
    wait_until("it is fenced", lambda: pair.left.status()["state"] == "fenced", PATIENCE_S)
    disk = bus.wait_for(product("left"))
    write = struct.pack(">BBIBHB", 0x2A, 0, 0, 0, 1, 0)
    found = [sgio.command(disk.sg, write, send=bytes(512)).sense for _ in range(4)]
    assert found[-1] == NO_MEDIUM, "the fenced board's host was told %s" % found
    assert pair.right.status()["state"] == "promoted", pair.right.status()["state"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
