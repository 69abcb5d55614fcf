"""A small file that is changed as a whole; a worker for a lane."""

from .files import exists, replace_file

_MOST_BYTES = 64 << 10


class Notebook:
    """The file at `path`; its methods raise OSError."""

    def __init__(self, path: str):
        self._path = path

    def read(self):
        """Its bytes, None while there is none. What is one byte longer than it may be is not read any further."""
        yield
        return self._data()

    def change(self, rewrite):
        """Puts rewrite(its bytes, or None) in its place, durably, and returns that. The old file stays when that cannot
        be, and what was there is read anew each time: a person may have changed it meanwhile."""
        yield
        data = rewrite(self._data())
        replace_file(self._path, data)
        return data

    def _data(self) -> "bytes | None":
        if not exists(self._path):
            return None
        with open(self._path, "rb") as file:
            return file.read(_MOST_BYTES + 1)
