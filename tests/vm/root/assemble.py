"""Runs inside the new root: takes the kernel out of its compressed image and packs the first root file system.

`assemble.py FOLDER` puts `vmlinux` and `initramfs` there.
"""

import lzma
import struct
import subprocess
import sys
from pathlib import Path

import newc

# What the first root file system needs to set up the real one, in the order of their loading.
EARLY_MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "ext4", "overlay", "9pnet_virtio", "9p", "configfs")
PAYLOAD_OFFSET, PAYLOAD_LENGTH = 0x248, 0x24C  # fields of the boot protocol's header
SETUP_SECTORS = 0x1F1


def kernel(image: bytes) -> bytes:
    """The kernel itself: started uncompressed it saves the seconds that an emulated processor unpacks."""
    offset, length = (struct.unpack_from("<I", image, field)[0] for field in (PAYLOAD_OFFSET, PAYLOAD_LENGTH))
    start = (image[SETUP_SECTORS] + 1) * 512 + offset
    payload = image[start : start + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(payload)
    sys.exit("the kernel is compressed in a way that root/assemble.py does not know")


def early_modules(version: str) -> list[Path]:
    """Files of the modules that the first root file system loads, each after those that it needs."""
    found = []
    for name in EARLY_MODULES:
        command = ["modprobe", "--set-version", version, "--show-depends", name]
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
            verb, _, path = line.partition(" ")
            if verb == "insmod" and Path(path.split()[0]) not in found:
                found.append(Path(path.split()[0]))
    return found


def initramfs(version: str) -> bytes:
    """busybox and modules; each run of the bench adds its own init and its checkout behind them."""
    parts = [newc.directory(name) for name in ("bin", "dev", "modules", "proc", "sys")]
    parts += [newc.character_device("dev/console", 5, 1)]
    parts += [newc.file("bin/busybox", Path("/bin/busybox").read_bytes(), 0o755)]
    for number, path in enumerate(early_modules(version)):
        parts.append(newc.file("modules/%02d-%s" % (number, path.name), path.read_bytes()))
    return b"".join([*parts, newc.end()])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (image,) = Path("/boot").glob("vmlinuz-*")
    (folder / "vmlinux").write_bytes(kernel(image.read_bytes()))
    (folder / "initramfs").write_bytes(initramfs(image.name.removeprefix("vmlinuz-")))
