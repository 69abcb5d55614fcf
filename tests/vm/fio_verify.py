"""Runs inside the guest: fio writes blocks that carry their own checksums, and reads them back; at both speeds.

In the end fio verifies the twin's image by the same jobs, without having written it.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, assert_same  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

COMMON = "--ioengine=libaio --verify=crc32c --verify_fatal=1 --randrepeat=1 --group_reporting --minimal"
# Each has a part of the disk for itself.
JOBS = {
    "random writes of 512 bytes to 120 KiB": (
        "--offset=0 --size=10M --rw=randwrite --bsrange=512-120k --blockalign=512 --iodepth=4"
    ),
    "random reads and writes of 4 KiB, with flushes": (
        "--offset=16M --size=2M --rw=randrw --bs=4k --iodepth=1 --fsync=16"
    ),
    "writes of 1 MiB": "--offset=24M --size=8M --rw=write --bs=1M --iodepth=2",
    "trims and writes": "--offset=40M --size=2M --rw=trimwrite --bs=16k --iodepth=1",
}


def main(arguments: list[str]) -> int:
    checks = Checks()
    for speed in arguments or (bus.SUPER, bus.HIGH):
        bus.lay(speed)
        with UsbPair(disk_size="64M") as pair:
            disk = pair.disk()
            bus.enable_discard(disk)
            bus.take_small_pieces(disk)
            for name, job in JOBS.items():
                with checks.check("%s: %s" % (speed, name)):
                    fio(name, job + " --direct=1", disk.path)
            with checks.check("%s: the twin's image holds the same" % speed):
                pair.stop()
                assert_same(pair.left, pair.right)
                for name, job in JOBS.items():
                    if "trim" not in job:
                        fio(name, job + " --verify_only", pair.right.image)
    return checks.end()


def fio(name: str, job: str, target) -> None:
    words = ["--name=" + name.replace(" ", "-").replace(",", ""), "--filename=%s" % target]
    done = shell.run("fio", *words, *COMMON.split(), *job.split())
    assert "verify:" not in done.stdout and "fio: " not in done.stdout, done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
