"""A system in an image, mounted: what it must have so that the firmware can live there."""

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from firmware.errors import Refused
from tools.flash.image import Image, Part

_MACHINES = {62: "amd64", 183: "arm64", 40: "armhf", 3: "i386", 243: "riscv64"}  # e_machine of ELF
_EXT_MAGIC_AT, _EXT_MAGIC = 1024 + 56, b"\x53\xef"
LEAST_PYTHON = (3, 11)


class System:
    """The root of a system, at the folder `root`. Raises Refused for one that will not do."""

    def __init__(self, root: Path, name: str):
        self.root = root
        release = _text(root / "etc/os-release") or _text(root / "usr/lib/os-release")
        if not re.search(r"^ID(_LIKE)?=.*\b(debian|raspbian)\b", release, re.MULTILINE):
            raise Refused("%s holds no Debian and no Raspberry Pi OS; --onto knows no other system" % name)
        if not (root / "usr/lib/systemd/systemd").exists():
            raise Refused("%s has no systemd; --onto needs it" % name)
        if python_version(root) < LEAST_PYTHON:
            raise Refused("%s has no Python %d.%d or newer; take a newer release of it" % ((name,) + LEAST_PYTHON))
        self.arch = _arch(root / "usr/bin/python3")
        self.boot = boot_folder(root)
        if self.boot is None:
            raise Refused("%s mounts its FAT partition nowhere (etc/fstab); --onto lays sosie.conf there" % name)


def root_part(image: Image) -> Part:
    """The partition of the root; raises Refused."""
    with open(image.path, "rb") as file:
        for part in image.parts[1:]:
            file.seek(part.start + _EXT_MAGIC_AT)
            if part.kind == 0x83 and file.read(2) == _EXT_MAGIC:
                return part
    raise Refused("%s has no ext4 partition behind the first one; --onto knows no other kind of root" % image.path)


@contextlib.contextmanager
def mounted(path: str, part: Part):
    """The partition of the image file, writable, as a folder that nobody else sees for long; raises Refused."""
    with tempfile.TemporaryDirectory(prefix="sosie-onto-") as folder:
        where = "loop,offset=%d,sizelimit=%d,nosuid,nodev" % (part.start, part.size)
        _mount("-t", "ext4", "-o", where, path, folder)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--recursive", folder], check=True)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused("the root in the image cannot be mounted (%s)" % (done.stderr.strip().splitlines() or ["?"])[-1])


def python_version(root: Path) -> "tuple[int, int]":
    """Of the system's own Python; (0, 0) without one."""
    found = re.fullmatch(r"python(\d+)\.(\d+)", os.path.basename(os.path.realpath(root / "usr/bin/python3")))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def boot_folder(root: Path) -> "str | None":
    """Where the system mounts its FAT partition."""
    for line in _text(root / "etc/fstab").splitlines():
        words = line.split()
        if len(words) > 2 and words[0][0] != "#" and words[2] == "vfat" and words[1].startswith("/boot"):
            return words[1]
    return None


def _arch(program: Path) -> str:
    """Debian's name of the processor that a program is for."""
    program = program.parent / os.path.basename(os.path.realpath(program))
    with open(program, "rb") as file:
        head = file.read(20)
    return _MACHINES.get(int.from_bytes(head[18:20], "little"), "another processor")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
