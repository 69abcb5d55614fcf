"""Values of board.conf's lights, button and display. Pins are GPIO numbers of the 40-pin header, not places on it."""

from firmware.errors import Refused
from firmware.quantity import is_digits

KINDS = ("ssd1306", "sh1106")
DC, RESET = 24, 25  # where nothing else is said
_FIRST_PIN, _LAST_PIN = 2, 27
_SPI_PINS = ((7, 8, 9, 10, 11), (16, 17, 18, 19, 20, 21))  # of port 0, of port 1


def lights(text: str) -> "tuple | None":
    """("gpio", green, yellow, red), ("led", name or None), ("auto",); None: off. Raises Refused with a clause."""
    if text == "off":
        return None
    if text == "auto":
        return ("auto",)
    way, colon, rest = text.partition(":")
    if way == "led" and (rest or not colon):
        return ("led", _led(rest) if colon else None)
    if way != "gpio":
        raise Refused("write auto, led, led:NAME, gpio:GREEN,YELLOW,RED or off")
    pins = [_pin(each) for each in rest.split(",")]
    if len(pins) != 3 or len(set(pins)) != 3:
        raise Refused("there are three lights, each with a pin of its own; write for example gpio:17,27,22")
    return ("gpio",) + tuple(pins)


def _led(name: str) -> str:
    if "/" in name or name in (".", "..") or len(name.encode()) > 255:
        raise Refused("a light of the board is named as in /sys/class/leds; write for example led:ACT")
    return name


def button(text: str) -> "int | None":
    """The pin that is low while somebody presses; None: off."""
    if text == "off":
        return None
    way, _, rest = text.partition(":")
    if way != "gpio":
        raise Refused("write gpio:PIN or off")
    return _pin(rest)


def display(text: str) -> "tuple | None":
    """(kind, SPI port, device of it, DC pin, RESET pin); None: off."""
    if text == "off":
        return None
    parts = text.split(":")
    if parts[0] != "spi" or not 2 <= len(parts) <= 4 or parts[1] not in KINDS:
        raise Refused("write spi:ssd1306, spi:sh1106 or off; for another place spi:ssd1306:PORT.DEVICE:DC,RESET")
    port, dot, device = (parts[2] if len(parts) > 2 else "0.0").partition(".")
    if port not in ("0", "1") or not dot or device not in ("0", "1", "2"):
        raise Refused("a place on SPI is PORT.DEVICE as in /dev/spidev0.0; write for example 0.0")
    pins = [_pin(each) for each in parts[3].split(",")] if len(parts) > 3 else [DC, RESET]
    if len(pins) != 2 or pins[0] == pins[1]:
        raise Refused("a display has two pins besides SPI's, DC and RESET; write for example spi:ssd1306:0.0:24,25")
    return (parts[1], int(port), int(device), pins[0], pins[1])


def _pin(text: str) -> int:
    if not is_digits(text) or len(text) > 2 or not _FIRST_PIN <= int(text) <= _LAST_PIN:
        raise Refused("a pin is a GPIO number of the 40-pin header, 2 to 27")
    return int(text)


def check_pins(settings, lines: dict) -> None:
    """Raises Refused when two of the lines want the same pin."""
    seen = {}
    for key, pin in _pins(settings):
        if pin in seen:
            message = "line %d: %s and %s both want GPIO %d; give each its own pin"
            raise Refused(message % (lines[key], key, seen[pin], pin))
        seen[pin] = key


def _pins(settings) -> list:
    found = []
    if settings.display is not None:
        _, port, _, dc, reset = settings.display
        found = [("display", pin) for pin in _SPI_PINS[port] + (dc, reset)]
    if settings.lights is not None and settings.lights[0] == "gpio":
        found += [("lights", pin) for pin in settings.lights[1:]]
    if settings.button is not None:
        found.append(("button", settings.button))
    return found
