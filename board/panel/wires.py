"""Lights and button on pins: workers of a lane, through RPi.GPIO's interface. `open_gpio()` gives that."""


class WiredLights:
    """`pins`: of the green, the yellow and the red light, each between its pin (with a resistor) and ground."""

    def __init__(self, pins: tuple, open_gpio):
        self._pins = pins
        self._open_gpio = open_gpio
        self._gpio = None

    def open(self):
        """Takes the pins, dark."""
        self._gpio = gpio = self._open_gpio()
        for pin in self._pins:
            gpio.setup(pin, gpio.OUT, initial=gpio.LOW)
        return
        yield

    def show(self, levels: tuple):
        for pin, level in zip(self._pins, levels):
            self._gpio.output(pin, self._gpio.HIGH if level else self._gpio.LOW)
        return
        yield

    def close(self):
        """Dark, and free."""
        if self._gpio is not None:
            yield from self.show((False,) * len(self._pins))
            self._gpio.cleanup(list(self._pins))


class WiredButton:
    """A button between `pin` and ground; the pin is pulled up inside."""

    def __init__(self, pin: int, open_gpio):
        self._pin = pin
        self._open_gpio = open_gpio
        self._gpio = None

    def open(self):
        self._gpio = gpio = self._open_gpio()
        gpio.setup(self._pin, gpio.IN, pull_up_down=gpio.PUD_UP)
        return
        yield

    def look(self, wait_ms: int):
        """Ends with whether it is pressed; while it is not, it may wait so long for that."""
        gpio = self._gpio
        if wait_ms and not self._is_pressed():
            gpio.wait_for_edge(self._pin, gpio.BOTH, timeout=wait_ms)
        return self._is_pressed()
        yield

    def close(self):
        if self._gpio is not None:
            self._gpio.cleanup([self._pin])
        return
        yield

    def _is_pressed(self) -> bool:
        return self._gpio.input(self._pin) == self._gpio.LOW
