"""The board as a USB disk: the gadget, its transport, and the SCSI units behind it, put together."""

import os

from firmware import ports
from firmware.bulkhead import Bulkhead
from firmware.errors import Refused
from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import PIECE, Task
from firmware.host.scsi.unit import LogicalUnit

from .answer import packed
from .control import Answers, Control, open_function
from .descriptors import IN_FILE, OUT_FILE
from .endpoints import DEPTH, Endpoints
from .legacy import Legacy
from .medium import Medium
from .port import Port

_VENDOR, _PRODUCT, _VIEW_PRODUCT, _REVISION = "SOSIE", "Mirrored disk", "View of the past", "1.0"
_UNPLUGGED_MS = 1500  # what a host needs to notice that a device is gone
_RETRY_MS = 5000
_READABLE = 1


class UsbDisk:
    """The disk of `board` on a Port: `board.volume` behind it, `status() -> dict` for who asks by the vendor request.

    What an earlier process left on the bus (`legacy`) goes on, unless its session is over. stop() takes the disk off
    the bus, close() leaves nothing behind; `console` is the board's end of the serial console. Raises
    Refused, NoController where the port has none.
    """

    def __init__(self, loop, port: Port, legacy: Legacy, board, status):
        self._loop = loop
        self._legacy = legacy
        self._board = board
        self._bulkhead = Bulkhead("USB status", loop, board.alarm)
        self._has_host = self._is_ending = False
        serial = serial_number(board.identity)
        session = os.getpid() % 100  # the process before us had another one
        self._gadget = port.gadget(serial, session)
        files = self._legacy.take_files() if self._gadget.bound else None
        units = units_of(board.volume, serial)
        self._disk = units[0]
        self._disk.becoming_ready = lambda: board.nearly_serves
        if files is not None:
            self._disk.settings = self._legacy.settings
        self._disk.remember = self._legacy.remember
        self._assemble(files or self._new_files(), units, status)
        self.console = self._gadget.console_path  # a new gadget has one from here on
        self._medium = Medium(loop, board.volume, self._disk, self._bot, self._replug)
        if files is not None:
            self._go_on()
        else:  # an older session has only just ended, and what it was told may be missing: the host has to notice
            loop.call_after(_UNPLUGGED_MS, self._plug_again)

    def _new_files(self) -> tuple:
        self._legacy.end_session()
        self._gadget.prepare()
        folder = self._gadget.function_path
        files = [open_function(folder)]
        try:
            files += [_open(folder + "/" + IN_FILE), _open(folder + "/" + OUT_FILE)]
            self._legacy.leave_files(tuple(files))
        except OSError as error:
            for each in files:
                os.close(each)
            raise Refused("the USB disk cannot be set up (%s); start the board again" % error.strerror)
        return tuple(files)

    def _assemble(self, files: tuple, units: list, status) -> None:
        """Control, endpoints and transport on ep0, bulk IN and bulk OUT."""
        loop = self._loop
        self._aio = ports.Aio(loop, DEPTH)
        self._endpoints = Endpoints(loop, self._aio, files[1], files[2])
        task = Task(units, memoryview(bytearray(PIECE + MAX_PACKET)))
        self._bot = self._endpoints.bot = Bot(task, units, self._endpoints)
        # A host that gave its request up makes an answer wait until it asks again: not the loop.
        self._lane = ports.ThreadLane(Answers(files[0]), loop, spins=True)
        self._control = Control(files[0], lambda: self._told(status), self._bot.max_lun, self._lane)
        self._control.on_enable = self._enabled
        self._control.on_disable = self._disabled
        self._control.on_reset = self._bot.reset
        loop.watch(files[0], _READABLE, lambda events: self._control.readable())

    def _told(self, status) -> bytes:
        """Empty when it cannot be made, which is no reason to take the disk from its host."""
        return self._bulkhead.run(lambda: packed(status())) or b""

    def poll(self, now_ms: int) -> "int | None":
        """Called by the loop; the ms at which to be called again, or None."""
        return self._bot.poll(now_ms)

    def stop(self) -> None:
        """The board stops: takes the disk off the bus for good."""
        self._is_ending = True
        self._pull()

    def _pull(self) -> None:
        self._medium.plugged = False
        self._try(self._gadget.unbind)
        self._disabled()

    def close(self) -> None:
        """Leaves nothing behind; after stop()."""
        self._loop.forget(self._control.descriptor)
        self._try(self._gadget.tear_down)  # this ends an answer that waits
        self._lane.close()
        self._aio.close()
        self._endpoints.close()
        self._control.close()

    # The bus

    def _plug(self) -> None:
        self._gadget.bind()
        self._medium.plugged = True

    def _go_on(self) -> None:
        """The host may be in the middle of a command, which died with its process: it has to begin anew."""
        self._medium.plugged = True
        max_packet = self._endpoints.max_packet()
        if max_packet:
            self._control.enabled = True
            self._arrived()
            self._bot.resume(max_packet)

    def _replug(self) -> None:
        self._pull()
        self._loop.call_after(_UNPLUGGED_MS, self._plug_again)

    def _plug_again(self) -> None:
        if not self._is_ending and not self._try(self._plug):
            self._loop.call_after(_RETRY_MS, self._plug_again)

    def _try(self, operation) -> bool:
        """Does something to the gadget of a running board; what goes wrong is an alarm, and mirroring goes on."""
        try:
            operation()
        except Refused as error:
            self._board.alarm("usb", str(error))
            return False
        self._board.alarm("usb", "")
        return True

    def _enabled(self) -> None:
        max_packet = self._endpoints.max_packet()
        if max_packet:  # else it is disabled again already, and that event is on its way
            self._arrived()
            self._bot.session(max_packet)

    def _arrived(self) -> None:
        if not self._has_host:
            self._has_host = True
            self._board.hosts.came("USB")

    def _disabled(self) -> None:
        if self._has_host:
            self._has_host = False
            self._board.hosts.left("USB")
        self._bot.ended()


def units_of(volume, serial: str) -> list:
    """The logical units by LUN: the disk, and the drive in which views of the past appear."""
    disk = LogicalUnit(volume, _VENDOR, _PRODUCT, _REVISION, serial)
    view = LogicalUnit(None, _VENDOR, _VIEW_PRODUCT, _REVISION, serial + "1", removable=True, writable=False)
    return [disk, view]


def serial_number(identity) -> str:
    """20 upper-case hexadecimal digits, the board's own for ever (Bulk-Only Transport 4.1.1 wants 12 at least)."""
    return "".join("%02X" % each for each in identity.board_id[:10])


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
