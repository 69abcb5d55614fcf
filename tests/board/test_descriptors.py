"""The descriptor blobs, byte for byte and as a reader of the specifications takes them apart."""

import struct

import pytest

from board.usb import descriptors
from tests.board import usbspec

SPEEDS = {"full": 64, "high": 512, "super": 1024}
DISK = bytes.fromhex("09 04 00 00 02 08 06 50 01")
STATUS = bytes.fromhex("09 04 01 00 00 ff 53 01 02")


@pytest.fixture(scope="module")
def read():
    return usbspec.read_descriptors(descriptors.descriptors())


def test_byte_for_byte():
    full = bytes.fromhex("07 05 81 02 40 00 00  07 05 02 02 40 00 00")
    high = bytes.fromhex("07 05 81 02 00 02 00  07 05 02 02 00 02 00")
    best = bytes.fromhex("07 05 81 02 00 04 00  06 30 0f 00 00 00  07 05 02 02 00 04 00  06 30 0f 00 00 00")
    compat = bytes.fromhex("01  23 00 00 00  01 00  04 00  01 00  01 01") + b"WINUSB" + bytes(2 + 8 + 6)
    name, guid = b"DeviceInterfaceGUID\0", b"{CAAD8B9F-CFF9-4FD9-A88E-3AE2AED5A767}\0"
    section = struct.pack("<IIH", 73, 1, 20) + name + struct.pack("<I", 39) + guid
    properties = bytes.fromhex("01  54 00 00 00  01 00  05 00  01 00") + section
    lists = DISK + full + STATUS + DISK + high + STATUS + DISK + best + STATUS + compat + properties
    head = struct.pack("<IIIIIII", 3, 28 + len(lists), 15, 4, 4, 6, 2)
    assert descriptors.descriptors() == head + lists


def test_strings_byte_for_byte():
    assert descriptors.strings() == struct.pack("<IIIIH", 2, 42, 2, 1, 0x409) + b"Sosie disk\0Sosie status\0"
    assert usbspec.read_strings(descriptors.strings()) == {0x409: ["Sosie disk", "Sosie status"]}


@pytest.mark.parametrize("speed", SPEEDS)
def test_interfaces(read, speed):
    disk, status = (each for each in read[speed] if each["bDescriptorType"] == 4)
    assert (disk["bInterfaceNumber"], disk["bNumEndpoints"], disk["iInterface"]) == (0, 2, 1)
    assert (disk["bInterfaceClass"], disk["bInterfaceSubClass"], disk["bInterfaceProtocol"]) == (8, 6, 0x50)
    assert (status["bInterfaceNumber"], status["bNumEndpoints"], status["iInterface"]) == (1, 0, 2)
    assert (status["bInterfaceClass"], status["bInterfaceSubClass"], status["bInterfaceProtocol"]) == (0xFF, 0x53, 1)
    assert disk["bAlternateSetting"] == status["bAlternateSetting"] == 0


@pytest.mark.parametrize("speed", SPEEDS)
def test_endpoints_are_of_the_disk_in_before_out(read, speed):
    kinds = [each["bDescriptorType"] for each in read[speed]]
    assert kinds == ([4, 5, 48, 5, 48, 4] if speed == "super" else [4, 5, 5, 4])
    ends = [each for each in read[speed] if each["bDescriptorType"] == 5]
    assert [each["bEndpointAddress"] & 0x80 for each in ends] == [0x80, 0]
    assert len({each["bEndpointAddress"] & 0x0F for each in ends}) == 2
    assert [each["bmAttributes"] for each in ends] == [2, 2]
    assert [each["wMaxPacketSize"] for each in ends] == [SPEEDS[speed]] * 2


def test_companions(read):
    """USB 3.2 table 9-28: bulk endpoints, at most 16 packets in a burst, no streams, no periodic bytes."""
    for each in read["super"]:
        if each["bDescriptorType"] == 48:
            assert (each["bMaxBurst"], each["bmAttributes"], each["wBytesPerInterval"]) == (15, 0, 0)


def test_windows_gives_the_status_interface_to_winusb(read):
    compat, properties = read["os"]
    assert (compat["interface"], compat["bcdVersion"], compat["wIndex"]) == (1, 1, 4)
    assert compat["sections"] == [{"first": 1, "reserved": 1, "id": b"WINUSB\0\0", "sub": bytes(8)}]
    assert (properties["interface"], properties["bcdVersion"], properties["wIndex"]) == (1, 1, 5)
    (section,) = properties["sections"]
    assert section["type"] == 1 and section["name"] == b"DeviceInterfaceGUID\0"
    assert section["data"].startswith(b"{") and section["data"].endswith(b"}\0")


def test_the_files_are_numbered_by_the_order_of_the_endpoints(read):
    order = ["in" if each["bEndpointAddress"] & 0x80 else "out" for each in read["full"] if "bInterval" in each]
    assert order.index("in") + 1 == int(descriptors.IN_FILE[2:])
    assert order.index("out") + 1 == int(descriptors.OUT_FILE[2:])
    interfaces = {each["bInterfaceClass"]: each["bInterfaceNumber"] for each in read["high"] if "iInterface" in each}
    assert (interfaces[8], interfaces[0xFF]) == (descriptors.DISK, descriptors.STATUS)


@pytest.mark.parametrize("place", range(0, len(descriptors.descriptors()), 3))
def test_the_reader_finds_what_is_cut_off(place):
    with pytest.raises((AssertionError, KeyError)):
        usbspec.read_descriptors(descriptors.descriptors()[:place])
