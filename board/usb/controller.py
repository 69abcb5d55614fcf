"""Which USB device controller (UDC) of this machine becomes the disk's port."""

from firmware.errors import Refused

from .paths import Paths
from .system import System

_NONE = (
    "this machine has no USB port that can be a device; on a Raspberry Pi add dtoverlay=dwc2,dr_mode=peripheral to "
    "/boot/firmware/config.txt and restart it, then use the USB-C port (Pi 4) or the port marked USB (Zero 2 W); "
    "elsewhere load the driver of the port's controller; where no server is to be plugged in, write attach = none"
)


class NoController(Refused):
    """There is none: it may come yet, when its driver is loaded or an adapter is plugged in."""


def find(paths: Paths, wanted: "str | None" = None, own: str = "", system=None) -> str:
    """The name of the controller to bind to: `wanted`, or the only one there is.

    `own` is the name of the gadget that asks: remains of its last run do not stand in its way. Raises Refused,
    NoController where there is nothing to choose from.
    """
    system = system or System()
    there = system.names(paths.controllers)
    if not there:
        raise NoController(_NONE)
    if wanted is None:
        if len(there) > 1:
            message = "this machine has several USB device ports; name one of them: attach = usb:%s"
            raise Refused(message % " or usb:".join(there))
        wanted = there[0]
    elif wanted not in there:
        raise Refused("this machine has no USB device port %s; it has %s" % (wanted, ", ".join(there)))
    taken = holder(paths, wanted, system)
    if taken and taken != own:
        raise Refused("the USB device port %s is taken by the gadget %s; stop what runs that one" % (wanted, taken))
    return wanted


def holder(paths: Paths, controller: str, system) -> str:
    """The name of the gadget that is bound to a controller, "" when none is."""
    for name in system.names(paths.gadgets):
        if _text(paths.gadget(name) + "/UDC", system) == controller:
            return name
    return _text(paths.controller(controller) + "/function", system)  # a gadget of the kernel's own, g_ether say


def _text(path: str, system) -> str:
    try:
        return system.read(path).strip()
    except OSError:
        return ""
