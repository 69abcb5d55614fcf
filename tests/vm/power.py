"""Runs inside the guest until the machine is switched off: a pair, its disks and journals on /dev/vda to /dev/vdd, and
a host that writes into the primary's USB disk. `power.py writes SEED` or `power.py database`.

What the host may count on is told on stdout: "flushed N", "committed N".
"""

import random
import sqlite3
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.process.boards import Board, free_port  # noqa: E402
from tests.process.oracle import History  # noqa: E402
from tests.vm.lib import bus, rough, shell  # noqa: E402
from tests.vm.lib.boards import product  # noqa: E402


def start_pair() -> bus.Disk:
    folder, link = Path(tempfile.mkdtemp()), "127.0.0.1:%d" % free_port()
    sizes = {"disk_size": None, "journal_size": None}
    twin = {"role": "twin", "disk": "/dev/vdc", "journal": "/dev/vdd", "listen": link, "attach": "none"}
    right = Board(folder, "right", **twin, **sizes)
    left = Board(folder, "left", role="primary", disk="/dev/vda", journal="/dev/vdb", peer=link, attach="usb", **sizes)
    right.start(180)
    left.start(180)
    return bus.wait_for_medium(product("left"))


def writes(disk: bus.Disk, seed: str) -> None:
    """Numbered writes; the caller plans the same ones."""
    history = History(disk.size)
    rough.Writer(disk.path, history, random.Random(int(seed)), lambda n: print("flushed", n, flush=True)).join(600)


def database(disk: bus.Disk) -> None:
    """Transactions in a database on a file system."""
    shell.run("mkfs.ext4", "-q", disk.path)
    shell.run("mount", disk.path, "/mnt")
    with sqlite3.connect("/mnt/orders.db", isolation_level=None) as db:
        db.execute("PRAGMA synchronous = EXTRA")  # FULL may lose the last transaction with its rollback journal
        db.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, text TEXT)")
        for number in range(1, 1 << 30):
            db.execute("INSERT INTO orders VALUES (?, ?)", (number, "order %d " % number * 40))
            print("committed", number, flush=True)


if __name__ == "__main__":
    bus.lay(bus.HIGH)
    {"writes": writes, "database": database}[sys.argv[1]](start_pair(), *sys.argv[2:])
