"""The USB disk beside the kernel's own, in one virtual machine: `speed.py [SPEED] [ROUNDS] [SECONDS]`.

The board journals and ships to a live twin, which runs in the same machine and takes its share of it; the kernel's
f_mass_storage just writes into a file. Both files, and the boards' journals, lie in memory. The rows alternate; the
ratios are those of each round, and the median of them is told. Processor time is emulated here: only ratios mean
something.
"""

import json
import os
import statistics
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair  # noqa: E402
from tests.vm.lib.kernel_gadget import KernelGadget  # noqa: E402

SIZE = 128 << 20
ROWS = (  # title, fio's way, bytes
    ("read 120 KiB", "read", 120 << 10),
    ("read 1 MiB", "read", 1 << 20),
    ("read 4 KiB random", "randread", 4 << 10),
    ("write 120 KiB", "write", 120 << 10),
    ("write 1 MiB", "write", 1 << 20),
    ("write 4 KiB random", "randwrite", 4 << 10),
)


def measure(path: str, way: str, length: int, seconds: float) -> float:
    """Bytes a second, one command at a time, past the page cache."""
    done = shell.run(
        "fio", "--name=row", "--filename=" + path, "--rw=" + way, "--bs=%d" % length, "--direct=1", "--ioengine=psync",
        "--time_based", "--runtime=%g" % seconds, "--size=%d" % SIZE, "--output-format=json", "--randrepeat=0",
    )  # fmt: skip
    job = json.loads(done.stdout[done.stdout.index("{") :])["jobs"][0]
    return job["write" if "write" in way else "read"]["bw_bytes"]


def main(speed: str = bus.HIGH, rounds: str = "5", seconds: str = "2") -> None:
    image = Path("/dev/shm/kernel.img")
    image.write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
    bus.lay(speed, 2)
    found = {row: ([], []) for row in ROWS}
    with UsbPair(disk_size=SIZE, journal_size="512M", attach="usb:dummy_udc.0") as pair:
        ours = pair.disk()
        with KernelGadget(image, "dummy_udc.1") as theirs:
            for disk in (ours, theirs):
                bus.allow_large_commands(disk)
            measure(ours.path, "write", 1 << 20, 3)  # the image is allocated, as theirs is
            for number in range(int(rounds)):
                for row in ROWS:
                    both = list(zip((ours, theirs), found[row]))
                    for disk, results in both if number % 2 else both[::-1]:
                        results.append(measure(disk.path, *row[1:], float(seconds)))
                    pair.wait_drained(60)
    print("| %s | Sosie | kernel | ratio |\n|---|---|---|---|" % speed)
    for row, (ours, theirs) in found.items():
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        middles = [statistics.median(each) / 1e6 for each in (ours, theirs)]
        print("| %s | %.2f MB/s | %.2f MB/s | %.2f |" % (row[0], *middles, ratio), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
