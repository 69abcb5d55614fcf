"""board.conf's lights, button and display: every value, and every mistake as one sentence."""

from unittest import TestCase

from firmware import config
from firmware.errors import Refused

MINIMUM = b"name = a\nrole = twin\ndisk = /d\njournal = /j\nlisten = 127.0.0.1:7411\n"


def parsed(*lines: str):
    return config.parse(MINIMUM + "\n".join(lines).encode())


def refusal(*lines: str) -> str:
    try:
        parsed(*lines)
    except Refused as error:
        return str(error)
    return ""


class Panel(TestCase):
    def test_nothing_said_is_nothing_there(self):
        its = parsed()
        self.assertEqual((its.lights, its.button, its.display), (None, None, None))

    def test_each_is_off_by_one_line(self):
        its = parsed("lights = off", "button = off", "display = off")
        self.assertEqual((its.lights, its.button, its.display), (None, None, None))

    def test_values(self):
        self.assertEqual(parsed("lights = gpio:17,27,22").lights, ("gpio", 17, 27, 22))
        self.assertEqual(parsed("lights = led").lights, ("led", None))
        self.assertEqual(parsed("lights = led:green:status").lights, ("led", "green:status"))
        self.assertEqual(parsed("lights = auto").lights, ("auto",))
        self.assertEqual(parsed("button = gpio:23").button, 23)
        self.assertEqual(parsed("display = spi:ssd1306").display, ("ssd1306", 0, 0, 24, 25))
        self.assertEqual(parsed("display = spi:sh1106:1.2:5,6").display, ("sh1106", 1, 2, 5, 6))
        self.assertEqual(parsed("display = spi:sh1106:0.1").display, ("sh1106", 0, 1, 24, 25))

    def test_mistakes(self):
        for line, clause in (
            ("lights = on", "write auto, led, led:NAME, gpio:GREEN,YELLOW,RED or off"),
            ("lights = led:", "write auto, led"),
            ("lights = led:../x", "named as in /sys/class/leds"),
            ("lights = gpio:17,27", "three lights"),
            ("lights = gpio:17,27,17", "three lights"),
            ("lights = gpio:17, 27, 22", "2 to 27"),
            ("lights = gpio:0,1,28", "2 to 27"),
            ("lights = gpio:1\u0667,2,3", "2 to 27"),
            ("button = 23", "write gpio:PIN or off"),
            ("button = gpio:", "2 to 27"),
            ("display = ssd1306", "write spi:ssd1306, spi:sh1106 or off"),
            ("display = spi:st7789", "write spi:ssd1306, spi:sh1106 or off"),
            ("display = spi:ssd1306:0", "PORT.DEVICE"),
            ("display = spi:ssd1306:0.3", "PORT.DEVICE"),
            ("display = spi:ssd1306:0.0:24", "two pins besides SPI's"),
            ("display = spi:ssd1306:0.0:24,24", "two pins besides SPI's"),
            ("display = spi:ssd1306:0.0:24,25:9", "write spi:ssd1306"),
        ):
            sentence = refusal(line)
            self.assertTrue(sentence.startswith("line 6: " + line), sentence)
            self.assertIn(clause, sentence)

    def test_two_that_want_the_same_pin(self):
        self.assertEqual(
            refusal("lights = gpio:17,27,22", "button = gpio:27"),
            "line 7: button and lights both want GPIO 27; give each its own pin",
        )
        self.assertIn("lights and display both want GPIO 10", refusal("display = spi:ssd1306", "lights = gpio:10,2,3"))
        self.assertIn("button and display both want GPIO 24", refusal("button = gpio:24", "display = spi:ssd1306"))
        self.assertEqual(refusal("display = spi:ssd1306:1.0:24,25", "button = gpio:10"), "")
