"""Serial devices, as something that the loop converses over: UARTs, USB serial functions, pseudo-terminals."""

from ..errors import Refused
from . import linux
from .files import reason
from .runtime import serial, system

# Numbers of the Linux ABI, the same on x86 and ARM (asm-generic/termbits.h).
SPEEDS = {
    9600: 0o15,
    19200: 0o16,
    38400: 0o17,
    57600: 0o10001,
    115200: 0o10002,
    230400: 0o10003,
    460800: 0o10004,
    921600: 0o10007,
}


def open_serial(path: str, speed: "int | None") -> "Serial":
    """The device at `path`, raw; `speed` in bits per second, None: as it is. Raises Refused."""
    flags = linux.O_RDWR | linux.O_NOCTTY | linux.O_NONBLOCK | linux.O_CLOEXEC
    try:
        descriptor = system.open(path, flags)
    except OSError as error:
        raise Refused("%s cannot be opened (%s)" % (path, reason(error)))
    try:
        serial.make_raw(descriptor, SPEEDS[speed] if speed else 0)
    except OSError as error:
        system.close(descriptor)
        if error.errno == linux.ENOTTY:
            raise Refused("%s is not a serial device" % path)
        raise Refused("%s cannot be set up (%s)" % (path, reason(error)))
    return Serial(descriptor)


class Serial:
    """An open serial device with what a channel uses of a socket. Would-block is an OSError with EAGAIN."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def recv_into(self, view) -> int:
        """Bytes put at the start of `view`; 0 after a hang-up."""
        return serial.read(self._descriptor, view)

    readinto = recv_into

    def send(self, view) -> int:
        """Bytes taken."""
        return serial.write(self._descriptor, view)

    def queued(self) -> int:
        """Bytes that the device was given and has not passed on, as far as it tells."""
        if self._descriptor < 0:
            return 0
        try:
            return serial.queued(self._descriptor)
        except OSError:
            return 0

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            serial.close(descriptor)
