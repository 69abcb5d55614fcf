"""cpio archives in the format `newc`, which the kernel unpacks as its first root file system."""

_DIRECTORY, _FILE, _CHARACTERS = 0o040000, 0o100000, 0o020000


def directory(name: str) -> bytes:
    return _entry(name, _DIRECTORY | 0o755)


def file(name: str, content: bytes, mode: int = 0o644) -> bytes:
    return _entry(name, _FILE | mode, content)


def character_device(name: str, major: int, minor: int) -> bytes:
    return _entry(name, _CHARACTERS | 0o600, b"", (major, minor))


def end() -> bytes:
    """What closes an archive; another archive may follow it."""
    return _entry("TRAILER!!!", 0)


def _entry(name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    # Inode numbers may all be 0, for no entry has a second link.
    encoded = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08x" % number for number in numbers)
    return _padded(header + encoded) + _padded(content)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
