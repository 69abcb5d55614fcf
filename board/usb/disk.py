"""The board as a USB disk: the gadget, its transport, and the SCSI units behind it, put together."""

import json
import os

from firmware import ports
from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import PIECE, Task
from firmware.host.scsi.unit import LogicalUnit

from . import controller
from .control import Control, open_function
from .descriptors import IN_FILE, OUT_FILE
from .endpoints import DEPTH, Endpoints
from .gadget import Gadget, gadget_name
from .paths import Paths

VENDOR, PRODUCT, VIEW_PRODUCT, REVISION = "SOSIE", "Mirrored disk", "View of the past", "1.0"
_LOOK_MS = 1000
_UNSEEN_LOOKS = 3  # so often a host may be looked at before a medium that came is shown to it by a new plug
_UNPLUGGED_MS = 1500  # what a host needs to notice that a device is gone
_READABLE = 1


class UsbDisk:
    """What `attach = usb` makes of a board.

    The constructor finds the device controller and changes nothing; Refused where there is none. serve() makes the
    disk appear, unplug() disappear, close() leaves nothing behind.
    """

    def __init__(self, loop, settings):
        self._loop = loop
        self._paths = Paths()
        self._name = gadget_name(settings.name)
        self._udc = controller.find(self._paths, settings.attach[1], self._name)
        self._product = "Sosie %s" % settings.name
        self._plugged = False
        self._unseen = 0

    def serve(self, board, status) -> None:
        """Plugs the disk in: `board.volume` behind it, `status() -> dict` for who asks by the vendor request."""
        serial = serial_number(board.identity)
        self._board = board
        self._disk = LogicalUnit(board.volume, VENDOR, PRODUCT, REVISION, serial)
        view = LogicalUnit(None, VENDOR, VIEW_PRODUCT, REVISION, serial + "1", removable=True, writable=False)
        units = [self._disk, view]
        self._gadget = gadget = Gadget(self._paths, self._name, self._udc, serial, self._product)
        gadget.prepare()
        self._control = Control(open_function(gadget.function_path), lambda: json.dumps(status()).encode())
        self._aio = ports.Aio(self._loop, DEPTH)
        folder = gadget.function_path
        self._endpoints = Endpoints(self._loop, self._aio, folder + "/" + IN_FILE, folder + "/" + OUT_FILE)
        self._bot = Bot(Task(units, memoryview(bytearray(PIECE + MAX_PACKET))), units, self._endpoints)
        self._endpoints.bot = self._bot
        self._control.max_lun = self._bot.max_lun
        self._control.on_enable = self._enabled
        self._control.on_disable = self._bot.ended
        self._control.on_reset = self._bot.reset
        self._loop.watch(self._control.descriptor, _READABLE, self._on_events)
        self._plug()
        self._loop.call_after(_LOOK_MS, self._look)

    @property
    def console_path(self) -> str:
        """The board's end of the serial console."""
        return self._gadget.console_path

    def poll(self, now_ms: int) -> "int | None":
        """Called by the loop; the ms at which to be called again, or None."""
        return self._bot.poll(now_ms)

    def unplug(self) -> None:
        """Takes the disk off the bus: whatever the host had not been told about is gone for it."""
        self._plugged = False
        self._gadget.unbind()
        self._bot.ended()

    def close(self) -> None:
        """Leaves nothing of the gadget behind."""
        self._loop.forget(self._control.descriptor)
        self._aio.close()
        self._endpoints.close()
        os.close(self._control.descriptor)
        self._gadget.tear_down()

    # The bus

    def _plug(self) -> None:
        self._plugged = True
        self._unseen = 0
        self._gadget.bind()

    def _on_events(self, events: int) -> None:
        self._control.readable()

    def _enabled(self) -> None:
        max_packet = self._endpoints.max_packet()
        if max_packet:  # else it is disabled again already, and that event is on its way
            self._bot.session(max_packet)

    # A medium that came while a host was there

    def _look(self) -> None:
        """Few hosts look at a fixed disk again that had no medium. To those it is plugged in anew when it has one."""
        self._loop.call_after(_LOOK_MS, self._look)
        self._disk.becoming_ready = self._board.nearly_serves
        if not self._plugged or self._disk.seen or self._disk.ejected or not self._board.volume.ready:
            self._unseen = 0
            return
        if self._bot.attached:
            self._unseen += 1
        if self._unseen > _UNSEEN_LOOKS:
            self.unplug()
            self._loop.call_after(_UNPLUGGED_MS, self._plug)


def serial_number(identity) -> str:
    """20 upper-case hexadecimal digits: the pair, then the board (Bulk-Only Transport 4.1.1 wants 12 at least)."""
    digits = identity.pair_id[:6] + identity.board_id[:4]
    return "".join("%02X" % each for each in digits)
