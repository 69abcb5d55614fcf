"""The host that a board is plugged into, which is the board's own kernel here: its disk, and a writer on it."""

import io
import random
import re
import zipfile
from pathlib import Path

from tests.image.lib.board import Board
from tests.process.boards import ROOT, wait_until
from tests.process.oracle import History
from tests.vm.lib import rough

_SENT = "tests/__init__.py tests/process/__init__.py tests/process/oracle.py tests/vm/__init__.py"
_SENT += " tests/vm/lib/__init__.py tests/vm/lib/rough.py tests/vm/lib/shell.py tests/image/__init__.py"
_SENT += " tests/image/guest/__init__.py tests/image/guest/host.py"
_CODE = "/run/tests.zip"
RUN = "env PYTHONPATH=%s python3 -m tests.image.guest.host" % _CODE
UNKNOWN = 500  # so many writes at most follow a flush that was heard of
# A power cut may tear a line, without its end; then the next boot's first one stands right behind it.
_TOLD = re.compile(r"(flushed|failed) (\d+)$")


def disk_of(board: Board) -> str:
    """The device that the host sees, in the board's own machine."""
    _send(board)
    return board.shell.run("%s find %s" % (RUN, board.name), limit_s=600).split()[-1]


def _send(board: Board) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _SENT.split():
            archive.writestr(name, Path(ROOT, name).read_bytes())
    board.shell.put(_CODE, packed.getvalue())


class Writes:
    """Numbered writes of a host over many power cuts, and what a disk may hold of them."""

    def __init__(self, size: int):
        self.history = History(size)
        self.safe = 0  # a completed flush covers the writes up to this one
        self._said = 0
        self._plan = None

    def begin(self, board: Board, seed: int) -> None:
        """Lets the host write from now on, until the power is cut."""
        _send(board)
        self._said = len(board.told())
        self.expect(seed)
        command = "setsid %s write %s %d %d </dev/null >/run/writer.log 2>&1 &"
        board.shell.run(command % (RUN, board.name, seed, self.history.last))

    def expect(self, seed: int) -> None:
        """The writes of a host with these dice."""
        self._plan = rough.plan(self.history.size, random.Random(seed))

    def wait_for_flushes(self, board: Board, count: int, limit_s: float = 600.0) -> None:
        def enough() -> bool:
            said = [word for word, _ in self._told(board)]
            assert "failed" not in said, "the host's disk failed: " + board.shell.run("cat /run/writer.log", None)
            return said.count("flushed") >= count

        wait_until("the host has flushed %d times" % count, enough, limit_s, 0.1)

    def end(self, board: Board) -> None:
        """After the power was cut: what was promised is known, and what may have been written behind it."""
        self.safe = max([self.safe] + [number for word, number in self._told(board) if word == "flushed"])
        while self.history.last < self.safe + UNKNOWN:
            offset, length, _ = next(self._plan)
            self.history.add(offset, length)

    def _told(self, board: Board) -> list[tuple[str, int]]:
        found = [_TOLD.search(line) for line in board.told()[self._said :]]
        return [(each[1], int(each[2])) for each in found]

    def check(self, image: Path) -> int:
        """The write up to which the disk holds all; nothing promised may be missing."""
        found = self.history.prefix_of(image.read_bytes())
        assert found >= self.safe, "write %d was flushed, the disk holds those up to %d" % (self.safe, found)
        return found

    def check_alone(self, board: Board) -> None:
        """That of one board which serves, as soon as it has put all that its journal holds onto its disk."""
        board.wait_for("all is on its disk", lambda status: status["group"]["played"] == status["group"]["written"])
        board.shell.run("sync")
        held = self.check(board.disks[0].path)
        print("its disk holds the writes up to %d; those up to %d were flushed" % (held, self.safe), flush=True)
        self.forget_after(held)

    def forget_after(self, number: int) -> None:
        self.history.forget_after(number)
