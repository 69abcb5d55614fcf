"""A Debian that somebody has: plain, from its packages, without anything of a board in it."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.flash import stub
from tools.image import card, mirror, model, packages, root
from tools.image.__main__ import build
from tools.image.toolbox import Toolbox

FSTAB = "PARTUUID=50550517-02 / ext4 defaults 0 1\nPARTUUID=50550517-01 /boot/firmware vfat defaults 0 2\n"
PACKAGES = """apt busybox-static dbus iproute2 kmod mount netbase python3 python3-cryptography python3-isal
python3-spake2 python3-zstandard systemd systemd-sysv udev util-linux""".split()
MISSING = "python3-crcmod"  # so that --onto has something to install


def image(folder: Path) -> str:
    """Makes the image: the boot loader and kernel of a board, the root of any Debian. Returns its path."""
    whole, kind = folder / "debian.img", model.Model("qemu")
    build(kind, whole, None, quiet)
    box_root = packages.toolbox(None, quiet)
    base = packages.take(kind, None, box_root, quiet)
    tree = folder / "work/root"
    tree.parent.mkdir()
    subprocess.run(["cp", "-a", str(plain_root()), str(tree)], check=True)
    box = Toolbox(box_root, folder / "work", 0)
    modules = root._kernel(kind, base, tree, box)
    (tree / "boot/initrd.img").write_bytes(root._initrd(kind, modules, tree, box))
    (tree / "etc/fstab").write_text(FSTAB)
    (tree / "boot/firmware").mkdir()
    (tree / "etc/machine-id").write_text("")
    (tree / "etc/systemd/network/80-all.network").write_text("[Match]\nName=e*\n[Network]\nDHCP=yes\n")
    subprocess.run(["systemctl", "--root=%s" % tree, "--quiet", "enable", "systemd-networkd"], check=True)
    card._root_file_system(box)
    with open(whole, "r+b") as file:
        file.truncate(card.SLOT_A[0])  # nothing of a board's root stays
        file.truncate(sum(card.SLOT_A))
        file.write(two_parts(whole))
    place(str(folder / "work/root.ext4"), str(whole), card.SLOT_A[0])
    shutil.rmtree(folder / "work")
    return str(whole)


def plain_root() -> Path:
    """The root of a Debian, of which every machine keeps one."""
    sources = mirror.sources(packages.SUITE, ["main"], None)
    return packages.Build(None, PACKAGES, sources, []).take("debian", "a Debian", quiet, quiet) / "root"


def quiet(_) -> None:
    pass


def two_parts(path: Path) -> bytes:
    """Its first sector, without the second slot."""
    first = bytearray(stub.piece(str(path), 0, 512))
    first[446 + 32:446 + 48] = bytes(16)
    return bytes(first)


def place(source: str, target: str, at: int) -> None:
    subprocess.run(["dd", "if=" + source, "of=" + target, "bs=1M", "seek=%d" % (at >> 20), "conv=notrunc,sparse",
                    "status=none"], check=True)
    assert os.stat(target).st_size >= at
