"""The files that the demo puts on the disk, and the ledger of what must be found there again."""

import hashlib
import os
import random

from tools.demo.workshop import CHECKOUT, Broken

SKIPPED_FOLDERS = {".git", ".venv", "__pycache__", "node_modules"}
LARGEST = 2 << 20
CHUNK = 1 << 20


def digest(path: str) -> str:
    """SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def real_files(limit_bytes: int, limit_count: int) -> "list[tuple[str, int]]":
    """Regular files of this machine, (path, size): the project's own, Python's, /usr/share's."""
    found, total = [], 0
    for root in (CHECKOUT, os.path.dirname(os.__file__), "/usr/share"):
        for path, size in _walk(root):
            if len(found) == limit_count or total + size > limit_bytes:
                return found
            found.append((path, size))
            total += size
    return found


def _walk(root: str):
    for folder, names, files in os.walk(root):
        names[:] = sorted(set(names) - SKIPPED_FOLDERS)
        for name in sorted(files):
            path = os.path.join(folder, name)
            if not os.path.islink(path) and os.path.isfile(path) and os.access(path, os.R_OK):
                size = os.path.getsize(path)
                if size <= LARGEST:
                    yield path, size


def put(files, folder: str, progress) -> "tuple[dict, int]":
    """Copies the files into numbered folders; returns the ledger {relative path: SHA-256} and the bytes."""
    ledger, total = {}, 0
    for index, (source, _) in enumerate(files):
        name = os.path.join("real-%02d" % (index // 250), "%04d-%s" % (index, os.path.basename(source)))
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(source, "rb") as reading, open(target, "wb") as writing:
            data = reading.read()
            writing.write(data)
        ledger[name] = hashlib.sha256(data).hexdigest()
        total += len(data)
        progress(index / len(files))
    return ledger, total


def made_up(number: int) -> bytes:
    """The content of the demo's file `number`: 4 KiB to 1 MiB, every other one compressible."""
    source = random.Random(number)
    size = 4096 << source.randrange(9)
    if number % 2:
        return source.randbytes(size)
    line = b"%08d the quick brown fox jumps over the lazy dog %08x\n"
    text = b"".join(line % (index, source.getrandbits(32)) for index in range(size // 64 + 1))
    return text[:size]


def verify(folder: str, ledger: dict) -> int:
    """Every file of the ledger is there with the content it had; returns how many, or raises Broken."""
    for name, expected in ledger.items():
        try:
            actual = digest(os.path.join(folder, name))
        except OSError as error:
            raise Broken("%s cannot be read back (%s)" % (name, error.strerror)) from None
        if actual != expected:
            raise Broken("%s was read back with another content" % name)
    return len(ledger)
