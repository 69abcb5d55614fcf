"""GRUB's environment block: 1024 bytes in a file of which GRUB itself only ever knows the sectors.

    # GRUB Environment Block
    primary=A
    trial=
    ####...

A `\\` keeps the byte behind it from being read as the end of the line. grub-editenv truncates the file and writes it
anew: on FAT that frees its clusters, and a power cut in between leaves a board that does not boot. Here only those
sectors are written that change, in place, and what chooses the slot stands in the first: a card writes a sector whole
or not at all.
"""

import os

SIZE, SECTOR = 1024, 512
HEADER = b"# GRUB Environment Block\n"
_FILLER = b"#"


class Unusable(Exception):
    """The file is not an environment block; the message says why."""


def unpack(block: bytes) -> "dict[str, str]":
    """The variables, in their order."""
    if len(block) != SIZE or not block.startswith(HEADER):
        raise Unusable("it does not begin with %r or is not %d bytes long" % (HEADER.decode().strip(), SIZE))
    variables = {}
    for line in _lines(block[len(HEADER) :]):
        name, equals, value = line.partition(b"=")
        if equals and not line.startswith(_FILLER):
            variables[name.decode("latin-1")] = value.decode("latin-1")
    return variables


def pack(variables: "dict[str, str]") -> bytes:
    """A whole block; the first variables stand in the first sector."""
    block = HEADER
    for name, value in variables.items():
        escaped = value.encode("latin-1").replace(b"\\", b"\\\\").replace(b"\n", b"\\\n")
        block += name.encode("latin-1") + b"=" + escaped + b"\n"
    if len(block) > SIZE:
        raise Unusable("%d bytes of variables do not fit into %d" % (len(block), SIZE))
    return block.ljust(SIZE, _FILLER)


def read(path: str) -> "dict[str, str]":
    """The variables of the file; raises Unusable or OSError."""
    with open(path, "rb") as file:
        return unpack(file.read(SIZE + 1))


def write(path: str, variables: "dict[str, str]"):
    """Makes the existing file hold these variables, durably, in place."""
    new = pack(variables)
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        old = os.pread(file, SIZE + 1, 0)
        if len(old) != SIZE:
            raise Unusable("it is not %d bytes long" % SIZE)
        # The last sector first: what chooses the slot changes when all else is there.
        for offset in range(SIZE - SECTOR, -1, -SECTOR):
            if old[offset : offset + SECTOR] != new[offset : offset + SECTOR]:
                _write_sector(file, new[offset : offset + SECTOR], offset)
    finally:
        os.close(file)


def _write_sector(file: int, sector: bytes, offset: int):
    if os.pwrite(file, sector, offset) != SECTOR:
        raise OSError("a short write to the boot choice")
    os.fsync(file)


def _lines(text: bytes) -> "list[bytes]":
    lines, line, at = [], bytearray(), 0
    while at < len(text):
        byte = text[at : at + 1]
        if byte == b"\\":
            line += text[at + 1 : at + 2]
            at += 1
        elif byte == b"\n":
            lines.append(bytes(line))
            line = bytearray()
        else:
            line += byte
        at += 1
    return lines
