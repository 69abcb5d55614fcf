"""The host of the board's disk, for dummy_hcd makes the board's own kernel one.

`host.py find BOARD` prints the disk's device; `host.py write BOARD SEED LAST` writes numbered writes, the first of them
behind LAST, until it is killed, and tells on /dev/hvc1 which are safe.
"""

import random
import sys
import time

from tests.process.oracle import History
from tests.vm.lib import rough, shell

PATIENCE_S = 400


def main(action: str, board: str, *arguments: str) -> None:
    path, size = wait_for("Sosie " + board)
    if action == "find":
        print(path)
        return
    seed, last = map(int, arguments)
    history = History(size)
    history.last = last
    with open("/dev/hvc1", "w", buffering=1) as line:
        writer = rough.Writer(path, history, random.Random(seed), lambda number: line.write("flushed %d\n" % number))
        writer.join(limit_s=3600)
        line.write("failed %d\n" % writer.answered)
        print(writer.error)


def wait_for(product: str) -> tuple[str, int]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = find(product)
        if found:
            return found
        time.sleep(0.2)
    sys.exit("the host finds no medium in the disk of %s" % product)


def find(product: str) -> tuple[str, int] | None:
    """Device and bytes of the first drive of the USB device with this product name, if it has a medium.

    A board that attaches its disk anew unplugs it while we look.
    """
    for path in shell.matching("/sys/bus/usb/devices/*/product"):
        if shell.read(path) != product:
            continue
        for block in shell.matching(path.parent / "*:1.*/host*/target*/*:*:*:0/block/*"):
            size = int(shell.read(block / "size", "0")) * 512
            if size:
                return "/dev/" + block.name, size
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
