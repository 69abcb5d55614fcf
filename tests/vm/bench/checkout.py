"""A copy of the checkout for the guest: what git tracks and what it would add, as it lies in the working tree."""

import contextlib
import io
import subprocess
import tarfile
from pathlib import Path

from tests.vm.bench.bytecode import Bytecode
from tests.vm.errors import Refused
from tests.vm.root.recipe import CHECKOUT

# Where git cannot say it: folders, and what disks and journals end with.
_LEFT_OUT = {".git", ".venv", "__pycache__", "build", "dist"}
_LARGE = {".img", ".journal"}


def relative(script: str) -> str:
    """Path of the script below the checkout."""
    path = CHECKOUT / script  # an absolute script stays what it is
    if not path.is_file():
        raise Refused("there is no script %s; name a file of the checkout, relative to its root" % script)
    if not path.resolve().is_relative_to(CHECKOUT):
        raise Refused("%s lies outside the checkout, so the guest would not have it; put it inside" % script)
    return str(path.resolve().relative_to(CHECKOUT))


def archive(bytecode: Bytecode) -> bytes:
    """All files as an archive of tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in _files():
            # A file that git knows may be deleted, and one that a neighbour removes just now is no loss.
            with contextlib.suppress(FileNotFoundError):
                tar.add(CHECKOUT / name, name, recursive=False, filter=_of_root)
                compiled = bytecode.of(name, CHECKOUT / name)
                if compiled:
                    _add(tar, *compiled)
    bytecode.keep()
    return packed.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _files() -> list[str]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True)
        names = [name for name in listed.stdout.decode().split("\0") if name]
    except FileNotFoundError:
        names = []
    return list(dict.fromkeys(names)) or _found(CHECKOUT)


def _found(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT or path.suffix in _LARGE:
            continue
        names += _found(path) if path.is_dir() and not path.is_symlink() else [str(path.relative_to(CHECKOUT))]
    return names
