"""Sosie boards on the bus, found through pyusb."""

import errno
import os
import time

from tools.errors import BoardError
from tools.usb.machine import Machine

try:
    import usb.backend.libusb1
    import usb.core
    import usb.util
except ImportError:
    usb = None

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = "board/usb/70-sosie.rules"

VENDOR, PRODUCT, MANUFACTURER = 0x1D6B, 0x0104, "Sosie"
STATUS_INTERFACE = (0xFF, 0x53, 0x01)
DISK_INTERFACE = (0x08, 0x06, 0x50)  # mass storage, SCSI transparent command set, Bulk-Only (USB MSC Overview 1.4)

# bmRequestType, bRequest: from the board, vendor, to an interface.
STATUS_REQUEST = (0xC1, 0x53)
MAX_STATUS = 4096
STATUS_MS = 5000
BUSY_TRIES, BUSY_PAUSE_S = 20, 0.1

# libusb_speed
SPEEDS = {1: "low, 1.5 Mbit/s", 2: "full, 12 Mbit/s", 3: "high, 480 Mbit/s", 4: "super, 5 Gbit/s",
          5: "super, 10 Gbit/s"}  # fmt: skip

NO_PYUSB = "`sosie usb` needs pyusb; `make venv` in %s installs it." % CHECKOUT
NO_LIBUSB = ("libusb 1.0 is missing here: install the package libusb-1.0-0 (Debian, Ubuntu), libusb1 (Fedora) or "
             "libusb (Homebrew).")
NO_BOARD = "No Sosie board is on USB here: is it plugged in with a cable that carries data, and runs with attach = usb?"


class Board:
    """One board. `device` is pyusb's; the numbers are those of its descriptors."""

    def __init__(self, device, disk, status, machine: Machine):
        self.device, self._machine = device, machine
        self.bus, self.address, self.speed = device.bus, device.address, device.speed
        self.disk_interface = disk and disk.bInterfaceNumber
        self.status_interface = status.bInterfaceNumber
        # Endpoint numbers have bit 7 for "to the host" (USB 2.0 table 9-13).
        ends = {end.bEndpointAddress & 0x80: end for end in disk} if disk else {}
        self.bulk_in, self.bulk_out = (ends[way].bEndpointAddress if way in ends else None for way in (0x80, 0))
        self.max_packet = ends[0x80].wMaxPacketSize if 0x80 in ends else 0
        self.port = machine.port_of(self.bus, self.address)
        self.manufacturer = self._string("manufacturer", "manufacturer")
        self.serial = self._string("serial", "serial_number")
        self.name = (self._string("product", "product") or "?").removeprefix(MANUFACTURER + " ")

    def _string(self, file: str, attribute: str) -> "str | None":
        """Linux keeps the strings where everybody may read them; elsewhere the board is asked."""
        if self.port:
            return self._machine.string(self.port, file)
        try:
            return getattr(self.device, attribute)
        except (usb.core.USBError, NotImplementedError, ValueError):
            return None

    @property
    def place(self) -> str:
        ports = self.port or "-".join((str(self.bus), ".".join(str(each) for each in self.device.port_numbers or ())))
        return "bus %d, device %d, port %s" % (self.bus, self.address, ports)

    def may_open(self) -> bool:
        return not self.port or self._machine.may_open(self.bus, self.address)

    def status(self) -> bytes:
        """What the board answers to the status request; raises BoardError."""
        try:
            return bytes(self._patiently(self.device.ctrl_transfer, *STATUS_REQUEST, 0, self.status_interface,
                                         MAX_STATUS, STATUS_MS))
        except usb.core.USBError as error:
            raise BoardError(self.explain(error)) from None
        finally:
            usb.util.dispose_resources(self.device)

    def _patiently(self, ask, *arguments):
        """libusb takes the interface for a request; another `sosie usb` may have it for a moment."""
        for left in range(BUSY_TRIES, -1, -1):
            try:
                return ask(*arguments)
            except usb.core.USBError as error:
                if error.errno != errno.EBUSY or not left:
                    raise
                time.sleep(BUSY_PAUSE_S)

    def explain(self, error) -> str:
        """One sentence for an error of pyusb's."""
        if error.errno in (errno.EACCES, errno.EPERM):
            return self.no_permission()
        if error.errno in (errno.ENODEV, errno.ENOENT):
            return "The board %s left the bus." % self.name
        if error.errno == errno.EPIPE:
            return "The board %s refuses the request: it is of another version." % self.name
        if error.errno == errno.EBUSY:
            return "Another program talks to the board %s." % self.name
        if error.errno == errno.ETIMEDOUT:
            return "The board %s does not answer in %g s." % (self.name, STATUS_MS / 1000)
        return "The board %s cannot be reached on USB: %s." % (self.name, error.strerror or error)

    def no_permission(self) -> str:
        return ("You may not talk to the board %s (%s): copy %s to /etc/udev/rules.d, and plug the board in again, "
                "or run this as root." % (self.name, self.place, os.path.join(CHECKOUT, RULES)))


def find(machine: Machine, serial: "str | None" = None) -> "list[Board]":
    """The boards on the bus, only the one with `serial` when given; raises BoardError when there is none."""
    boards = [board for board in (_board(device, machine) for device in _devices()) if board]
    boards.sort(key=lambda board: (board.bus, board.address))
    if not boards:
        raise BoardError(NO_BOARD)
    wanted = [board for board in boards if serial is None or board.serial == serial]
    if not wanted:
        raise BoardError("No board has the serial number %s; there is %s." % (
            serial, ", ".join("%s (%s)" % (board.serial, board.name) for board in boards)))
    return wanted


def find_one(machine: Machine, serial: "str | None" = None) -> Board:
    """The board with `serial`, or the only one."""
    boards = find(machine, serial)
    if len(boards) > 1:
        raise BoardError("There are several boards; name one with --serial: %s." % ", ".join(
            "%s (%s)" % (board.serial, board.name) for board in boards))
    return boards[0]


def _devices() -> list:
    if usb is None:
        raise BoardError(NO_PYUSB)
    backend = usb.backend.libusb1.get_backend()
    if backend is None:
        raise BoardError(NO_LIBUSB)
    return list(usb.core.find(find_all=True, backend=backend, idVendor=VENDOR, idProduct=PRODUCT))


def _board(device, machine: Machine) -> "Board | None":
    """None for a gadget of somebody else with these numbers, which many share."""
    try:
        interfaces = {_triple(each): each for each in device[0]}
    except usb.core.USBError:
        return None
    if STATUS_INTERFACE not in interfaces:
        return None
    board = Board(device, interfaces.get(DISK_INTERFACE), interfaces[STATUS_INTERFACE], machine)
    return board if board.manufacturer in (MANUFACTURER, None) else None


def _triple(interface) -> "tuple[int, int, int]":
    return interface.bInterfaceClass, interface.bInterfaceSubClass, interface.bInterfaceProtocol
