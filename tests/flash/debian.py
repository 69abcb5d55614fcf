"""A Debian that somebody has: plain, from its packages, without anything of a board in it, and without a kernel."""

import contextlib
import os
import subprocess
from pathlib import Path

from tests.flash import stub
from tools.image import mirror, packages

ROOT_SIZE = 512 * stub.MIB
SIGNATURE = stub.SIGNATURE[::-1].hex()
FSTAB = "PARTUUID=%s-02 / ext4 defaults 0 1\nPARTUUID=%s-01 /boot/firmware vfat defaults 0 2\n" % (SIGNATURE, SIGNATURE)
PACKAGES = """apt dbus kmod mount netbase python3 python3-cryptography python3-isal python3-spake2 python3-zstandard
systemd systemd-sysv udev util-linux""".split()
MISSING = "python3-crcmod"  # so that --onto has something to install


def image(path: Path) -> str:
    """Makes the image at `path`; returns the path."""
    place = stub.SLOT_A[0]
    stub.image(str(path), parts=(stub.BOOT, (place, ROOT_SIZE)), kinds=(0x0C, 0x83))
    with open(path, "r+b") as file:
        file.truncate(place)
        file.truncate(place + ROOT_SIZE)
    where = "offset=%d" % place
    stub.run("mkfs.ext4", "-q", "-d", str(plain_root()), "-E", where, str(path), "%dk" % (ROOT_SIZE >> 10))
    with mounted(path) as root:
        (root / "etc/fstab").write_text(FSTAB)
        (root / "boot/firmware").mkdir(exist_ok=True)
    return str(path)


def plain_root() -> Path:
    """The root of a Debian, of which every machine keeps one."""
    sources = mirror.sources(packages.SUITE, ["main"], None)
    return packages.Build(None, PACKAGES, sources, []).take("debian", "a Debian", _quiet, _quiet) / "root"


def _quiet(_) -> None:
    pass


@contextlib.contextmanager
def mounted(path: Path):
    """The root of the image as a folder. It is a partition of a loop device to the kernel, as it would be of a card."""
    folder = path.with_suffix(".mnt")
    folder.mkdir()
    with stub.loop(str(path), "--partscan") as device:
        if not os.path.exists(device + "p2"):  # a kernel that reads such tables has done it
            stub.run("addpart", device, "2", str(stub.SLOT_A[0] // 512), str(ROOT_SIZE // 512))
        stub.run("mount", device + "p2", str(folder))
        try:
            yield folder
        finally:
            stub.run("umount", "--recursive", str(folder))
            subprocess.run(["delpart", device, "2"], capture_output=True)  # else it goes with the device
    folder.rmdir()


def take_boot_files(path: Path, folder: Path) -> None:
    """What is in the boot partition of the image, as if it were mounted there."""
    stub.run("mcopy", "-s", "-n", "-i", "%s@@%d" % (path, stub.BOOT[0]), "::*", str(folder))


def inside(root: Path, *command: str) -> "subprocess.CompletedProcess":
    """Runs a program in the system; what it mounts goes with it."""
    script = """set -eu
        for each in proc sys dev; do mount --rbind /$each "$1/$each"; done
        mount -t tmpfs tmpfs "$1/run"
        root="$1"; shift; cd /; exec chroot "$root" env -C /usr/lib/sosie "$@"
        """
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(root), *command],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
