"""What the one who started the board says to it, beside board.conf."""

import os

from .runtime import system

_MOST_VERSION = 64
_FOLDER = __file__.rsplit("/", 3)[0] if __file__.count("/") >= 3 else "."
FOLDER = _FOLDER + "/firmware"  # of this firmware


def variable(name: str) -> "str | None":
    """An environment variable; None when it is not there, or empty."""
    return os.getenv(name) or None


def alarms() -> list:
    """Sentences that the board has to tell for as long as it runs (SOSIE_ALARMS, one a line)."""
    return [line for line in (variable("SOSIE_ALARMS") or "").split("\n") if line]


def version() -> str:
    """The version of this firmware: the first line of the file beside it, which an image has."""
    try:
        with open(_FOLDER + "/version") as file:
            return file.read(_MOST_VERSION).split("\n")[0].strip() or "unknown"
    except (OSError, ValueError):
        return "development"


def show(path: str, text: str) -> bool:
    """Puts a small file of the moment at `path`, for other programs here, whole at any time; not durably. False when
    that cannot be."""
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
        system.rename(path + ".new", path)
    except OSError:
        return False
    return True


def hide(path: str) -> None:
    """Takes it away."""
    try:
        system.unlink(path)
    except OSError:
        pass
