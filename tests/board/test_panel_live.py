"""A panel on the loop and the lanes that a board has: a display that hangs in its driver, and how it all ends."""

import threading
import time

from board import settings as card_settings
from board.panel.led import ActivityLed
from board.panel.panel import Hardware as RealHardware
from board.panel.panel import Panel
from board.panel.patterns import NOT_RUNNING
from board.steward.silent import SilentBoard
from board.steward.standin import StandIn
from firmware import ports
from firmware.config import Settings
from tests.board.panels import PanelBoard
from tests.board.test_panel_drivers import make_led, said
from tests.process.boards import wait_until

LIMIT_S = 60


def wait_until_the_kernel_has_it(root) -> None:
    """What a LED is given back with is the last job of its lane; it is dark by then."""
    wait_until("it is given back", lambda: said(root, "ACT", "trigger").startswith("heartbeat"))
    assert said(root, "ACT", "brightness")[0] == "0"


class Stuck:
    """A display whose driver does not return."""

    def __init__(self):
        self.entered, self.let_go = threading.Event(), threading.Event()

    def open(self):
        self.entered.set()
        self.let_go.wait(60)
        return
        yield


class Hardware:
    def __init__(self, root, display):
        self._root, self._display = root, display

    def lights(self, where):
        return ActivityLed(where[1], str(self._root))

    def display(self, place):
        return self._display


class Clock:
    @property
    def now_ms(self):
        return ports.now_ms()


def test_the_activity_led_plays_while_the_display_hangs_and_the_end_does_not_wait(tmp_path):
    make_led(tmp_path, "ACT", most="9")
    loop, stuck, settings = ports.Loop(), Stuck(), Settings()
    settings.name = "left"
    settings.lights, settings.display = ("led", None), ("ssd1306", 0, 0, 24, 25)
    board = PanelBoard(Clock(), clock_set=False)
    panel = Panel(board, settings, lambda worker: ports.ThreadLane(worker, loop), loop.call_after, loop.stop,
                  hardware=Hardware(tmp_path, stuck))  # fmt: skip
    seen = []

    def look() -> None:
        """Until it saw some of its flashes, however many of them this machine lets it miss."""
        if stuck.entered.is_set():
            seen.append(said(tmp_path, "ACT", "brightness"))
        if changes() >= 4 and {"0", "9"} <= set(seen):
            loop.stop()
        loop.call_after(25, look)

    def changes() -> int:
        return sum(one != other for one, other in zip(seen, seen[1:]))

    panel.start()
    loop.call_after(25, look)
    loop.call_after(LIMIT_S * 1000, loop.stop)
    loop.run()
    assert changes() >= 4 and {"0", "9"} <= set(seen)
    panel.stop()
    loop.close()
    began = time.monotonic()
    panel.close()
    assert time.monotonic() - began < 30
    wait_until_the_kernel_has_it(tmp_path)
    stuck.let_go.set()


def test_what_stands_in_for_a_board_shows_that_none_runs(tmp_path, monkeypatch):
    make_led(tmp_path, "ACT")
    monkeypatch.setattr(RealHardware, "lights", lambda self, where: ActivityLed(None, str(tmp_path)))
    conf = b"name = left\nrole = primary\nattach = none\nlights = led\nbutton = off\nrate = nonsense\n"
    its = card_settings.lenient(conf, lambda given: [("disk", "/run/disk"), ("journal", "/run/journal")])
    assert its.lights == ("led", None) and its.button is None
    board = SilentBoard(its.name, its.role, "no disk is attached: plug one into a USB port of the board")
    stand_in, shown, write = StandIn(board, its), [], ActivityLed._write
    end = time.monotonic() + LIMIT_S

    def record(led, attribute: str, text: str) -> None:
        write(led, attribute, text)
        if attribute == "brightness":
            shown.append(text)

    def stop_after_a_flash(loop, stop) -> None:
        if "10" in "".join(shown) or time.monotonic() > end:
            stop()
        else:
            loop.call_after(20, stop_after_a_flash, loop, stop)

    monkeypatch.setattr(ActivityLed, "_write", record)
    monkeypatch.setattr("board.steward.standin.ports.catch_signals", stop_after_a_flash)
    assert stand_in.run() == 0
    assert "10" in "".join(shown[:-1])  # the last one is its end
    assert stand_in._panel.lights._pattern is NOT_RUNNING  # a flash, and dark for long
    wait_until_the_kernel_has_it(tmp_path)
    assert board.alarms == {}
