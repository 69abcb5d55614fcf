"""The board as a USB disk: the gadget, its transport, and the SCSI units behind it, put together.

A host gives a disk that does not answer some 30 seconds. So that the firmware may die and be started again without
any host noticing more than a pause, a keeper (board/keeper.py) holds what must not end with the process: the files of
ep0 and the endpoints, without which the gadget leaves the bus, and the memory with the writes that the host was told
are written. The next process goes on with them, if nothing of those writes is lost; else the disk is plugged in anew,
so that the host knows.
"""

import json
import mmap
import os
import socket
import time

from board.keeper import Keeper
from firmware import ports
from firmware.errors import Refused
from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import PIECE, Task
from firmware.host.scsi.unit import LogicalUnit
from firmware.log.ledger import ledger_size

from . import controller
from .control import Answers, Control, open_function
from .descriptors import IN_FILE, OUT_FILE
from .endpoints import DEPTH, Endpoints
from .gadget import Gadget, gadget_name
from .medium import Medium
from .paths import Paths

_VENDOR, _PRODUCT, _VIEW_PRODUCT, _REVISION = "SOSIE", "Mirrored disk", "View of the past", "1.0"
_UNPLUGGED_MS = 1500  # what a host needs to notice that a device is gone
_RETRY_MS = 5000
_MOST_STATUS = 4096  # bytes that hosts take in one control transfer
_READABLE = 1
_CLAIM_S, _CLAIM_PAUSE_S = 5, 0.05
_MEMORY, _EP0, _IN, _OUT = "memory", "ep0", "in", "out"  # what the keeper has


class UsbDisk:
    """What `attach = usb` makes of a board.

    The constructor finds the device controller, and the keeper or makes one; Refused where there is no controller.
    memory() is the board's before serve() makes the disk appear; stop() takes it off the bus, close() leaves nothing
    behind.
    """

    def __init__(self, loop, settings):
        self._loop = loop
        self._paths = Paths()
        self._name = gadget_name(settings.name)
        self._claim = claim(self._name)
        self._udc = controller.find(self._paths, settings.attach[1], self._name)
        self._product = "Sosie %s" % settings.name
        self._has_host = self._is_over = self._is_ending = False
        journal = os.path.realpath(settings.journal)
        self._keeper = Keeper.reach(journal)
        self._is_first = self._keeper is None
        if self._is_first:
            self._keeper = Keeper.start(journal)

    def give_up(self) -> None:
        """The board does not start after all. What an earlier process left waits for a better one."""
        self._claim.close()
        if self._is_first:
            self._keeper.let_go()

    def memory(self, arena_size: int) -> tuple:
        """(arena, 32-bit words of its ledger) that outlive this process; zeroes when no process had them before."""
        ledger_end = arena_size + ledger_size(arena_size)
        size = ledger_end + mmap.PAGESIZE
        try:
            memory = memoryview(mmap.mmap(self._find_memory(size), size))
        except OSError as error:
            raise Refused("there is no memory for the USB disk (%s); free some" % error.strerror)
        self._settings_of_host = memory[ledger_end:]
        return memory[:arena_size], memory[arena_size:ledger_end].cast("I")

    def _find_memory(self, size: int) -> int:
        descriptor = self._keeper.kept.get(_MEMORY)
        if descriptor is None or os.fstat(descriptor).st_size != size:
            descriptor = os.memfd_create("sosie", os.MFD_CLOEXEC)
            os.ftruncate(descriptor, size)
            self._keeper.put(_MEMORY, descriptor)
        return descriptor

    def end_session(self) -> None:
        """What an earlier process left on the bus must not go on, after us neither: something that it told its host is
        missing."""
        self._is_over = True
        for name in (_EP0, _IN, _OUT):
            try:
                self._keeper.drop(name)
            except OSError:
                pass  # the keeper is gone, and with it what it had

    def serve(self, board, status) -> None:
        """Plugs the disk in: `board.volume` behind it, `status() -> dict` for who asks by the vendor request.

        What an earlier process left on the bus goes on, unless end_session() was called.
        """
        self._board = board
        serial = serial_number(board.identity)
        units = units_of(board.volume, serial)
        self._gadget = Gadget(self._paths, self._name, self._udc, serial, self._product)
        goes_on = not self._is_over and self._gadget.bound and {_EP0, _IN, _OUT} <= self._keeper.kept.keys()
        try:
            files = self._kept_files() if goes_on else self._new_files()
        except OSError as error:
            raise Refused("the USB disk cannot be set up (%s); start the board again" % error.strerror)
        self._aio = ports.Aio(self._loop, DEPTH)
        # A host that gave its request up makes an answer wait until it asks again: not the loop.
        self._lane = ports.ThreadLane(Answers(files[0]), self._loop)
        self._control = Control(files[0], lambda: packed(status()), len(units) - 1, self._lane)
        self._endpoints = Endpoints(self._loop, self._aio, files[1], files[2])
        if goes_on:
            units[0].settings = self._settings_of_host[0]
        units[0].remember = self._remember
        task = Task(units, memoryview(bytearray(PIECE + MAX_PACKET)))
        self._bot = self._endpoints.bot = Bot(task, units, self._endpoints)
        self._control.on_enable = self._enabled
        self._control.on_disable = self._disabled
        self._control.on_reset = self._bot.reset
        self._loop.watch(files[0], _READABLE, lambda events: self._control.readable())
        self._medium = Medium(self._loop, board, units[0], self._bot, self._replug)
        if goes_on:
            self._go_on()
        else:
            self._plug()
        self._loop.watch(self._keeper.descriptor, _READABLE, self._keeper_ended)
        try:
            self._keeper.serving()
        except OSError:
            pass  # it has ended, and that is about to be noticed

    @property
    def consoles(self) -> tuple:
        """The board's ends of the serial consoles on this port."""
        return (self._gadget.console_path,)

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
        self._loop.forget(self._keeper.descriptor)
        self._try(self._gadget.tear_down)  # this ends an answer that waits
        self._lane.close()
        self._aio.close()
        self._endpoints.close()
        self._control.close()
        self._keeper.let_go()  # last, for a successor takes the absence of a keeper for that of a gadget

    def _keeper_ended(self, events: int) -> None:
        self._loop.forget(self._keeper.descriptor)
        sentence = "the keeper of the USB disk has ended, so a crash would unplug the disk; restart the board"
        self._board.alarm("keeper", sentence)

    def _remember(self, settings: int) -> None:
        self._settings_of_host[0] = settings

    # Files: of the process before us, or new

    def _kept_files(self) -> tuple:
        return tuple(self._keeper.kept.pop(name) for name in (_EP0, _IN, _OUT))

    def _new_files(self) -> tuple:
        self.end_session()
        self._gadget.prepare()  # the old function is no part of the gadget any more, and may go
        for name in (_EP0, _IN, _OUT):
            if name in self._keeper.kept:
                os.close(self._keeper.kept.pop(name))
        folder = self._gadget.function_path
        files = open_function(folder), _open(folder + "/" + IN_FILE), _open(folder + "/" + OUT_FILE)
        for name, descriptor in zip((_EP0, _IN, _OUT), files):
            self._keeper.put(name, descriptor)
        return files

    # The bus

    def _plug(self) -> None:
        self._gadget.bind()
        self._medium.plugged, self._medium.known = True, False

    def _go_on(self) -> None:
        """The host may be in the middle of a command, which died with its process: it has to begin anew."""
        self._medium.plugged = True
        self._medium.known = self._board.nearly_serves
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


def units_of(volume, serial: str) -> list:
    """The logical units by LUN: the disk, and the drive in which views of the past appear."""
    disk = LogicalUnit(volume, _VENDOR, _PRODUCT, _REVISION, serial)
    view = LogicalUnit(None, _VENDOR, _VIEW_PRODUCT, _REVISION, serial + "1", removable=True, writable=False)
    return [disk, view]


def packed(status: dict) -> bytes:
    """The status as JSON, with as many of its alarms as a host can read: the most urgent ones come first."""
    alarms = list(status["alarms"])
    data = json.dumps(status).encode()
    while len(data) > _MOST_STATUS and alarms:
        alarms.pop()
        data = json.dumps(dict(status, alarms=alarms)).encode()
    return data


def serial_number(identity) -> str:
    """20 upper-case hexadecimal digits, the board's own for ever (Bulk-Only Transport 4.1.1 wants 12 at least)."""
    return "".join("%02X" % each for each in identity.board_id[:10])


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
