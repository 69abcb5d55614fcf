"""What one process of the firmware leaves to the next, so that a host notices a pause and no more.

A keeper (board/keeper.py) holds the files of ep0 and the endpoints, without which the gadget leaves the bus, and the
memory with the writes that the host was told are written. The next process goes on with the files if nothing of those
writes is lost; else the disk is plugged in anew, so that the host knows.
"""

import mmap
import os
import socket
import time

from board.keeper import Keeper
from firmware.errors import Refused
from firmware.log.ledger import ledger_size

_CLAIM_S, _CLAIM_PAUSE_S = 5, 0.05
_READABLE = 1
_MEMORY = "memory"
_FILES = ("ep0", "in", "out")


class Legacy:
    """The heir's end: `name` is that of the gadget, `journal` the path of the board's journal.

    Finds a keeper, or starts one: before anything else is open. Raises Refused when another process has it, or another
    board a gadget of that name.
    """

    def __init__(self, name: str, journal: str):
        self._claim = claim(name)
        key = os.path.realpath(journal)
        self._keeper = Keeper.reach(key)
        self._is_first = self._keeper is None
        if self._is_first:
            self._keeper = Keeper.start(key)
        self._is_over = False
        self._settings = None

    def give_up(self) -> None:
        """The board does not start after all. What an earlier process left waits for a better one."""
        self._claim.close()
        if self._is_first:
            self._keeper.let_go()

    # Memory

    def memory(self, arena_size: int) -> tuple:
        """(arena, 32-bit words of its ledger) that outlive this process; zeroes when no process had them before."""
        ledger_end = arena_size + ledger_size(arena_size)
        size = ledger_end + mmap.PAGESIZE
        try:
            memory = memoryview(mmap.mmap(self._find_memory(size), size))
        except OSError as error:
            raise Refused("there is no memory for the USB disk (%s); free some" % error.strerror)
        self._settings = memory[ledger_end:]
        return memory[:arena_size], memory[arena_size:ledger_end].cast("I")

    def _find_memory(self, size: int) -> int:
        descriptor = self._keeper.kept.get(_MEMORY)
        if descriptor is None or os.fstat(descriptor).st_size != size:
            descriptor = os.memfd_create("sosie", os.MFD_CLOEXEC)
            os.ftruncate(descriptor, size)
            self._keeper.put(_MEMORY, descriptor)
        return descriptor

    @property
    def settings(self) -> int:
        """What the host has set (LogicalUnit.settings)."""
        return self._settings[0]

    def remember(self, settings: int) -> None:
        """The host has set something else."""
        self._settings[0] = settings

    # The session on the bus

    def end_session(self) -> None:
        """What an earlier process left on the bus must not go on, after us neither: something that it told its host is
        missing."""
        self._is_over = True
        for name in _FILES:
            try:
                self._keeper.drop(name)
            except OSError:
                pass  # the keeper is gone, and with it what it had

    def take_files(self) -> "tuple | None":
        """Descriptors of ep0, bulk IN and bulk OUT to go on with; None: there is no session that may go on."""
        kept = self._keeper.kept
        if self._is_over or not all(name in kept for name in _FILES):
            return None
        return tuple(kept.pop(name) for name in _FILES)

    def leave_files(self, files: tuple) -> None:
        """Those of a new session, instead of older ones; raises OSError when the keeper has ended."""
        for name, descriptor in zip(_FILES, files):
            if name in self._keeper.kept:
                os.close(self._keeper.kept.pop(name))
            self._keeper.put(name, descriptor)

    # The keeper's life

    def begin(self, loop, on_end) -> None:
        """The host is served. `on_end()`: the keeper has ended."""

        def ended(events: int) -> None:
            loop.forget(self._keeper.descriptor)
            on_end()

        loop.watch(self._keeper.descriptor, _READABLE, ended)
        try:
            self._keeper.serving()
        except OSError:
            pass  # it has ended, and that is about to be noticed

    def end(self, loop) -> None:
        """Nothing is left to anybody."""
        loop.forget(self._keeper.descriptor)
        self._keeper.let_go()


def claim(name: str) -> socket.socket:
    """Holds the gadget of that name for this process alone, for a board of the same name would take it apart.

    Raises Refused after waiting for a predecessor that is on its way down.
    """
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    until = time.monotonic() + _CLAIM_S
    while True:
        try:
            taken.bind("\0sosie-gadget:" + name)  # abstract: it ends with the process, whatever ends that
            return taken
        except OSError:
            if time.monotonic() > until:
                taken.close()
                raise Refused("another board with this name has its USB disk here; give each board its own name")
        time.sleep(_CLAIM_PAUSE_S)
