"""Values of how a host and a terminal get in. Text in, value out, Refused with a clause otherwise."""

from firmware import address
from firmware.conf.values import path
from firmware.errors import Refused
from firmware.quantity import is_digits

SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)  # of a serial line, bits per second


def attach(text: str) -> "tuple | None":
    """("nbd", address), ("usb", controller or None) or None."""
    if text == "none":
        return None
    way, colon, where = text.partition(":")
    if way == "usb":
        return ("usb", _controller(where) if colon else None)
    if way != "nbd" or not colon:
        raise Refused("there is no such way to attach a host; write usb, nbd:HOST:PORT, nbd:unix:/PATH or none")
    return ("nbd", address.parse(where))


def _controller(text: str) -> str:
    if not text or "/" in text or " " in text or "\t" in text or text in (".", "..") or len(text.encode()) > 255:
        raise Refused("a USB device port is named as in /sys/class/udc; write usb, or for example usb:fe980000.usb")
    return text


def console(text: str) -> tuple:
    """(path, speed or None)."""
    if not text.startswith("/"):
        raise Refused("a console is the path of a serial device; write for example /dev/ttyAMA0:115200")
    place, colon, speed = text.rpartition(":")
    if not colon or "-" in speed[1:]:  # names below /dev/serial/by-path have colons of their own, and dashes
        return (path(text), None)
    if not is_digits(speed):
        raise Refused("behind the colon stands the speed of the line; write for example %s:115200" % place)
    if len(speed) > 6 or int(speed) not in SPEEDS:
        raise Refused("the speed of a serial line is one of %s" % ", ".join([str(each) for each in SPEEDS]))
    return (path(place), int(speed))
