"""The edges: the activity LED on a fake /sys, and libgpiod behind the names of RPi.GPIO."""

import sys

import gpiod
import pytest

from board.panel import gpio as doors
from board.panel.chardev import Gpio
from board.panel.led import ActivityLed
from board.panel.wires import WiredButton, WiredLights
from firmware.ports.lanes import run_job


def done(worker, op, *args):
    result, error = run_job(worker, op, args)
    if error is not None:
        raise error
    return result


def make_led(root, name: str, trigger: str = "kbd-scrolllock [heartbeat] timer none", most: str = "1") -> None:
    folder = root / "sys/class/leds" / name
    folder.mkdir(parents=True)
    for attribute, text in (("trigger", trigger), ("brightness", "0"), ("max_brightness", most)):
        (folder / attribute).write_text(text + "\n")


def said(root, name: str, attribute: str) -> str:
    return (root / "sys/class/leds" / name / attribute).read_text().strip()


def test_the_activity_led_is_taken_from_the_kernel_and_given_back(tmp_path):
    make_led(tmp_path, "ACT", most="255")
    make_led(tmp_path, "PWR")
    led = ActivityLed(None, str(tmp_path))
    done(led, "open")
    assert said(tmp_path, "ACT", "trigger").startswith("none") and "heartbeat" in said(tmp_path, "PWR", "trigger")
    done(led, "show", (False, True, False))
    assert said(tmp_path, "ACT", "brightness")[:3] == "255"
    done(led, "show", (False, False, False))
    assert said(tmp_path, "ACT", "brightness")[0] == "0"
    done(led, "close")
    assert said(tmp_path, "ACT", "trigger").startswith("heartbeat")


@pytest.mark.parametrize(("names", "taken"), [
    (["ACT", "PWR", "mmc0::"], "ACT"), (["PWR", "led0"], "led0"), (["led-act", "default-on"], "led-act"),
    (["input3::capslock", "green:status"], "green:status"), (["blue:heartbeat", "mmc1::"], "blue:heartbeat"),
    (["input3::capslock", "PWR", "mmc0::", "phy0-led"], None), ([], None),
])  # fmt: skip
def test_the_first_that_fits(tmp_path, names, taken):
    for name in names:
        make_led(tmp_path, name)
    if taken is None:
        with pytest.raises(FileNotFoundError):
            done(ActivityLed(None, str(tmp_path)), "open")
        return
    done(ActivityLed(None, str(tmp_path)), "open")
    assert [name for name in names if said(tmp_path, name, "trigger").startswith("none")] == [taken]


def test_one_that_is_named_must_be_there(tmp_path):
    make_led(tmp_path, "ACT")
    with pytest.raises(FileNotFoundError, match="PWR"):
        done(ActivityLed("PWR", str(tmp_path)), "open")


# libgpiod


class Chip:
    labels = {"/dev/gpiochip0": "raspberrypi-exp-gpio", "/dev/gpiochip1": "pinctrl-bcm2711"}

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def get_info(self):
        return type("Info", (), {"label": self.labels[self.path]})


class Request:
    def __init__(self, path, pin, settings):
        self.path, self.pin, self.settings = path, pin, settings
        self.value = settings.output_value
        self.edges = 0
        self.released = False
        self.waited = []

    def set_value(self, pin, value):
        assert pin == self.pin and isinstance(value, gpiod.line.Value)
        self.value = value

    def get_value(self, pin):
        return self.value

    def wait_edge_events(self, timeout):
        self.waited.append(timeout.total_seconds())
        return self.edges > 0

    def read_edge_events(self):
        self.edges = 0

    def release(self):
        self.released = True


class Library:
    """gpiod, but for what would touch a chip."""

    line, LineSettings, Chip = gpiod.line, gpiod.LineSettings, Chip

    def __init__(self):
        self.requests = []

    def request_lines(self, path, config, consumer):
        assert consumer == "sosie"
        ((pin, settings),) = config.items()
        self.requests.append(Request(path, pin, settings))
        return self.requests[-1]


def test_lights_by_libgpiod():
    library = Library()
    lights = WiredLights((17, 27, 22), lambda: Gpio(library, sorted(Chip.labels)))
    done(lights, "open")
    assert [(each.path, each.pin, each.value) for each in library.requests] == [
        ("/dev/gpiochip1", pin, gpiod.line.Value.INACTIVE) for pin in (17, 27, 22)
    ]
    assert {each.settings.direction for each in library.requests} == {gpiod.line.Direction.OUTPUT}
    done(lights, "show", (False, True, True))
    assert [each.value.value for each in library.requests] == [0, 1, 1]
    done(lights, "close")
    assert all(each.released for each in library.requests)


def test_a_button_by_libgpiod():
    library = Library()
    button = WiredButton(23, lambda: Gpio(library, sorted(Chip.labels)))
    done(button, "open")
    (request,) = library.requests
    settings = request.settings
    assert (settings.direction, settings.bias) == (gpiod.line.Direction.INPUT, gpiod.line.Bias.PULL_UP)
    request.value = gpiod.line.Value.ACTIVE
    assert done(button, "look", 0) is False and request.waited == []
    assert done(button, "look", 500) is False and request.waited == [0.5]
    request.value, request.edges = gpiod.line.Value.INACTIVE, 2
    assert done(button, "look", 500) is True and request.waited == [0.5]
    done(button, "close")
    assert request.released


def test_an_opened_button_is_let_go_before_it_is_taken_again():
    library = Library()
    gpio = Gpio(library, sorted(Chip.labels))
    gpio.setup(23, gpio.IN, pull_up_down=gpio.PUD_UP)
    gpio.setup(23, gpio.IN, pull_up_down=gpio.PUD_UP)
    assert [each.released for each in library.requests] == [True, False]


def test_a_machine_without_a_chip():
    with pytest.raises(OSError, match="gpiochip0"):
        Gpio(Library(), [])


def test_rpi_gpio_is_taken_where_there_is_one(monkeypatch):
    called = []
    fake = type(sys)("RPi.GPIO")
    fake.BCM, fake.setwarnings, fake.setmode = 11, lambda on: None, called.append
    package = type(sys)("RPi")
    package.GPIO = fake
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", fake)
    assert doors.open_gpio() is fake and called == [11]
