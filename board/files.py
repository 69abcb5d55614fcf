"""Small files of a board and the names of all of them, so that a power cut leaves what was or what is to be."""

import os

from firmware.whole import replace


def write_whole(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replaces a file, durably (firmware/whole.py)."""
    folder, name = os.path.split(path)
    replace(os, folder, name, data, mode)


def sync_folder(path: str) -> None:
    """What was made, renamed or removed there stays so."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def link(target: str, path: str) -> None:
    """A symbolic link to `target` stands at `path` from now on, in place of what was there."""
    if os.path.islink(path) and os.readlink(path) == target:
        return
    aside = path + ".new"
    if os.path.lexists(aside):
        os.unlink(aside)
    os.symlink(target, aside)
    os.rename(aside, path)
