"""Files in the boot partition of an image, by mtools: nothing is mounted, so no desktop and no kernel is asked."""

import os
import shutil
import subprocess
import tempfile

from firmware.errors import Refused
from tools.flash.target import Failed

# mtools' own configuration could redirect it; the check of the geometry knows floppies only.
_ENVIRONMENT = {"MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C", "PATH": os.environ.get("PATH", "")}


class Fat:
    """The FAT file system in the file at `path`."""

    def __init__(self, path: str):
        self._path = path

    def put(self, name: str, data: bytes) -> None:
        """Writes one file, replacing an old one; raises Failed."""
        self._run("mcopy", "-o", "-", "::" + name, data=data)
        if self.get(name) != data:  # mcopy is content when the partition is full
            raise Failed("the boot partition does not take %s; is it full? Build the image anew" % name)

    def folder(self, name: str) -> None:
        """Makes the folder, empty: what was in it is gone."""
        self._run("mdeltree", "::" + name, may_fail=True)
        self._run("mmd", "::" + name)

    def get(self, name: str) -> "bytes | None":
        """What the file holds; None when there is none."""
        return self._run("mcopy", "::" + name, "-", may_fail=True)

    def _run(self, program: str, *arguments: str, data: bytes = b"", may_fail: bool = False) -> "bytes | None":
        command = [program, "-i", self._path, *arguments]
        try:
            done = subprocess.run(command, input=data, capture_output=True, env=_ENVIRONMENT)
        except FileNotFoundError:
            raise Refused("%s is missing here; on Debian: apt-get install mtools" % program) from None
        if done.returncode == 0:
            return done.stdout
        if may_fail:
            return None
        says = (done.stderr.decode(errors="replace").strip() or "no word why").splitlines()[-1]
        raise Failed("the boot partition does not take its files (%s: %s)" % (program, says))


class Workshop:
    """A folder for what holds keys, in memory where there is room; gone at the end, whatever happens."""

    def __init__(self, room: int):
        self._room = room

    def __enter__(self) -> str:
        self._folder = tempfile.mkdtemp(prefix="sosie-flash-", dir=_roomy(self._room))
        return self._folder

    def __exit__(self, *_) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _roomy(room: int) -> "str | None":
    try:
        there = os.statvfs("/dev/shm")
        fits = there.f_bavail * there.f_frsize > 2 * room and os.access("/dev/shm", os.W_OK)
    except OSError:
        fits = False
    return "/dev/shm" if fits else None
