"""A card as a file: what people edit on its first partition, what the boot loader remembers, where its parts lie."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
BOOT_OFFSET = 4 << 20  # of the FAT partition, on every board
GRUBENV = "grub/grubenv"
GRUBENV_BYTES = 1024
_GRUBENV_HEAD = b"# GRUB Environment Block\n"


@dataclass(frozen=True)
class Part:
    """One partition, in bytes."""

    offset: int
    size: int


class Card:
    """The file at `path`. Its FAT partition may be edited while the board that it belongs to is off."""

    def __init__(self, path: Path):
        self.path = Path(path)

    @classmethod
    def copy(cls, source: Path, path: Path, size: int) -> "Card":
        """A copy of an image, grown to `size` bytes as a card of that size would hold it."""
        subprocess.run(["cp", "--sparse=always", source, path], check=True)
        assert path.stat().st_size <= size, "the image has %d bytes, the card %d" % (path.stat().st_size, size)
        os.truncate(path, size)
        return cls(path)

    def clone(self, path: Path) -> "Card":
        """The same card once more."""
        return self.copy(self.path, path, self.path.stat().st_size)

    def read(self, name: str) -> bytes:
        return self._mtools("mtype", "::" + name)

    def write(self, name: str, data: bytes) -> None:
        for folder in list(Path(name).parents)[-2::-1]:
            if str(folder) not in self.names(str(folder.parent)):
                self._mtools("mmd", "::%s" % folder)
        self._mtools("mcopy", "-o", "-", "::" + name, send=data)

    def remove(self, name: str) -> None:
        self._mtools("mdel", "::" + name)

    def names(self, folder: str = ".") -> list[str]:
        """What lies in a folder of the FAT partition, with the folder's own path."""
        listed = self._mtools("mdir", "-b", "::" + ("" if folder == "." else folder)).decode()
        return [line.removeprefix("::/").rstrip("/") for line in listed.splitlines() if line]

    def boot_variables(self) -> dict[str, str]:
        """What GRUB's environment block says."""
        lines = self.read(GRUBENV).decode().splitlines()[1:]
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def set_boot_variables(self, **changes: str) -> None:
        """The block keeps its size, for GRUB writes it in place."""
        variables = self.boot_variables() | changes
        text = _GRUBENV_HEAD + "".join("%s=%s\n" % item for item in variables.items() if item[1]).encode()
        assert len(text) <= GRUBENV_BYTES, "the boot loader's variables do not fit"
        self.write(GRUBENV, text + b"#" * (GRUBENV_BYTES - len(text)))

    def parts(self) -> dict[int, Part]:
        """The partitions by number, logical ones from 5 on."""
        with open(self.path, "rb") as file:
            return dict(_partitions(file))

    def extract(self, number: int, path: Path, most: int = 1 << 62) -> Path:
        """The content of a partition, or so many bytes of it, in a file of its own."""
        part = self.parts()[number]
        with open(self.path, "rb") as source, open(path, "wb") as sink:
            source.seek(part.offset)
            size = left = min(part.size, most)
            while left:
                piece = source.read(min(left, 1 << 20))
                sink.seek(len(piece), os.SEEK_CUR) if not any(piece) else sink.write(piece)
                left -= len(piece)
            sink.truncate(size)
        return path

    def replace(self, number: int, path: Path) -> None:
        """Puts the content of a file into a partition."""
        part = self.parts()[number]
        assert path.stat().st_size <= part.size, "%s does not fit into partition %d" % (path, number)
        with open(path, "rb") as source, open(self.path, "r+b") as sink:
            sink.seek(part.offset)
            shutil.copyfileobj(source, sink, 1 << 20)

    def _mtools(self, program: str, *arguments: str, send: bytes | None = None) -> bytes:
        argv = [program, "-i", "%s@@%d" % (self.path, BOOT_OFFSET), *arguments]
        done = subprocess.run(argv, input=send, capture_output=True, env=os.environ | {"MTOOLS_SKIP_CHECK": "1"})
        if done.returncode:
            raise FileNotFoundError("%s: %s" % (" ".join(argv), done.stderr.decode(errors="replace").strip()))
        return done.stdout


def _partitions(file):
    """(number, Part) of a master boot record's primary partitions and of the chain in its extended one."""
    extended = None
    for number, (kind, first, count) in enumerate(_entries(file, 0), start=1):
        if kind in (0x05, 0x0F):
            extended = first
        elif kind:
            yield number, Part(first * SECTOR, count * SECTOR)
    number, table = 5, extended
    while table:
        (kind, first, count), (next_kind, next_first, _) = _entries(file, table)[:2]
        if kind:
            yield number, Part((table + first) * SECTOR, count * SECTOR)
            number += 1
        table = extended + next_first if next_kind else None


def _entries(file, sector: int) -> list[tuple[int, int, int]]:
    """(type, first sector, sectors) of the four entries of a table."""
    file.seek(sector * SECTOR)
    table = file.read(SECTOR)
    assert table[510:512] == b"\x55\xaa", "there is no partition table in sector %d" % sector
    entries = [table[446 + 16 * i : 462 + 16 * i] for i in range(4)]
    return [(e[4], int.from_bytes(e[8:12], "little"), int.from_bytes(e[12:16], "little")) for e in entries]
