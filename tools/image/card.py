"""Third stage: partitions, their file systems and the boot loader become one file, the image of a card."""

import os
import shutil
import struct
import uuid
from pathlib import Path

from tools.image.model import CHECKOUT, Model
from tools.image.toolbox import Toolbox

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
SECTOR = 512
# Every part begins and ends on an erase block of a card. (start, length) of the boot partition and both slots.
ERASE_BLOCK = 4 * MIB
BOOT = (4 * MIB, 96 * MIB)
SLOT_A = (100 * MIB, 512 * MIB)
SLOT_B = (612 * MIB, 512 * MIB)
# flash.sh gives each card its own; the image's own must be the same for the same inputs.
SIGNATURE = 0x50550517
_FILE_SYSTEM = uuid.UUID("50550517-0000-4000-8000-000000000002")
_TEMPLATES = CHECKOUT / "tools/flash/card"
_FAT, _LINUX = 0x0C, 0x83


def write(model: Model, base: Path, box: Toolbox, out: Path) -> None:
    """Makes the image from what the second stage has left in the folder of the build."""
    _root_file_system(box)
    _boot_file_system(model, base, box)
    with open(out, "wb") as file:
        file.truncate(SLOT_B[0])
        _copy_sparse(box.work / "boot.fat", file, BOOT[0])
        _copy_sparse(box.work / "root.ext4", file, SLOT_A[0])
        file.seek(0)
        file.write(_first_sector(model, base))
        if model.boot == "grub-pc":
            core = (box.work / "core.img").read_bytes()
            assert SECTOR + len(core) <= BOOT[0]
            file.write(core)


def _root_file_system(box: Toolbox) -> None:
    """By way of an archive, which has a fixed order and one time for everything."""
    tar = "tar --create --sort=name --format=gnu --numeric-owner --mtime=@%d -C root ." % box.epoch
    make = "mke2fs -q -t ext4 -L sosie-root -U %s -E hash_seed=%s,lazy_itable_init=0 -m 0" % (_FILE_SYSTEM, _FILE_SYSTEM)
    make += " -O ^has_journal,^metadata_csum_seed,^orphan_file,^resize_inode -b 4096 -d - root.ext4 %dM"
    box.run("%s | %s" % (tar, make % (SLOT_A[1] // MIB)))


def _boot_file_system(model: Model, base: Path, box: Toolbox) -> None:
    tree = box.work / "fat"
    (tree / "grub").mkdir(parents=True)
    (tree / "pair").mkdir()
    text = (HERE / "grub.cfg").read_text().replace("@COMMAND_LINE@", model.command_line)
    (tree / "grub/grub.cfg").write_text(text)
    (tree / "grub/grubenv").write_bytes(_environment_block({"primary": "A", "trial": "", "extra": ""}))
    if _TEMPLATES.is_dir():
        shutil.copytree(_TEMPLATES, tree, dirs_exist_ok=True)
    _boot_loader(model, base, box, tree)
    box.run("find fat -exec touch -hd @%d {} +" % box.epoch)
    box.run("truncate -s %d boot.fat && mformat -i boot.fat -F -N 50550517 -v SOSIE -h 255 -s 63 -T %d -H %d ::" % (
        BOOT[1], BOOT[1] // SECTOR, BOOT[0] // SECTOR))
    box.run("cd fat && for each in $(ls | LC_ALL=C sort); do mcopy -i ../boot.fat -s -m $each ::/; done")


def _boot_loader(model: Model, base: Path, box: Toolbox, tree: Path) -> None:
    modules = "biosdisk part_msdos fat ext2 loadenv regexp probe linux normal configfile test echo sleep reboot"
    if model.boot == "grub-pc":
        shutil.copytree(base / "boot/usr/lib/grub", box.work / "grub")
        box.run("grub-mkimage -d grub/i386-pc -O i386-pc -p '(,msdos1)/grub' -o core.img " + modules)


def _environment_block(values: "dict[str, str]") -> bytes:
    lines = "# GRUB Environment Block\n" + "".join("%s=%s\n" % pair for pair in values.items())
    return lines.encode().ljust(1024, b"#")


def _first_sector(model: Model, base: Path) -> bytes:
    code = b""
    if model.boot == "grub-pc":
        code = (base / "boot/usr/lib/grub/i386-pc/boot.img").read_bytes()[:440]
    table = b"".join(_entry(*each) for each in ((_FAT, 0x80, BOOT), (_LINUX, 0, SLOT_A), (_LINUX, 0, SLOT_B)))
    return code.ljust(440, b"\0") + struct.pack("<IH", SIGNATURE, 0) + table.ljust(64, b"\0") + b"\x55\xaa"


def _entry(kind: int, flag: int, place: "tuple[int, int]") -> bytes:
    """Cylinders and heads are those of a place that they cannot name: the sectors count."""
    beyond = b"\xfe\xff\xff"
    return struct.pack("<B3sB3sII", flag, beyond, kind, beyond, place[0] // SECTOR, place[1] // SECTOR)


def _copy_sparse(source: Path, file, at: int) -> None:
    with open(source, "rb") as reader:
        end = os.fstat(reader.fileno()).st_size
        place = 0
        while place < end:
            reader.seek(place)
            piece = reader.read(ERASE_BLOCK)
            if piece.count(0) != len(piece):
                file.seek(at + place)
                file.write(piece)
            place += len(piece)
