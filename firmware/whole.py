"""Replacing a small file so that a power cut leaves the old one or the new one; the one way that all of Sosie does it.

The runtime is an argument, for board/ does it before the firmware runs, and leaves the ports' imports to that.
"""

# Of the Linux ABI, the same on x86 and ARM. O_EXCL follows no link either.
_O_RDONLY, _O_RDWR, _O_CREAT, _O_EXCL, _O_CLOEXEC = 0, 0o2, 0o100, 0o200, 0o2000000


def replace(system, folder: str, name: str, data: bytes, mode: int) -> None:
    """Puts a file `name` with these bytes into `folder`. `system` is CPython's os, or offers the same. Raises OSError;
    the old file is there then, or was none.

    The folder may be that of a user without privileges, and what he may have left there is neither followed nor
    opened. What root writes belongs to the owner of the folder: who uses it there is not root.
    """
    place = system.open(folder, _O_RDONLY | _O_CLOEXEC)
    aside = name + ".new"
    try:
        _remove(system, aside, place)  # of a process that was cut off; its mode and owner may be others
        try:
            _write(system, folder, aside, place, data, mode)
            system.rename(aside, name, src_dir_fd=place, dst_dir_fd=place)
        except OSError:
            _remove(system, aside, place)  # it may hold what is secret, and the room that was missing
            raise
        system.fsync(place)
    finally:
        system.close(place)


def _remove(system, name: str, place: int) -> None:
    try:
        system.unlink(name, dir_fd=place)
    except OSError:
        pass  # there is none, or making the new one says why not


def _write(system, folder: str, name: str, place: int, data: bytes, mode: int) -> None:
    descriptor = system.open(name, _O_RDWR | _O_CREAT | _O_EXCL | _O_CLOEXEC, mode, dir_fd=place)
    try:
        system.fchmod(descriptor, mode)
        owner = system.stat(folder)[4:6]
        if owner[0] and not system.geteuid():
            system.fchown(descriptor, owner[0], owner[1])
        view, offset = memoryview(data), 0
        while offset < len(view):
            offset += system.pwrite(descriptor, view[offset:], offset)
        system.fsync(descriptor)  # before the rename, or a power cut may leave an empty file under the name
    finally:
        system.close(descriptor)
