"""A folder of small files, read into memory at once and packed by gzip where that helps; a worker for a lane."""

import hashlib
import os

from ..httpd.static import File
from . import linux

try:
    import zlib
except ImportError:
    zlib = None

_MOST_BYTES = 4 << 20  # of all of them; what is more is no page that somebody made for this board
_TAG = 16


class Shelf:
    """`folder` is the folder's path; folders in it are not looked at."""

    def __init__(self, folder: str):
        self._folder = folder

    def load(self):
        """{name: File} of all that lies there. Raises OSError."""
        yield
        left, files = _MOST_BYTES, {}
        for name in sorted(os.listdir(self._folder)):
            path = self._folder + "/" + name
            if name.startswith(".") or os.stat(path)[0] & linux.S_IFMT != linux.S_IFREG:
                continue
            with open(path, "rb") as file:
                data = file.read(left + 1)
            left -= len(data)
            if left < 0:
                raise OSError(linux.EIO, "the files in %s are too large" % self._folder)
            files[name] = File(data, _packed(data), _tag(data))
        return files


def _tag(data: bytes) -> str:
    return "".join(["%02x" % byte for byte in hashlib.sha256(data).digest()])[:_TAG]


def _packed(data: bytes) -> "bytes | None":
    if zlib is None:
        return None
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: as gzip does it, with no time in its head
    packed = packer.compress(data) + packer.flush()
    return packed if len(packed) < len(data) else None
