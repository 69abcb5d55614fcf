"""What a raw host needs of a bus: two bulk pipes, control requests and a port reset.

`tools.usb.libusb_wire` is the one on a real bus; the tests have one in the same process as a device.
"""

IN, OUT = 0x80, 0x00

# How a bulk transfer ended.
FULL = "full"  # every byte that was asked for was moved
SHORT = "short packet"  # the device ended it with a packet shorter than wMaxPacketSize (IN only)
STALL = "stall"
NOTHING = "nothing"  # the device went on answering NAK until the time was over
BABBLE = "babble"  # the device sent a longer packet than there was room for (IN only)


class Gone(Exception):
    """The device left the bus, or the bus does not carry it any more; one sentence."""


class Wire:
    """A configured device with its mass-storage interface claimed. Transfers block. All raise Gone."""

    max_packet = 512  # wMaxPacketSize of both bulk endpoints at the present speed, in bytes

    def bulk_out(self, data, timeout_ms: int) -> "tuple[int, str]":
        """Sends `data` (bytes-like; empty: a zero-length packet); how many bytes went, and how it ended."""
        raise NotImplementedError

    def bulk_in(self, length: int, timeout_ms: int) -> "tuple[bytes, str]":
        """One transfer of up to `length` bytes; what came, and how it ended."""
        raise NotImplementedError

    def clear_halt(self, direction: int) -> None:
        """CLEAR_FEATURE(ENDPOINT_HALT) on the bulk endpoint of that direction (USB 2.0 section 9.4.1)."""
        raise NotImplementedError

    def halt(self, direction: int) -> bool:
        """SET_FEATURE(ENDPOINT_HALT) on it (USB 2.0 section 9.4.9); False when the device refuses that."""
        raise NotImplementedError

    def control(self, request_type: int, request: int, value: int, index: int, data_or_length) -> "bytes | None":
        """A control transfer; what came with an IN request, b"" after an OUT request, None when it was stalled.

        `data_or_length`: the bytes of an OUT request, or how many bytes an IN request asks for.
        """
        raise NotImplementedError

    def reset(self) -> None:
        """A USB port reset; the device is configured again and its interface claimed when this returns."""
        raise NotImplementedError
