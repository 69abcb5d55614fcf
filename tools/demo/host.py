"""The server that the first board is plugged into: a live kernel ext4 over an NBD client that is not ours.

nbdfuse shows the export as a file, a loop device with direct I/O makes it a disk, ext4 is mounted on it. When
the board loses power the host sees what it sees when a USB disk is pulled: errors, then a file system to mount again.
Nothing in between retries: a layer that waits for the board to return would lose writes which it had acknowledged and
that were never flushed, and hide it from ext4.
"""

import contextlib
import os
import subprocess
import threading

from tools.demo import files
from tools.demo.workshop import Broken, Workshop, call, kill_group, missing_commands, wait_for

REAL_BYTES = 64 << 20
REAL_FILES = 2000
WRITE_RATE = 32 << 20  # what a good USB 2.0 disk takes
COMMANDS = ("nbdfuse", "losetup", "mount", "umount", "fusermount3", "mkfs.ext4")


def why_not_live(workshop: Workshop) -> str:
    """Why this machine cannot mount a file system from an NBD export, in half a sentence, or ''."""
    if missing := missing_commands(COMMANDS):
        return "%s not installed" % ", ".join(missing)
    if os.geteuid() != 0:
        return "mounting needs root"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    return "" if _can_mount(workshop) else "loop mounts fail"


def _can_mount(workshop: Workshop) -> bool:
    image, folder = workshop.path("try.img"), workshop.path("try")
    os.mkdir(folder)
    with open(image, "wb") as file:
        file.truncate(4 << 20)
    try:
        call("mkfs.ext4", "-q", "-F", image)
        call("mount", "-o", "loop", image, folder)
        call("umount", folder)
        return True
    except Broken:
        return False
    finally:
        os.unlink(image)
        os.rmdir(folder)


class LiveHost:
    """A mounted ext4 on the board's disk, and a program that writes files on it."""

    # Every moment of this host's disk is a file system that e2fsck must find sound.
    always_whole = True
    # Long enough to watch, and enough to be killed in the middle of.
    outage_s, outage_bytes = 5.0, 24 << 20
    how = "nbdfuse, a loop device, kernel ext4"

    def __init__(self, workshop: Workshop, port: int):
        self.folder = workshop.path("mounted")
        self.ledger = {}
        self.slowest_us = 0
        self._workshop = workshop
        self._uri = "nbd://127.0.0.1:%d/" % port
        self._export = workshop.path("export")
        self._device = os.path.join(self._export, "disk")
        self._nbdfuse = self._loop = self._writer = None
        os.mkdir(self.folder)
        os.mkdir(self._export)
        workshop.on_close(self.unplug)

    def begin(self):
        """Plugs the board in, makes the file system and mounts it."""
        self._attach()
        call("mkfs.ext4", "-q", "-F", "-L", "sosie-demo", self._loop)
        self._mount()

    def fill(self, progress) -> "tuple[int, int]":
        """Makes the file system and puts real files on it; returns how many and their bytes."""
        self.begin()
        ledger, total = files.put(files.real_files(REAL_BYTES, REAL_FILES), self.folder, progress)
        call("sync", "-f", self.folder)
        self.ledger.update(ledger)
        return len(ledger), total

    def begin_writing(self):
        """Starts the program that keeps writing; what it was promised goes into the ledger as it goes."""
        self._writer = self._workshop.python("tools.demo.writer", self.folder, str(WRITE_RATE), log="writer.log",
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._collector = threading.Thread(target=self._collect, args=(self._writer.stdout,), daemon=True)
        self._collector.start()

    def _collect(self, lines):
        for line in lines:
            digest, _, took_us, name = line.rstrip("\n").split(" ", 3)
            self.slowest_us = max(self.slowest_us, int(took_us))
            self.ledger[name] = digest

    def require_writing(self):
        """Broken when the program that writes has ended."""
        if self._writer.poll() is not None:
            raise Broken("The host could not go on writing: %s" % self._workshop.last_words("writer.log"))

    def crash(self) -> bool:
        """The board is gone: the writer fails, the dead disk is unmounted. True: it was in mid-write."""
        try:
            code = self._writer.wait(30)
        except subprocess.TimeoutExpired:
            raise Broken("The host's program hangs on the dead disk.") from None
        self._collector.join(10)
        self.unplug()
        return code == 1

    def come_back(self) -> int:
        """Plugs the board in again and mounts (ext4 replays its journal); returns the files found whole."""
        self._attach()
        self._mount()
        return files.verify(self.folder, self.ledger)

    def proof(self, count: int) -> str:
        """What a come_back() that found `count` files has shown."""
        return ("All %s files that were synced before left was killed survived it;\n"
                "   the slowest write + fsync meanwhile, with the link dead: %.0f ms."
                % (format(count, ","), self.slowest_us / 1000))

    def finish(self):
        """Unmounts properly: the file system is complete on the board's disk."""
        call("umount", self.folder)
        self.unplug()

    def read_back(self, image: str) -> int:
        """Mounts an image read-only and reads every file; returns how many."""
        call("mount", "-t", "ext4", "-o", "loop,ro", image, self.folder)
        try:
            return files.verify(self.folder, self.ledger)
        finally:
            call("umount", self.folder)

    def unplug(self):
        """Takes the disk away, whatever state it is in. Safe to repeat."""
        if self._writer:
            kill_group(self._writer)
        with contextlib.suppress(Broken):
            if os.path.ismount(self.folder):
                call("umount", self.folder, timeout_s=20)
        with contextlib.suppress(Broken, subprocess.TimeoutExpired):
            if os.path.ismount(self.folder):
                call("umount", "-l", self.folder)
        with contextlib.suppress(Broken, subprocess.TimeoutExpired):
            if self._loop:
                call("losetup", "-d", self._loop)
        self._loop = None
        self._end_nbdfuse()

    def _end_nbdfuse(self):
        if not self._nbdfuse:
            return
        with contextlib.suppress(Broken, subprocess.TimeoutExpired):
            call("fusermount3", "-u", self._export)
        try:
            self._nbdfuse.wait(5)
        except subprocess.TimeoutExpired:
            kill_group(self._nbdfuse)
        with contextlib.suppress(Broken, subprocess.TimeoutExpired):
            if os.path.ismount(self._export):
                call("fusermount3", "-uz", self._export)
        self._nbdfuse = None

    def _attach(self):
        self._nbdfuse = self._workshop.process("nbdfuse", self._device, self._uri, log="nbdfuse.log")
        wait_for("nbdfuse shows the disk", lambda: self._nbdfuse.poll() is not None or os.path.exists(self._device))
        if self._nbdfuse.poll() is not None:
            raise Broken("nbdfuse cannot attach: %s" % self._workshop.last_words("nbdfuse.log"))
        self._loop = call("losetup", "--show", "-f", "--direct-io=on", self._device).strip()

    def _mount(self):
        call("mount", "-t", "ext4", self._loop, self.folder)
