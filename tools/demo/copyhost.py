"""The host where nothing may be mounted (no root, a container): the same ext4, by mkfs.ext4 -d and nbdcopy.

The file system is made in an image and copied to the board by NBD. While a copy runs, the disk is half of one image
and half of another, as on any disk; so only finished copies can be asked to be sound.
"""

import filecmp
import os
import subprocess

from tools.demo import files
from tools.demo.board import DISK_SIZE
from tools.demo.host import REAL_BYTES, REAL_FILES
from tools.demo.workshop import Broken, Workshop, call, kill_group

COMMANDS = ("mkfs.ext4", "nbdcopy", "nbdinfo", "e2fsck", "debugfs")
NEW_BYTES = 96 << 20


class CopyHost:
    """Puts whole file systems on the board's disk, one after the other."""

    always_whole = False
    # The copy must still be under way at the end of the act.
    outage_s, outage_bytes = 0.0, NEW_BYTES // 2
    how = "mkfs.ext4 -d and nbdcopy"

    def __init__(self, workshop: Workshop, port: int):
        self.folder = workshop.path("staged")
        self.ledger = {}
        self._workshop = workshop
        self._uri = "nbd://127.0.0.1:%d/" % port
        self._image = workshop.path("staged.img")
        self._writer = None
        os.mkdir(self.folder)

    def fill(self, progress) -> "tuple[int, int]":
        """Copies a file system with real files; returns how many and their bytes."""
        self.ledger, total = files.put(files.real_files(REAL_BYTES, REAL_FILES), self.folder, progress)
        self._make_image()
        call("nbdcopy", "--flush", self._image, self._uri)
        return len(self.ledger), total

    def begin_writing(self):
        """Makes the next file system, with many new files, and starts to copy it."""
        self._add_files()
        self._make_image()
        # One small request at a time, as a program does that writes a little here and there: there is time to watch.
        self._writer = self._workshop.process("nbdcopy", "--flush", "--connections=1", "--requests=1",
                                              "--request-size=8192", self._image, self._uri, log="nbdcopy.log")

    def _add_files(self):
        folder, total, number = os.path.join(self.folder, "new"), 0, 0
        os.mkdir(folder)
        while total < NEW_BYTES:
            data = files.made_up(number)
            path = os.path.join(folder, "%05d" % number)
            with open(path, "wb") as file:
                file.write(data)
            self.ledger[os.path.relpath(path, self.folder)] = files.digest(path)
            total += len(data)
            number += 1

    def require_writing(self):
        """Broken when the copy has failed."""
        if self._writer.poll():
            raise Broken("The host could not go on writing: %s" % self._workshop.last_words("nbdcopy.log"))

    def crash(self) -> bool:
        """The board is gone; True: the copy was in the middle, and failed."""
        try:
            return self._writer.wait(30) != 0
        except subprocess.TimeoutExpired:
            raise Broken("nbdcopy hangs on the dead disk.") from None

    def come_back(self) -> int:
        """Copies all of it again and reads it back; returns the number of files in it."""
        call("nbdcopy", "--flush", self._image, self._uri)
        copy = self._workshop.path("read.img")
        call("nbdcopy", self._uri, copy)
        same = filecmp.cmp(self._image, copy, shallow=False)
        os.unlink(copy)
        if not same:
            raise Broken("What is read from the board is not what was written")
        return len(self.ledger)

    def proof(self, count: int) -> str:
        """What a come_back() has shown."""
        return "After left was killed, %s files were written and read back, the same." % format(count, ",")

    def finish(self):
        """All is flushed already."""

    def read_back(self, image: str) -> int:
        """Reads every file out of an image without mounting it; returns how many."""
        folder = self._workshop.path("read-back")
        os.mkdir(folder)
        call("debugfs", "-R", "rdump / %s" % folder, image)
        return files.verify(folder, self.ledger)

    def unplug(self):
        """Ends a copy that still runs. Safe to repeat."""
        if self._writer:
            kill_group(self._writer)

    def _make_image(self):
        if os.path.exists(self._image):
            os.unlink(self._image)
        call("mkfs.ext4", "-q", "-F", "-L", "sosie-demo", "-d", self.folder, self._image, "%dk" % (DISK_SIZE >> 10))
