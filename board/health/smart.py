"""`python3 -m board.health.smart`, as root and by a timer: asks every disk how it is, and writes what they answer.

    /run/sosie/smart.json   {"sda": {"insertion": "7", "way": "sat", "answer": {..} or null}}

The firmware runs as a user who may not ask, and reads this file. A disk that sleeps is not woken (`--nocheck=standby`),
and what it said last stays. A USB bridge that smartctl does not know is asked once by SAT, the common way; one that
does not answer so is left in peace until it is plugged in anew, for some bridges lose their disk over it.
"""

import json
import os
import subprocess
import sys

from board.files import write_whole
from board.health.sensors import read_text

FILE = "/run/sosie/smart.json"
ASLEEP = 77
_PROGRAM = "/usr/sbin/smartctl"
_TABLE = "/usr/share/smartmontools/drivedb.h"  # of known bridges and disks
_PATIENCE_S = 60
_MOST_ANSWER = 256 << 10  # bytes of one disk
_OTHERS = ("loop", "ram", "zram", "dm-", "md", "nbd", "sr", "fd", "mmcblk", "mtd")
_OWN = "SOSIE"  # the disk that this board itself shows, where its own kernel is the host
_WAYS = ("", "sat")


class Round:
    """One round over all disks. `run(argv)` gives (exit code, what it printed); raises OSError."""

    def __init__(self, run, root: str = ""):
        self._run = run
        self._root = root

    def go(self) -> None:
        """Asks them all and writes the file, whole."""
        before, found = self.known(), {}
        for disk in self._disks():
            insertion = read_text("%s/sys/block/%s/diskseq" % (self._root, disk)) or ""
            last = before.get(disk)
            if not isinstance(last, dict) or last.get("insertion") != insertion:
                last = {"insertion": insertion, "way": None, "answer": None}
            found[disk] = self._asked(disk, last)
        self._write(found)

    def known(self) -> dict:
        """What the file says; {} where it says nothing."""
        try:
            with open(self._root + FILE, "rb") as file:
                said = json.loads(file.read(16 << 20))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def _disks(self) -> list:
        try:
            names = sorted(os.listdir(self._root + "/sys/block"))
        except OSError:
            return []
        return [name for name in names if not name.startswith(_OTHERS) and self._is_foreign(name)]

    def _is_foreign(self, name: str) -> bool:
        folder = "%s/sys/block/%s/device" % (self._root, name)
        return os.path.isdir(folder) and not (read_text(folder + "/vendor") or "").startswith(_OWN)

    def _asked(self, disk: str, last: dict) -> dict:
        if last["way"] == "none":
            return last
        for way in _WAYS if last["way"] is None else (last["way"],):
            code, answer = self._ask(disk, way)
            if code == ASLEEP:
                return last
            if _tells(answer):
                return dict(last, way=way, answer=answer)
        # One that answered before and does not now may be busy; it is asked again.
        return dict(last, answer=None) if last["way"] is not None else dict(last, way="none")

    def _ask(self, disk: str, way: str) -> tuple:
        argv = [_PROGRAM, "--json=c", "--nocheck=standby,%d" % ASLEEP, "-i", "-H", "-A"]
        if os.path.exists(self._root + _TABLE):
            argv += ["-B", _TABLE]
        if way:
            argv += ["-d", way]
        code, text = self._run([*argv, "/dev/" + disk])
        try:
            answer = json.loads(text[:_MOST_ANSWER])
        except ValueError:
            answer = None
        return code, answer if isinstance(answer, dict) else None

    def _write(self, found: dict) -> None:
        write_whole(self._root + FILE, json.dumps(found).encode(), 0o644)


def _tells(answer: "dict | None") -> bool:
    """Whether the disk itself was heard, and not only its bridge."""
    return answer is not None and "smart_status" in answer


def run(argv: list) -> tuple:
    """(exit code, what it printed); a program that hangs on a disk that does is left to the kernel."""
    try:
        done = subprocess.run(argv, capture_output=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return -1, b""
    return done.returncode, done.stdout


def main() -> int:
    try:
        Round(run).go()
    except OSError as error:
        print("sosie-smart: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
