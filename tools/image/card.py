"""Third stage: partitions, their file systems and the boot loader become one file, the image of a card."""

import os
import shutil
import struct
import uuid
from pathlib import Path

from tools.image import boot
from tools.image.model import CHECKOUT, Model
from tools.image.toolbox import Toolbox

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
    code, raw = boot.first_sectors(model, base, box)
    with open(out, "wb") as file:
        file.truncate(SLOT_B[0])
        file.write(_first_sector(code))
        for place, content in raw:
            assert SECTOR <= place and place + len(content) <= BOOT[0]
            file.seek(place)
            file.write(content)
        _copy_sparse(box.work / "boot.fat", file, BOOT[0])
        _copy_sparse(box.work / "root.ext4", file, SLOT_A[0])


def _root_file_system(box: Toolbox) -> None:
    """By way of an archive, which has a fixed order and one time for everything."""
    tar = "tar --create --sort=name --format=gnu --numeric-owner --mtime=@%d -C root ." % box.epoch
    make = "mke2fs -q -t ext4 -L sosie-root -m 0 -b 4096 -U %s -E lazy_itable_init=0,hash_seed=%s" % (
        _FILE_SYSTEM, _FILE_SYSTEM)
    make += " -O ^has_journal,^metadata_csum_seed,^orphan_file,^resize_inode -d - root.ext4 %dM" % (SLOT_A[1] // MIB)
    box.run("%s | %s" % (tar, make))


def _boot_file_system(model: Model, base: Path, box: Toolbox) -> None:
    tree = box.work / "fat"
    (tree / "pair").mkdir(parents=True)
    shutil.copytree(_TEMPLATES, tree, dirs_exist_ok=True)
    boot.fill(model, base, box, tree)
    box.run("find fat -exec touch -hd @%d {} +" % box.epoch)
    box.run("truncate -s %d boot.fat" % BOOT[1])
    box.run("mformat -i boot.fat -F -N %x -v SOSIE -h 255 -s 63 -T %d -H %d ::" % (
        SIGNATURE, BOOT[1] // SECTOR, BOOT[0] // SECTOR))
    box.run("cd fat && mcopy -i ../boot.fat -s -m $(ls) ::/")


def _first_sector(code: bytes) -> bytes:
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
