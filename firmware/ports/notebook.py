"""A small file that is changed as a whole; a worker for a lane."""

from ..errors import Refused, Unkept
from .files import replace_file
from .runtime import run_within
from .smallfile import read_small, sentence

MOST_BYTES = 64 << 10
_HANGS = "no answer for some seconds"
_PATIENCE_S = 5  # with a medium that hangs, before the board runs: it has to serve its disk


class Notebook:
    """The file at `path`, which board.conf calls `what`; its methods raise Unkept with a sentence for the operator."""

    def __init__(self, path: str, what: str = "file", most_bytes: int = MOST_BYTES):
        self._path = path
        self._what = what
        self._most_bytes = most_bytes

    def read(self):
        """Its bytes, None while there is none. What is one byte longer than it may be is not read any further."""
        yield
        return self._data()

    def read_first(self) -> tuple:
        """(bytes or None, None), or (None, Unkept), before there is a loop that a lane could tell."""
        outcome = run_within(self, "read", (), _PATIENCE_S)
        return outcome or (None, Unkept(sentence(self._what, self._path, "read", Refused(_HANGS))))

    def change(self, rewrite):
        """Puts rewrite(its bytes, or None) in its place, durably, and returns that. The old file stays when that cannot
        be, and what was there is read anew each time: a person may have changed it meanwhile."""
        yield
        data = rewrite(self._data())
        try:
            replace_file(self._path, data)
        except OSError as error:
            raise Unkept(sentence(self._what, self._path, "written", error))
        return data

    def _data(self) -> "bytes | None":
        try:
            return read_small(self._path, self._most_bytes)
        except (OSError, Refused) as error:
            raise Unkept(sentence(self._what, self._path, "read", error))
