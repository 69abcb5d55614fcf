"""The small file of what a quota's day has used: `day bytes`, a line of two numbers, replaced as a whole."""

from ..errors import Refused
from .files import exists, reason, replace_file

_MOST_BYTES = 64
_MOST_DIGITS = 18


class QuotaFile:
    """Worker of a lane. `path` is in a folder where this board may make files."""

    def __init__(self, path: str):
        self._path = path

    def read(self):
        """(day, bytes), or None: there is no file yet. Raises Refused."""
        data = self._content()
        return None if data is None else self._record(data)
        yield

    def _content(self) -> "bytes | None":
        if not exists(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                return file.read(_MOST_BYTES)
        except OSError as error:
            raise Refused("quota_file %s cannot be read (%s)" % (self._path, reason(error)))

    def _record(self, data: bytes) -> tuple:
        words = data.split()
        if len(words) != 2 or not all(word.isdigit() and len(word) <= _MOST_DIGITS for word in words):
            raise Refused("quota_file %s does not hold a day and its bytes; delete it, or name another" % self._path)
        return int(words[0]), int(words[1])

    def write(self, record: tuple):
        """Raises Refused."""
        try:
            replace_file(self._path, b"%d %d\n" % record)
        except OSError as error:
            raise Refused("quota_file %s cannot be written (%s)" % (self._path, reason(error)))
        return
        yield
