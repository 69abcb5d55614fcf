"""What the disk's function says of itself: the two blobs that FunctionFS reads from ep0 (linux/usb/functionfs.h).

Interface 0 is the disk, mass storage over Bulk-Only Transport; interface 1 is there for the vendor request of
control.py alone, so that a program may ask a board how it is without taking the disk away from the host's driver.
The kernel gives interfaces and endpoints their final numbers.

A descriptor begins with its length and its type (USB 2.0 table 9-5). All numbers are little-endian.
"""

import struct

# FunctionFS numbers the files by the order of the endpoints below.
IN_FILE, OUT_FILE = "ep1", "ep2"
DISK, STATUS = 0, 1  # interface numbers

_DESCRIPTORS_V2, _STRINGS = 3, 2  # magic
_FULL, _HIGH, _SUPER, _MS_OS = 1, 2, 4, 8  # flags: which lists follow

_INTERFACE, _ENDPOINT, _COMPANION = 4, 5, 48  # bDescriptorType: USB 2.0 table 9-5, USB 3.2 table 9-6
_BULK = 2
_IN, _OUT = 0x81, 0x02
_PACKET_FULL, _PACKET_HIGH, _PACKET_SUPER = 64, 512, 1024  # USB 2.0 5.8.3, USB 3.2 table 9-27
_BURST = 15  # bMaxBurst: up to 16 packets without a handshake

_DISK_CLASS = (0x08, 0x06, 0x50)  # mass storage, SCSI transparent, Bulk-Only (Mass Storage Overview 1.4)
_STATUS_CLASS = (0xFF, 0x53, 0x01)
_NAMES = ("Sosie disk", "Sosie status")
_ENGLISH = 0x0409

# Windows gives an interface with this compatible ID to WinUSB, and looks up by the interface class GUID (ours, made
# once) what a program may open: no driver to install.
_WINUSB = b"WINUSB"
_GUID_NAME = b"DeviceInterfaceGUID\0"
_GUID = b"{CAAD8B9F-CFF9-4FD9-A88E-3AE2AED5A767}\0"
_UNICODE = 1  # dwPropertyDataType: one string; of several (7) the kernel takes the descriptor and refuses the host
_COMPAT_ID, _PROPERTIES = 4, 5  # wIndex of the two kinds of feature descriptors


def descriptors(has_disk: bool = True) -> bytes:
    """The first blob: descriptors for full, high and super speed, and what Windows asks for. Without the disk the
    other interface, now number 0, is all there is."""
    if has_disk:
        full, high = _speed(_PACKET_FULL), _speed(_PACKET_HIGH)
        best = _speed(_PACKET_SUPER, _companion())
    else:
        full = high = best = [_interface(0, 0, _STATUS_CLASS, STATUS + 1)]
    status = STATUS if has_disk else 0
    windows = [_compat_id(status), _properties(status)]
    counts = struct.pack("<IIII", len(full), len(high), len(best), len(windows))
    body = counts + b"".join(full + high + best + windows)
    flags = _FULL | _HIGH | _SUPER | _MS_OS
    return struct.pack("<III", _DESCRIPTORS_V2, 12 + len(body), flags) + body


def strings() -> bytes:
    """The second blob: the names of the interfaces."""
    body = struct.pack("<H", _ENGLISH) + b"".join(name.encode() + b"\0" for name in _NAMES)
    return struct.pack("<IIII", _STRINGS, 16 + len(body), len(_NAMES), 1) + body


def _speed(packet: int, *companion: bytes) -> list:
    disk = [_endpoint(_IN, packet), *companion, _endpoint(_OUT, packet), *companion]
    return [_interface(DISK, 2, _DISK_CLASS, DISK + 1), *disk, _interface(STATUS, 0, _STATUS_CLASS, STATUS + 1)]


def _interface(number: int, endpoints: int, triple: tuple, name: int) -> bytes:
    """USB 2.0 table 9-12; `name` is an index into the strings, from 1 on."""
    return struct.pack("<9B", 9, _INTERFACE, number, 0, endpoints, *triple, name)


def _endpoint(address: int, packet: int) -> bytes:
    """USB 2.0 table 9-13."""
    return struct.pack("<4BHB", 7, _ENDPOINT, address, _BULK, packet, 0)


def _companion() -> bytes:
    """USB 3.2 table 9-28: no streams."""
    return struct.pack("<4BH", 6, _COMPANION, _BURST, 0, 0)


def _compat_id(interface: int) -> bytes:
    """Extended compat ID OS feature descriptor 1.0, with one function section."""
    section = struct.pack("<BB8s8s6x", interface, 1, _WINUSB, b"")
    return struct.pack("<BIHHBB", interface, 11 + len(section), 1, _COMPAT_ID, 1, 0) + section


def _properties(interface: int) -> bytes:
    """Extended properties OS feature descriptor 1.0, with one property. The kernel widens its text to UTF-16."""
    size = 14 + len(_GUID_NAME) + len(_GUID)
    section = struct.pack("<IIH", size, _UNICODE, len(_GUID_NAME)) + _GUID_NAME
    section += struct.pack("<I", len(_GUID)) + _GUID
    return struct.pack("<BIHHH", interface, 11 + len(section), 1, _PROPERTIES, 1) + section
