"""What starts a board before the kernel: GRUB everywhere, and what a model needs in front of it."""

import shutil
from pathlib import Path

from firmware.errors import Refused
from tools.image.model import Model
from tools.image.toolbox import Toolbox

HERE = Path(__file__).resolve().parent
_MODULES = "part_msdos fat ext2 loadenv regexp probe linux normal configfile test echo sleep reboot"
_VALUES = "primary=A\ntrial=\nextra=\n"


def fill(model: Model, base: Path, box: Toolbox, tree: Path) -> None:
    """Puts into `tree` what the boot partition has of it."""
    (tree / "grub").mkdir(parents=True)
    text = (HERE / "grub.cfg").read_text().replace("@COMMAND_LINE@", model.command_line)
    (tree / "grub/grub.cfg").write_text(text)
    (tree / "grub/grubenv").write_bytes(("# GRUB Environment Block\n" + _VALUES).encode().ljust(1024, b"#"))
    shutil.copytree(base / "boot/usr/lib/grub", box.work / "grub")
    if model.boot == "bios":
        _grub(box, "i386-pc", "core.img", "biosdisk " + _MODULES)
    else:
        (tree / "EFI/BOOT").mkdir(parents=True)
        _grub(box, "arm64-efi", "fat/EFI/BOOT/BOOTAA64.EFI", _MODULES)
    for pattern in model.card_files:
        source = _one(base, pattern)
        shutil.copyfile(source, tree / source.name)
    if (model.folder / "card").is_dir():
        shutil.copytree(model.folder / "card", tree, dirs_exist_ok=True)
    for name in model.overlays:
        _overlay(model, box, tree, name)


def first_sectors(model: Model, base: Path, box: Toolbox) -> "tuple[bytes, list[tuple[int, bytes]]]":
    """The code of the first sector, and what lies between it and the first partition, with its place in bytes."""
    raw = []
    for word in model.raw_files:
        pattern, _, place = word.rpartition("@")
        raw.append((int(place), _one(base, pattern).read_bytes()))
    if model.boot != "bios":
        return b"", raw
    code = (base / "boot/usr/lib/grub/i386-pc/boot.img").read_bytes()[:440]
    return code, [*raw, (512, (box.work / "core.img").read_bytes())]


def _grub(box: Toolbox, kind: str, out: str, modules: str) -> None:
    box.run("grub-mkimage -d grub/%s -O %s -p '(,msdos1)/grub' -o %s %s" % (kind, kind, out, modules))


def _overlay(model: Model, box: Toolbox, tree: Path, name: str) -> None:
    """Lays NAME.dts over each device tree of the card; the outcome lies beside it as TREE-NAME.dtb."""
    shutil.copyfile(model.overlay(name), box.work / (name + ".dts"))
    box.run("dtc -q -@ -I dts -O dtb -o %s.dtbo %s.dts" % (name, name))
    for path in sorted(tree.glob("*.dtb")):
        box.run("fdtoverlay -i fat/%s -o fat/%s-%s.dtb %s.dtbo" % (path.name, path.stem, name, name))


def _one(base: Path, pattern: str) -> Path:
    """`pattern` is below the cached folder of the packages, with * for what changes between versions."""
    found = sorted(base.glob(pattern))
    if len(found) != 1:
        raise Refused("%d files match %s in the unpacked packages, not one; correct model.ini" % (len(found), pattern))
    return found[0]
