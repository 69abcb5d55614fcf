"""Serial devices, as CPython offers them."""

import fcntl
import os
import struct
import termios
import threading

_IFLAG, _OFLAG, _CFLAG, _LFLAG, _ISPEED, _OSPEED, _CC = range(7)
# What cfmakeraw(3) clears, and what would hold a line up or change its bytes beyond that.
_BREAKS = termios.IGNBRK | termios.BRKINT | termios.PARMRK
_TRANSLATION = termios.ISTRIP | termios.INLCR | termios.IGNCR | termios.ICRNL
_IN = _BREAKS | _TRANSLATION | termios.IXON | termios.IXOFF
_CONTROL = termios.CSIZE | termios.PARENB | termios.CRTSCTS
_LOCAL = termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN

write = os.write


def read(descriptor: int, view) -> int:
    return os.readv(descriptor, (view,))


def make_raw(descriptor: int, speed: int) -> None:
    """No echo, no signals, no translation, no waiting for a carrier; `speed` is a B constant, 0: leave it."""
    try:
        mode = termios.tcgetattr(descriptor)
        mode[_IFLAG] &= ~_IN
        mode[_OFLAG] &= ~termios.OPOST
        mode[_CFLAG] = mode[_CFLAG] & ~_CONTROL | termios.CS8 | termios.CLOCAL | termios.CREAD
        mode[_LFLAG] &= ~_LOCAL
        mode[_CC][termios.VMIN], mode[_CC][termios.VTIME] = 1, 0
        if speed:
            mode[_ISPEED] = mode[_OSPEED] = speed
        termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    except termios.error as error:  # it is no OSError
        raise OSError(*error.args) from None


def queued(descriptor: int) -> int:
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0]


def close(descriptor: int) -> None:
    """The kernel waits, for up to 30 s, until what was sent is taken; we do not."""
    threading.Thread(target=_close, args=(descriptor,), name="serial close", daemon=True).start()


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        pass
