"""Serial devices through libc: the names and arguments of ports/cpython/serial.py."""

import struct

from .libc import bind

_TCSANOW, _TCOFLUSH, _TIOCOUTQ = 0, 1, 0x5411
_IXOFF, _CLOCAL, _CREAD, _CRTSCTS = 0o10000, 0o4000, 0o200, 0o20000000000
_IFLAG, _CFLAG, _VTIME, _VMIN = 0, 8, 17 + 5, 17 + 6  # bytes of struct termios before them
_MODE_SIZE = 128  # more than any libc takes

_tcgetattr = bind("i", "tcgetattr", "ip")
_tcsetattr = bind("i", "tcsetattr", "iip")
_cfmakeraw = bind("i", "cfmakeraw", "p")
_cfsetspeed = bind("i", "cfsetspeed", "pI")
_tcflush = bind("i", "tcflush", "ii")
_ioctl = bind("i", "ioctl", "iLp")
_read = bind("q", "read", "ipL")
_write = bind("q", "write", "iPL")
_close = bind("i", "close", "i")


def read(descriptor: int, view) -> int:
    return _read(descriptor, view, len(view))


def write(descriptor: int, view) -> int:
    return _write(descriptor, view, len(view))


def make_raw(descriptor: int, speed: int) -> None:
    mode = bytearray(_MODE_SIZE)
    _tcgetattr(descriptor, mode)
    _cfmakeraw(mode)
    flags = struct.unpack_from("<I", mode, _IFLAG)[0]
    struct.pack_into("<I", mode, _IFLAG, flags & ~_IXOFF & 0xFFFFFFFF)
    flags = struct.unpack_from("<I", mode, _CFLAG)[0]
    struct.pack_into("<I", mode, _CFLAG, (flags | _CLOCAL | _CREAD) & ~_CRTSCTS & 0xFFFFFFFF)
    mode[_VMIN], mode[_VTIME] = 1, 0
    if speed:
        _cfsetspeed(mode, speed)
    _tcsetattr(descriptor, _TCSANOW, mode)


def queued(descriptor: int) -> int:
    count = bytearray(4)
    _ioctl(descriptor, _TIOCOUTQ, count)
    return struct.unpack("<i", count)[0]


def close(descriptor: int) -> None:
    """What nobody takes is thrown away: without threads, the kernel would have us wait for it."""
    try:
        _tcflush(descriptor, _TCOFLUSH)
        _close(descriptor)
    except OSError:
        pass
