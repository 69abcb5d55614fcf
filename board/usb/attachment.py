"""What `attach = usb` makes of a board: its disk on the USB port, and a board without one while there is no port."""

from firmware.errors import Refused

from .controller import NoController
from .disk import UsbDisk
from .legacy import Legacy
from .port import Port

_LOOK_MS = 5000


class Attachment:
    """A way in for the host of the board that `settings` describe.

    The constructor finds what an earlier process left; Refused where the port cannot be this board's. `memory(size)` is
    the board's before serve() makes the disk appear, and `end_session()` says that what it held does not suffice.
    stop() takes the disk off the bus, close() leaves nothing behind; give_up() instead of all that.
    """

    def __init__(self, loop, settings):
        self._loop = loop
        self._port = Port(settings.name, settings.attach[1])
        try:
            self._port.find()  # before anything else: it may be somebody else's
        except NoController:
            pass  # serve() says it
        self._legacy = Legacy(self._port.gadget_name, settings.journal)
        self._disk = None
        self._is_ending = False
        self.memory = self._legacy.memory
        self.end_session = self._legacy.end_session
        self.give_up = self._legacy.give_up

    def serve(self, board, status, add_console) -> None:
        """Plugs the disk in, with what UsbDisk takes; `add_console(path)` is told of the console beside it.

        Where there is no controller the board does all else, with an alarm, and takes the one that comes. Raises
        Refused when there is one and it cannot be used.
        """
        self._board, self._status, self._add_console = board, status, add_console
        try:
            self._plug_in()
        except NoController as sentence:
            board.alarm("usb", str(sentence))
            self._loop.call_after(_LOOK_MS, self._look_again)
        self._legacy.begin(self._loop, self._keeper_ended)

    def _plug_in(self) -> None:
        self._disk = UsbDisk(self._loop, self._port, self._legacy, self._board, self._status)
        self._add_console(self._disk.console)

    def _look_again(self) -> None:
        if self._is_ending:
            return
        try:
            self._plug_in()
        except Refused as sentence:
            self._board.alarm("usb", str(sentence))
            self._loop.call_after(_LOOK_MS, self._look_again)

    def _keeper_ended(self) -> None:
        sentence = "the keeper of the USB disk has ended, so a crash would unplug the disk; restart the board"
        self._board.alarm("keeper", sentence)

    def poll(self, now_ms: int) -> "int | None":
        """Called by the loop; the ms at which to be called again, or None."""
        return None if self._disk is None else self._disk.poll(now_ms)

    def stop(self) -> None:
        """The board stops: takes the disk off the bus for good."""
        self._is_ending = True
        if self._disk is not None:
            self._disk.stop()

    def close(self) -> None:
        """Leaves nothing behind; after stop()."""
        if self._disk is not None:
            self._disk.close()
        self._legacy.end(self._loop)  # last, for a successor takes its absence for that of a gadget
