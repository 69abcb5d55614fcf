"""A small image with the shape of a real one, and cards: files behind loop devices."""

import contextlib
import os
import struct
import subprocess

MIB = 1 << 20
BOOT, SLOT_A, SLOT_B = (4 * MIB, 8 * MIB), (12 * MIB, 9 * MIB), (24 * MIB, 9 * MIB)
SIGNATURE = b"\x17\x05\x55\x50"
CARD = 2 << 30
OLD = b"what was on the card before\n"


def image(path: str, tail: int = 0, parts=(BOOT, SLOT_A, SLOT_B), kinds=(0x0C, 0x83, 0x83)) -> str:
    """Makes the image at `path`, which ends `tail` bytes behind the start of slot B; returns the path."""
    with open(path, "wb") as file:
        file.truncate(SLOT_B[0] + tail)
    boot = path + ".boot"
    run("mformat", "-C", "-i", boot, "-v", "SOSIE", "-T", str(BOOT[1] // 512), "::")
    run("mmd", "-i", boot, "::pair", "::grub")
    run("mcopy", "-i", boot, "-", "::grub/grub.cfg", input=b"# grub\n")
    run("mcopy", "-i", boot, "-", "::pair/stale.key", input=b"of another board")
    with open(boot, "rb") as source, open(path, "r+b") as file:
        file.write(sector(parts, kinds))
        file.seek(BOOT[0])
        file.write(source.read())
        for place in (SLOT_A[0], SLOT_A[0] + 5 * MIB + 512):
            file.seek(place)
            file.write(os.urandom(3 * MIB // 2))
        file.seek(SLOT_B[0])
        file.write(b"b" * tail)
    os.unlink(boot)
    return path


def sector(parts=(BOOT, SLOT_A, SLOT_B), kinds=(0x0C, 0x83, 0x83)) -> bytes:
    """A master boot record."""
    entries = b"".join(struct.pack("<B3sB3sII", 0, b"", kind, b"", start // 512, size // 512)
                       for (start, size), kind in zip(parts, kinds))
    return b"c" * 440 + SIGNATURE + b"\0\0" + entries.ljust(64, b"\0") + b"\x55\xaa"


def old_card(path: str, size: int = CARD) -> str:
    """A sparse file with leftovers at its start, its end, and where the board's state and rings will be."""
    with open(path, "wb") as file:
        file.truncate(size)
        for place in (0, SLOT_A[0] + 4 * MIB, SLOT_B[0] + MIB, SLOT_B[0] + SLOT_B[1] + 4 * MIB, size - len(OLD)):
            file.seek(place)
            file.write(OLD)
    return path


@contextlib.contextmanager
def loop(path: str, *options: str):
    """The file as a block device; its path."""
    device = run("losetup", "--find", "--show", *options, path).decode().strip()
    try:
        yield device
    finally:
        run("losetup", "--detach", device)


def data(path: str, step: int) -> "list[int]":
    """Where in a file something was written: offsets of pieces of `step` bytes."""
    found, offset = [], 0
    with open(path, "rb") as file:
        while True:
            try:
                offset = os.lseek(file.fileno(), offset, os.SEEK_DATA) // step * step
            except OSError:
                return found
            found.append(offset)
            offset += step


def piece(path: str, offset: int, size: int) -> bytes:
    with open(path, "rb") as file:
        return os.pread(file.fileno(), size, offset)


def boot_file(path: str, name: str, at: int = BOOT[0]) -> "bytes | None":
    """A file of the boot partition of a card or an image; None when there is none."""
    command = ["mtype", "-i", "%s@@%d" % (path, at), "::" + name]
    done = subprocess.run(command, capture_output=True, env=dict(os.environ, MTOOLS_SKIP_CHECK="1"))
    return done.stdout if done.returncode == 0 else None


def run(*command: str, input: bytes = b"") -> bytes:
    return subprocess.run(command, input=input, capture_output=True, check=True).stdout
