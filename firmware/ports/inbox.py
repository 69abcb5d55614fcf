"""Where an update file arrives: as `incoming`, and under its name only when it is whole and durable."""

import json

from ..errors import Refused
from ..quantity import size_text
from . import linux
from .files import exists, free_bytes, replace_file, sync_folder
from .runtime import system

_SYNC_EVERY = 4 << 20  # bytes; what gathers unsynced would be memory that is missed, and one long wait for the card
_LEFT_FREE = 16 << 20  # bytes, for keys and whatever else a board has to write there meanwhile
_MOST_REPORT = 16 << 10


class Inbox:
    """A worker for a lane; one file at a time. `report_path` is what the installer says of its work, as JSON.

    Its methods raise Refused (there is no room) and OSError.
    """

    def __init__(self, folder: str, report_path: str):
        self._incoming = folder + "/incoming"
        self._whole = folder + "/bundle.raucb"
        self._restart = folder + "/restart"
        self._report_path = report_path
        self._descriptor = -1
        self._offset = 0
        self._synced = 0

    def begin(self, length: int):
        """Makes room for a file of `length` bytes."""
        yield
        self._drop()
        free = max(0, free_bytes(self._incoming) - _LEFT_FREE)
        if length > free:
            raise Refused("the update has %s, and there is room for %s here" % (size_text(length), size_text(free)))
        flags = linux.O_RDWR | linux.O_CREAT | linux.O_EXCL | linux.O_CLOEXEC
        self._descriptor = system.open(self._incoming, flags, 0o640)
        self._offset = self._synced = 0
        try:
            system.fallocate(self._descriptor, 0, 0, length)
        except OSError as error:
            if error.errno == linux.ENOSPC:
                raise self._failed(error)

    def _failed(self, error):
        """What to raise. The rest of the file must not come to anything: its last jobs may be on their way already."""
        self._drop()
        return Refused("there is no room for the update here") if error.errno == linux.ENOSPC else error

    def _need_file(self) -> None:
        if self._descriptor < 0:
            raise OSError(linux.EIO, "the file was given up")

    def write(self, view: memoryview):
        """What comes next of the file."""
        yield
        self._need_file()
        done = 0
        try:
            while done < len(view):
                done += system.pwrite(self._descriptor, view[done:], self._offset + done)
            self._offset += done
            if self._offset - self._synced >= _SYNC_EVERY:
                system.fdatasync(self._descriptor)
                self._synced = self._offset
        except OSError as error:
            raise self._failed(error)

    def finish(self):
        """The file is whole: from here on it has its name."""
        yield
        self._need_file()
        try:
            # Before the rename, or a power cut may leave a name over bytes that never came to the card.
            system.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error)
        system.close(self._descriptor)
        self._descriptor = -1
        system.rename(self._incoming, self._whole)
        sync_folder(self._whole)

    def abandon(self):
        """Throws away what has come so far."""
        yield
        self._drop()

    def _drop(self) -> None:
        if self._descriptor >= 0:
            system.close(self._descriptor)
            self._descriptor = -1
        try:
            system.unlink(self._incoming)
        except OSError:
            pass  # there is none

    def report(self):
        """(what the installer says, a dictionary; whether a file waits for it)."""
        yield
        return self._read_report(), exists(self._whole)

    def _read_report(self) -> dict:
        try:
            with open(self._report_path, "rb") as file:
                found = json.loads(file.read(_MOST_REPORT).decode())
        except (OSError, ValueError):  # a UnicodeError is one
            return {}
        return found if isinstance(found, dict) else {}

    def ask_for_restart(self):
        """Leaves word that the board may restart into the update."""
        yield
        replace_file(self._restart, b"")
