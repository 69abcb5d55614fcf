"""The activity LED that a board has of its own, in /sys/class/leds: worker of a lane, every path below a root."""

import errno
import os

_FIRST = ("ACT", "led0", "act")
_FUNCTIONS = ("act", "status", "heartbeat")
_NO_TRIGGER = "none"


class ActivityLed:
    """`name`: as in /sys/class/leds, None: the first that fits. One light plays every pattern."""

    def __init__(self, name: "str | None" = None, root: str = ""):
        self._folder = root + "/sys/class/leds"
        self._name = name
        self._path = None
        self._trigger = None  # what the kernel showed on it

    def open(self):
        """Takes it from the kernel."""
        self._path = "%s/%s" % (self._folder, self._find())
        trigger = _read(self._path + "/trigger").partition("[")[2].partition("]")[0]
        if trigger and trigger != _NO_TRIGGER:
            self._trigger = trigger
        self._write("trigger", _NO_TRIGGER)
        return
        yield

    def show(self, levels: tuple):
        self._write("brightness", _read(self._path + "/max_brightness") or "1" if any(levels) else "0")
        return
        yield

    def close(self):
        """Gives it back to the kernel."""
        if self._path is not None:
            self._write("brightness", "0")
            if self._trigger:
                self._write("trigger", self._trigger)
        return
        yield

    def _find(self) -> str:
        names = sorted(os.listdir(self._folder)) if os.path.isdir(self._folder) else []
        if self._name is not None:
            wanted = [self._name] if self._name in names else []
        else:
            wanted = [each for each in _FIRST if each in names]
            wanted += [each for each in names if _function(each).startswith(_FUNCTIONS)]
        if not wanted:
            name = self._name or "ACT"
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "%s/%s" % (self._folder, name))
        return wanted[0]

    def _write(self, attribute: str, text: str) -> None:
        descriptor = os.open("%s/%s" % (self._path, attribute), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _function(name: str) -> str:
    """Of device:colour:function; led-act is an old way to say it."""
    return name.rpartition(":")[2].lower().removeprefix("led-")


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read(4096).strip()
