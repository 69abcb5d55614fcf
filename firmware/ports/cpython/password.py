"""The password of the page, where it lies."""

import ctypes
import os

from ..smallfile import NoFile, read_file
from .keys import is_password

_MOST = 1024
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGE = 4 << 20


class PasswordFile:
    """A worker for a lane, since to judge a password takes long on purpose.

    What was read once stays in force while the medium fails: a board whose card is gone has to say so.
    """

    def __init__(self, path: str):
        self._path = path
        self._edition = None
        self._line = ""  # judged as damaged, until it is read; None: there is none
        _give_back_memory()
        self._read()
        self._look()

    def check(self, password: str):
        """Whether it is the one; None: there is none any more. Raises Refused for a damaged file, and OSError."""
        yield
        self._look()  # first: what is read now is of this edition, or of a later one that is still to be seen
        self._read()
        return None if self._line is None else is_password(password, self._line)

    def look(self):
        """Whether the file is another one; to be asked every now and then."""
        yield
        self._look()

    def edition(self) -> "tuple | None":
        """What changes with the file; None while there is none. As it was last seen: the loop asks with every request,
        and does not wait for a card."""
        return self._edition

    def _look(self) -> None:
        try:
            state = os.stat(self._path)
        except OSError as error:
            if self._is_gone(error):
                self._edition = None
        else:
            self._edition = state.st_ino, state.st_size, state.st_mtime_ns

    def _read(self) -> None:
        try:
            self._line = read_file(self._path, _MOST).decode("ascii", "replace")
        except NoFile:
            self._line = ""  # it is there, and damaged
        except OSError as error:
            if self._is_gone(error):
                self._line = None

    def _is_gone(self, error: OSError) -> bool:
        """Whether somebody took the file away, and not the whole medium."""
        return isinstance(error, FileNotFoundError) and os.path.isdir(os.path.dirname(self._path))


def _give_back_memory() -> None:
    """To judge a password takes 8 MiB for a moment, on purpose. Once glibc has seen that, it keeps what is freed for
    the next time, unless it is told where large begins."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # not every C library has it
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE)
        set_option(_M_TRIM_THRESHOLD, _LARGE)
