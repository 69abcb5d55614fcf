"""A folder of small files, read into memory at once and packed by gzip where that helps; a worker for a lane."""

import hashlib
import os

from ..status.static import File

try:
    import zlib
except ImportError:
    zlib = None

_MOST_BYTES = 4 << 20  # of all of them; what is more is no page that somebody made for this board
_TAG = 16


class Shelf:
    """`folder` is the folder's path; what lies in folders of it has names with slashes in them."""

    def __init__(self, folder: str):
        self._folder = folder
        self._left = 0

    def load(self):
        """{name: File} of all that lies there. Raises OSError."""
        yield
        self._left = _MOST_BYTES
        files = {}
        self._take("", files)
        return files

    def _take(self, place: str, files: dict) -> None:
        for entry in sorted(os.listdir(self._folder + "/" + place)):
            name = place + entry
            if entry.startswith(".") or entry == "__pycache__":
                continue
            if os.stat(self._folder + "/" + name)[0] & 0o170000 == 0o040000:
                self._take(name + "/", files)
                continue
            with open(self._folder + "/" + name, "rb") as file:
                data = file.read(self._left + 1)
            self._left -= len(data)
            if self._left < 0:
                raise OSError(27, "the files in %s are too large" % self._folder)  # EFBIG
            files[name] = File(data, _packed(data), _tag(data))


def _tag(data: bytes) -> str:
    return "".join(["%02x" % byte for byte in hashlib.sha256(data).digest()])[:_TAG]


def _packed(data: bytes) -> "bytes | None":
    if zlib is None:
        return None
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: as gzip does it, with no time in its head
    packed = packer.compress(data) + packer.flush()
    return packed if len(packed) < len(data) else None
