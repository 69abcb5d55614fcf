"""A pair whose first board is reached by iSCSI."""

import subprocess
import sys

from tests.process.boards import ROOT, Board, Pair, free_port, wait_until
from tests.scsi.iscsi import NAME

PROGRAM = "tests/scsi/target.py"


class TargetBoard(Board):
    """A board that runs tests/scsi/target.py with `words` as further arguments."""

    words: tuple = ()

    def launch(self) -> None:
        with self.log.open("ab") as log:
            command = [*self._interpreter, PROGRAM, str(self.conf), *self.words]
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _answers(self) -> bool:
        return super()._answers() and "ready" in self.said().splitlines()

    @property
    def url(self) -> str:
        return "iscsi://127.0.0.1:%d/%s" % (self.nbd, NAME)


class TargetPair(Pair):
    """The twin is a board like any other, under CPython."""

    def __init__(self, folder, interpreter=(sys.executable,), removable=False, **lines):
        super().__init__(folder, **lines)
        ports = [self.left.lines[key] for key in ("listen", "peer")]
        self.left = TargetBoard(folder, "left", interpreter, role="primary", listen=ports[0], peer=ports[1], **lines)
        self.left.words = ("removable",) if removable else ()


__all__ = ["TargetBoard", "TargetPair", "free_port", "wait_until"]
