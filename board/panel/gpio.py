"""The interface of RPi.GPIO, from whatever this system has: that module itself (rpi-lgpio on today's kernels), else
libgpiod behind the same names (chardev.py)."""

import os
import tempfile


def open_gpio():
    """The module, or what stands in for it. Raises ImportError when there is neither, OSError without a chip."""
    try:
        os.environ.setdefault("LG_WD", tempfile.gettempdir())  # lgpio wants a folder to write in
        import RPi.GPIO as gpio
    except Exception:  # RPi.GPIO says in many ways that this is no Raspberry with a kernel that it knows
        from .chardev import Gpio

        gpio = Gpio()
    gpio.setwarnings(False)
    gpio.setmode(gpio.BCM)
    return gpio
