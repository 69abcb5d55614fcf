"""The password of the page, where it lies."""

import os

from .keys import is_password

_MOST = 1024


class PasswordFile:
    """A worker for a lane, since to judge a password takes long on purpose."""

    def __init__(self, path: str):
        self._path = path

    def check(self, password: str):
        """Whether it is the one; None: there is none any more. Raises Refused for a damaged file, and OSError."""
        yield
        try:
            with open(self._path, encoding="ascii", errors="replace") as file:
                line = file.read(_MOST)
        except FileNotFoundError:
            return None
        return is_password(password, line)

    def edition(self) -> "tuple | None":
        """What changes with the file; None while there is none."""
        try:
            state = os.stat(self._path)
        except OSError:
            return None
        return state.st_ino, state.st_size, state.st_mtime_ns
