"""`sosie update make`: the system of an image as a signed bundle for RAUC."""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from firmware.link import frames
from firmware.log import superblock
from tools import updatekey
from tools.errors import BoardError

SECTOR = 512
_TABLE_AT, _ENTRY, _SIGNATURE = 446, 16, b"\x55\xaa"
_PIECE = 1 << 20

# A third of a minute's work less than the default, for a bundle that is a twentieth larger.
COMPRESSION = "zstd -Xcompression-level 6"

MANIFEST = """\
[update]
compatible=sosie-{model}
version={version}
description=Sosie {version} for {model}
build={formats}

[bundle]
format=verity

[image.system]
filename=system.img
"""


def make(image: str, out: str, keys: str = updatekey.FOLDER) -> "tuple[str, str]":
    """Writes the bundle of the system in the image of a card; returns its version and model. Raises BoardError."""
    if not os.path.exists(updatekey.paths(keys)[0]):
        raise BoardError("There is no key for updates in %s; `sosie update key` makes one, and cards that are flashed "
                         "afterwards trust it." % os.path.expanduser(keys))
    for program, package in (("rauc", "rauc"), ("mksquashfs", "squashfs-tools"), ("debugfs", "e2fsprogs")):
        _need(program, package)
    with tempfile.TemporaryDirectory(prefix="sosie-update-", dir=os.path.dirname(os.path.abspath(out))) as work:
        system = os.path.join(work, "system.img")
        copy_system(image, system)
        version, model = _line(system, "version"), _line(system, "model")
        shrink(system)
        pack(system, out, keys, MANIFEST.format(version=version, model=model, formats=formats()))
    return version, model


def pack(system: str, out: str, keys: str, manifest: str, compression: str = COMPRESSION):
    """Writes the signed bundle of the file system `system`, which is moved into it; `compression` is mksquashfs's."""
    key, certificate = updatekey.paths(keys)
    with tempfile.TemporaryDirectory(prefix="sosie-update-", dir=os.path.dirname(os.path.abspath(out))) as work:
        content, fresh = os.path.join(work, "content"), os.path.join(work, "bundle")
        os.mkdir(content)
        os.rename(system, os.path.join(content, "system.img"))
        with open(os.path.join(content, "manifest.raucm"), "w") as file:
            file.write(manifest)
        argv = ["rauc", "bundle", "--cert=" + certificate, "--key=" + key]
        argv += ["--mksquashfs-args=-no-progress -comp " + compression, content, fresh]
        _run(argv, "RAUC could not make the bundle")
        os.replace(fresh, out)


def shrink(system: str):
    """Makes a file system as small as its content: what is not there need not be sent, nor written to a card."""
    _run(["e2fsck", "-fy", system], "The system in the image is damaged", codes=(0, 1))
    _run(["resize2fs", "-M", system], "The system in the image cannot be made small")


def formats() -> str:
    """What a board compares before it takes an update."""
    return "journal-format=%d link-version=%d" % (superblock.VERSION, frames.VERSION)


def build_image(board: str, out: str):
    """The image of a kind of board, from this checkout; needs root."""
    argv = [sys.executable, "-m", "tools.image", "--board", board, "--out", out, "--progress"]
    run = subprocess.run(argv, cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if run.returncode != 0:
        raise BoardError("The image for %s could not be built; the lines above say why." % board)


def copy_system(image: str, system: str):
    """The system of an image, slot A, in a file of its own; holes stay holes. Raises BoardError."""
    try:
        with open(image, "rb") as source, open(system, "wb") as target:
            start, length = _second_partition(source.read(SECTOR), image)
            source.seek(start)
            for at in range(0, length, _PIECE):
                piece = source.read(min(_PIECE, length - at))
                if not piece:
                    raise BoardError("%s ends in the middle of the system; it is no whole image." % image)
                if piece.count(0) != len(piece):
                    target.seek(at)
                    target.write(piece)
            target.truncate(length)
    except OSError as error:
        raise BoardError("%s cannot be read (%s)." % (image, error.strerror)) from None


def _second_partition(sector: bytes, image: str) -> "tuple[int, int]":
    if sector[-2:] == _SIGNATURE:
        entry = sector[_TABLE_AT + _ENTRY : _TABLE_AT + 2 * _ENTRY]
        start, length = struct.unpack_from("<II", entry, 8)
        if entry[4] == 0x83 and length:
            return start * SECTOR, length * SECTOR
    raise BoardError("%s is no image of a card; `python3 -m tools.image` makes one." % image)


def _line(system: str, name: str) -> str:
    argv = ["debugfs", "-R", "cat /usr/lib/sosie/" + name, system]
    run = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PATH": _path()})
    text = run.stdout.strip()
    if not re.fullmatch(r"[\w.+~-]+", text):
        raise BoardError("The system in this image does not say its %s; build it anew with `python3 -m tools.image`."
                         % name)
    return text


def _need(program: str, package: str):
    if shutil.which(program, path=_path()) is None:
        raise BoardError("%s is missing; `apt-get install --no-install-recommends %s` installs it."
                         % (program, package))


def _run(argv: "list[str]", complaint: str, codes=(0,)):
    run = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PATH": _path()})
    if run.returncode not in codes:
        raise BoardError("%s: %s" % (complaint, (run.stderr.strip().splitlines() or ["no reason given"])[-1]))


def _path() -> str:
    """Programs for file systems are not on every user's path."""
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
