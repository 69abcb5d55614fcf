"""Runs inside the guest: libiscsi's conformance tests on the USB disk. `conformance.py [TEST...]`, LINUX by default.

What is expected of each test stands in tests/scsi/expected.py, which the same tests over iSCSI share; what USB makes
different is below. `kernel` among the arguments runs them on the kernel's own gadget instead, for comparison, and
expects nothing. All that the tests say, and what became of each, is left in $OUT.
"""

import os
import sys
from collections import Counter
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.scsi.expected import EITHER, FAILED, expected  # noqa: E402
from tests.vm.lib import bus, libiscsi, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, assert_same  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402
from tests.vm.lib.kernel_gadget import KernelGadget  # noqa: E402

# Names are as in tests/scsi/expected.py.
USB = {
    "WriteSame16.Unmap": (
        FAILED,
        "reads 65536 blocks in one command to see that they are zeroes; Linux's SG_IO takes 2048 of a USB disk and "
        "refuses it in the host",
    ),
}


def main(arguments: list[str]) -> int:
    tests = [word for word in arguments if word != "kernel"] or ["LINUX"]
    bus.lay(bus.HIGH)  # at super speed dummy_hcd refuses buffers that do not lie as it likes
    log = Path(os.environ["OUT"]) / ("kernel.log" if "kernel" in arguments else "sosie.log")
    if "kernel" in arguments:
        image = Path("/dev/shm/kernel.img")
        shell.run("truncate", "--size=64M", image)
        with KernelGadget(image) as disk:
            bus.allow_large_commands(disk)
            report(run(disk, tests, log), log)
        return 0
    checks = Checks()
    with UsbPair(disk_size="64M", journal_size="64M") as pair:
        with checks.check("libiscsi's tests end as the table says"):
            disk = pair.disk()
            bus.allow_large_commands(disk)
            found = run(disk, tests, log)
            report(found, log)
            lines = surprises(found)
            assert not lines, "\n".join(lines)
        with checks.check("the twin's disk is the same after all that"):
            pair.stop()
            assert_same(pair.left, pair.right)
    return checks.end()


def run(disk: bus.Disk, tests: list[str], log: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for test in tests:
        found |= libiscsi.run(disk.path, test, log)
    assert found, "there is no test %s" % " ".join(tests)
    return found


def report(found: dict[str, str], log: Path) -> None:
    counts = Counter(found.values())
    print("%d tests: %s" % (len(found), ", ".join("%d %s" % (counts[each], each) for each in sorted(counts))))
    log.with_suffix(".outcomes").write_text("".join("%s %s\n" % each for each in sorted(found.items())))


def surprises(found: dict[str, str]) -> list[str]:
    lines = []
    for name, outcome in found.items():
        wanted = USB[name][0] if name in USB else expected(name, removable=False)
        if wanted not in (outcome, EITHER):
            lines.append("%s %s, and the table says %s" % (name, outcome, wanted))
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
