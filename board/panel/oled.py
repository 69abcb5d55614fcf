"""The display: worker of a lane, by luma.oled on SPI."""

import socket

from .viewer import Frame

_BRIGHT, _DIM = 0xCF, 0x01
_SPEED_HZ = 8000000
# Nothing is sent there: from which address it would go says which one the board has.
_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class Oled:
    """`place`: (kind, port, device, DC, RESET) as in settings. `spi` and `open_gpio` are what a test replaces."""

    def __init__(self, place: tuple, open_gpio, spi=None):
        self._place = place
        self._open_gpio = open_gpio
        self._spi = spi
        self._gpio = self._panel = None
        self._bright = None

    def open(self):
        """Resets it, dark."""
        from luma.core.interface.serial import spi
        from luma.oled import device

        kind, port, number, dc, reset = self._place
        self._let_go()
        self._gpio = self._open_gpio()
        line = spi(
            spi=self._spi, gpio=self._gpio, port=port, device=number, gpio_DC=dc, gpio_RST=reset,
            bus_speed_hz=_SPEED_HZ, reset_hold_time=0.01, reset_release_time=0.01,
        )  # fmt: skip
        self._panel = getattr(device, kind)(line)
        self._panel.persist = True  # what it says last stays: that the board is stopped
        self._bright = None
        return
        yield

    def draw(self, frame: Frame):
        from .draw import draw

        if frame.bright != self._bright:
            self._panel.contrast(_BRIGHT if frame.bright else _DIM)
            self._bright = frame.bright
        self._panel.display(draw(frame))
        return
        yield

    def where(self):
        """Ends with the addresses of this board, as texts."""
        return tuple(each for each in (_address(*place) for place in _SOMEWHERE) if each)
        yield

    def close(self, last: "Frame | None" = None):
        """`last` stays on the display."""
        if self._panel is not None and last is not None:
            yield from self.draw(last)
        self._let_go()

    def _let_go(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            panel._serial_interface._spi.close()
        if self._gpio is not None:
            self._gpio.cleanup(list(self._place[3:]))
            self._gpio = None


def _address(family: int, somewhere: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect((somewhere, 9))
            return sock.getsockname()[0]
    except OSError:
        return ""
