"""RPi.GPIO's interface, as far as a panel needs it, by libgpiod on the kernel's character devices.

What is here is named as there. Pins are numbers of the Broadcom chip, which are the lines of its GPIO chip.
"""

import datetime
import errno
import glob
import os

BOARD_CHIPS = ("pinctrl-bcm", "pinctrl-rp1")  # how the labels of a Raspberry's own chips begin


class Gpio:
    """One chip: the Raspberry's own, else the first. `library`: gpiod, or what a test has instead."""

    BCM, OUT, IN, LOW, HIGH, PUD_OFF, PUD_UP, BOTH = 11, 0, 1, 0, 1, 20, 22, 33

    def __init__(self, library=None, paths=None):
        if library is None:
            import gpiod as library
        self._gpiod = library
        self._path = self._find(sorted(glob.glob("/dev/gpiochip*")) if paths is None else paths)
        self._requests = {}

    def _find(self, paths: list) -> str:
        for path in paths:
            with self._gpiod.Chip(path) as chip:
                if chip.get_info().label.startswith(BOARD_CHIPS):
                    return path
        if not paths:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), "/dev/gpiochip0")
        return paths[0]

    def setwarnings(self, wanted: bool) -> None:
        """There are none."""

    def setmode(self, mode: int) -> None:
        """BCM is the only one."""

    def setup(self, pin: int, direction: int, pull_up_down: int = PUD_OFF, initial: int = LOW) -> None:
        """Takes the pin; raises OSError when somebody else has it."""
        self.cleanup(pin)
        line = self._gpiod.line
        if direction == self.OUT:
            level = self._level(initial)
            settings = self._gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=level)
        else:
            bias = line.Bias.PULL_UP if pull_up_down == self.PUD_UP else line.Bias.AS_IS
            settings = self._gpiod.LineSettings(
                direction=line.Direction.INPUT, bias=bias, edge_detection=line.Edge.BOTH
            )  # fmt: skip
        self._requests[pin] = self._gpiod.request_lines(self._path, {pin: settings}, "sosie")

    def output(self, pin: int, value: int) -> None:
        self._requests[pin].set_value(pin, self._level(value))

    def input(self, pin: int) -> int:
        active = self._gpiod.line.Value.ACTIVE
        return self.HIGH if self._requests[pin].get_value(pin) == active else self.LOW

    def wait_for_edge(self, pin: int, edge: int, timeout: int) -> "int | None":
        """The pin when its level changed, None after `timeout` milliseconds."""
        request = self._requests[pin]
        if not request.wait_edge_events(datetime.timedelta(milliseconds=timeout)):
            return None
        request.read_edge_events()
        return pin

    def cleanup(self, pins=None) -> None:
        pins = list(self._requests) if pins is None else [pins] if isinstance(pins, int) else pins
        for pin in pins:
            request = self._requests.pop(pin, None)
            if request is not None:
                request.release()

    def _level(self, value: int):
        return self._gpiod.line.Value.ACTIVE if value else self._gpiod.line.Value.INACTIVE
