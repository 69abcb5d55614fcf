"""Runs inside the guest: the console over USB, from both ends of a real kernel's serial function.

`console.py [CHECK...]`: only checks with one of these words in their names.
"""

import contextlib
import os
import select
import sys
import time
import tty
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.unit.fakes_terminal import Terminal  # noqa: E402
from tests.vm.lib import bus, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, product, wait_until  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

DEVICE = "/dev/ttyACM0"


class Person:
    """Somebody with a terminal program at the host; `raw`: as such programs set the line up."""

    def __init__(self, raw: bool = True):
        wait_until("the host has " + DEVICE, lambda: os.path.exists(DEVICE), 90, 0.2)
        self._line = os.open(DEVICE, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        if raw:
            tty.setraw(self._line)
        self.terminal = Terminal()
        self.got = 0

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_) -> None:
        os.close(self._line)

    def look(self, limit_s: float = 0.1) -> str:
        while select.select([self._line], [], [], limit_s)[0]:
            data = os.read(self._line, 4096)
            if not data:
                break  # the device is gone
            self.got += len(data)
            self.terminal.feed(data)
            limit_s = 0
        return self.terminal.text

    def sees(self, text: str, limit_s: float = 60.0) -> None:
        try:
            wait_until("", lambda: text in self.look(), limit_s)
        except AssertionError:
            raise AssertionError("%r does not come; the screen:\n%s" % (text, self.look())) from None

    def type(self, keys: str) -> None:
        """Behind a Ctrl-U: what the line echoed before it was set up may stand there, or still be on its way."""
        data = b"\x15" + keys.encode()
        while data:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._line, data) :]
                continue
            assert select.select([], [self._line], [], 20)[1], "the line takes no keys"


def status_and_mark(pair):
    """The status on the host's serial device, and a mark"""
    with Person() as person:
        person.sees("SAFE  the twin has everything")
        person.type("mark over usb\r")
        person.sees("Mark over usb is set behind group")
        person.type("log\r")
        person.sees("mark over usb is set behind group")


def echoing(pair):
    """A host whose line echoes everything, as `cat` leaves it, does no harm"""
    before = pair.left.status()["group"]["written"]
    with Person(raw=False) as person:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            person.look()
        assert person.got < 60_000, "%d bytes in 6 s" % person.got
    with Person() as person:
        person.type("\x03\x0c")
        person.sees("SAFE")
        person.type("log\r")
        person.sees("mark over usb")
    assert pair.left.status()["group"]["written"] == before


def unread(pair):
    """Who comes after a while finds the truth, not what was true"""
    time.sleep(5)
    pair.right.kill()
    time.sleep(8)
    with Person() as person:
        person.sees("NOT MIRRORED", 20)
    pair.right.start()
    with Person() as person:
        person.sees("SAFE  the twin has everything")


def unplugged(pair):
    """The console comes back with the cable"""
    for _ in range(2):
        bus.unplug(product("left"))
        bus.wait_until_gone(product("left"))
        assert pair.left.status()["role"] == "primary"
        time.sleep(1)
        bus.plug(product("left"))
        with Person() as person:
            person.sees("SAFE")
            person.type("help\r")
            person.sees("names this point of the log")
    assert not pair.left.status()["alarms"], pair.left.status()["alarms"]


def stopped(pair):
    """A stop waits for nobody who has the port open"""
    alone_s = seconds_to_stop(pair.left)
    bus.wait_until_gone(product("left"))
    pair.left.start(90)
    with Person() as person:
        person.sees("SAFE")
        time.sleep(4)
        took = seconds_to_stop(pair.left)
        print("    stopped in %.1f s, %.1f s with nobody there" % (took, alone_s), flush=True)
        with contextlib.suppress(OSError):
            person.look()
        assert took < alone_s + 12, "%.1f s" % took  # a kernel that waits for who has it open waits for 15


def seconds_to_stop(board) -> float:
    began = time.monotonic()
    board.stop(90)
    return time.monotonic() - began


def main(names) -> int:
    shell.load("cdc_acm")
    checks = Checks(names)
    bus.lay(bus.HIGH)
    with UsbPair() as pair:
        pair.disk()
        checks.run(status_and_mark, echoing, unread, unplugged, stopped, pair=pair)
    bus.wait_until_gone(product("left"))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
