"""The panel of a board: lights, button and display, as far as the settings name them.

It looks at the snapshot once a second; everything that touches hardware goes through lanes (device.py).
"""

from firmware.status.snapshot import snapshot
from firmware.status.texts import say

from . import button as gestures
from .device import Device
from .gpio import open_gpio
from .hand import Hand
from .led import ActivityLed
from .lights import Lights
from .oled import Oled
from .patterns import NEEDS_YOU, NOT_RUNNING, pattern_of
from .screens import pages
from .viewer import Frame, Viewer
from .wires import WiredButton, WiredLights

LOOK_MS, WHERE_MS = 1000, 30000
IDLE_WAIT_MS = 500  # a lane waits so long for a finger


class Panel:
    """The surface. `make_lane(worker)` gives a lane, `call_after(ms, call)` is a timer, both of a bulkhead; `stop()`
    ends the board as SIGTERM does. `running`: False where this only stands in for a board that cannot run. `show()`:
    the snapshot, where others show it too; what a finger does goes by the one of that moment."""

    def __init__(self, board, settings, make_lane, call_after, stop, running=True, hardware=None, show=None):
        self._board = board
        self._settings = settings
        self._call_after = call_after
        self._running = running
        self._show = show or (lambda: snapshot(board))
        self._now_ms = board.clock.now_ms
        self._status = None  # the snapshot that is shown; None: there is none
        self._bug = None  # of this turn, for the bulkhead
        self._looked_ms = self._asked_ms = self._drawn_ms = self._due_ms = None
        self._sample_due_ms = 0
        self._sample = None  # (ms, whether it is pressed), not looked at yet
        self._addresses = ()
        self._shown = self._frame = None
        self._stopping = self._closed = False
        self.lights = Lights()
        self.button = gestures.Button()
        self.viewer = Viewer(self._now_ms)
        self._hand = Hand(self._fresh, self.lights, self.viewer, self._promote, stop, board.events.note)
        hardware, wake = hardware or Hardware(), self._wake_now
        self._lights = self._button = self._display = None
        if settings.lights is not None:
            alarm = None if settings.lights[0] == "auto" else board.alarm
            self._lights = Device("lights", make_lane(hardware.lights(settings.lights)), alarm, wake)
        if settings.button is not None:
            self._button = Device("button", make_lane(hardware.button(settings.button)), board.alarm, wake)
        if settings.display is not None:
            self._display = Device("display", make_lane(hardware.display(settings.display)), board.alarm, wake)

    def start(self) -> None:
        """From now on it shows the board."""
        self._call_after(0, self._tick)

    def stop(self) -> None:
        """The board was asked to stop: that is shown until it has."""
        self._stopping = True
        self.viewer.tell(self._sentence("panel.stopping"))
        self._wake(self._now_ms())

    def close(self) -> None:
        """It has stopped: lights out; the display says so."""
        self._closed = True
        for each in (self._lights, self._button):
            if each is not None:
                each.close()
        if self._display is not None:
            self._display.close(self._notice("panel.stopped", False))

    # Time

    def _tick(self) -> None:
        now_ms = self._now_ms()
        due_ms = now_ms + LOOK_MS
        try:
            due_ms = self._turn(now_ms)
        finally:
            self._wake(due_ms)
        bug, self._bug = self._bug, None
        if bug is not None:
            raise bug

    def _wake(self, due_ms: int) -> None:
        """Looks again then, or before."""
        if self._closed or (self._due_ms is not None and self._due_ms <= due_ms):
            return
        self._due_ms = due_ms
        self._call_after(max(1, due_ms - self._now_ms()), lambda: self._woke(due_ms))

    def _woke(self, due_ms: int) -> None:
        if due_ms == self._due_ms and not self._closed:  # not one that was overtaken
            self._due_ms = None
            self._tick()

    def _wake_now(self) -> None:
        self._wake(self._now_ms())

    def _turn(self, now_ms: int) -> int:
        """Does what is due; returns when something is next."""
        if self._looked_ms is None or now_ms - self._looked_ms >= LOOK_MS:
            self._looked_ms = now_ms
            self._look(now_ms)
            for each in self._devices():
                each.tick(now_ms)
        dues = [self._looked_ms + LOOK_MS]
        if self._button is not None:
            dues.append(self._look_at_button(now_ms))
        if self._lights is not None:
            self._light(now_ms)
            dues.append(self.lights.due_ms(now_ms))
        if self._display is not None:
            self._look_at_display(now_ms)
        return min(dues)

    def _look(self, now_ms: int) -> None:
        """Takes the snapshot and its pattern. Without one nothing goes on as it was: SAFE may be wrong by now."""
        try:
            self._status = self._show()
            pattern = pattern_of(self._status, self._running)
        except Exception as bug:  # whatever it is: the devices are looked after all the same
            self._status, self._bug = None, bug
            pattern = NEEDS_YOU if self._running else NOT_RUNNING
        self.lights.show(pattern, now_ms)

    def _devices(self) -> list:
        return [each for each in (self._lights, self._button, self._display) if each is not None]

    def _fresh(self) -> dict:
        self._status = snapshot(self._board)
        return self._status

    # Lights

    def _light(self, now_ms: int) -> None:
        levels = self.lights.levels(now_ms)
        if not self._lights.is_open:
            self._shown = None
        elif levels != self._shown and self._lights.do(now_ms, self._lit, "show", levels):
            self._shown = levels

    def _lit(self, result) -> None:
        self._wake_now()  # it may have changed while the light was being changed

    # Button

    def _look_at_button(self, now_ms: int) -> int:
        """Returns when it is to be looked at again."""
        if not self._button.is_open:
            self._sample = None
            self._take(self.button.lost(), now_ms)
            return now_ms + LOOK_MS
        if self._sample is not None:
            (sampled_ms, pressed), self._sample = self._sample, None
            self._take(self.button.sample(sampled_ms, pressed), now_ms)
            self._sample_due_ms = sampled_ms + (gestures.IDLE_SAMPLE_MS if self.button.idle else gestures.SAMPLE_MS)
        if now_ms < self._sample_due_ms:
            return self._sample_due_ms
        self._button.do(now_ms, self._sampled, "look", IDLE_WAIT_MS if self.button.idle else 0)
        return now_ms + LOOK_MS

    def _sampled(self, pressed: bool) -> None:
        self._sample = self._now_ms(), pressed
        self._wake_now()

    def _take(self, gesture: "str | None", now_ms: int) -> None:
        if gesture is not None and not self._stopping and not self._closed:
            self._hand.take(gesture, now_ms)
            self._drawn_ms = None
            self._wake_now()

    def _promote(self, done) -> None:
        self._board.promote(True, done)

    # Display

    def _look_at_display(self, now_ms: int) -> None:
        if not self._display.is_open:
            self._frame = None
        elif self._drawn_ms is None or now_ms - self._drawn_ms >= LOOK_MS:
            self._draw(now_ms)
            if self._frame is not None and (self._asked_ms is None or now_ms - self._asked_ms >= WHERE_MS):
                if self._display.do(now_ms, self._told_where, "where"):
                    self._asked_ms = now_ms

    def _draw(self, now_ms: int) -> None:
        frame = self._frame_now()
        if frame == self._frame:
            self._drawn_ms = now_ms
        elif self._display.do(now_ms, _ignore, "draw", frame):
            self._frame, self._drawn_ms = frame, now_ms

    def _frame_now(self) -> Frame:
        if self._status is not None:
            try:
                return self.viewer.frame(self._status, self._addresses)
            except Exception as bug:  # the last screen must not stay either
                self._bug = bug
        return self._notice("panel.stopping" if self._stopping else "panel.broken", True)

    def _notice(self, key: str, bright: bool) -> Frame:
        return Frame(pages(self._settings.name, self._sentence(key))[0], bright, None)

    def _sentence(self, key: str) -> str:
        """By the settings, for they are there when there is no snapshot."""
        return say(self._settings.language, key, self._settings.name)

    def _told_where(self, addresses: tuple) -> None:
        self._addresses = addresses


class Hardware:
    """The workers that touch the real thing."""

    def lights(self, where: tuple):
        if where[0] == "gpio":
            return WiredLights(where[1:], open_gpio)
        return ActivityLed(where[1] if where[0] == "led" else None)

    def button(self, pin: int):
        return WiredButton(pin, open_gpio)

    def display(self, place: tuple):
        return Oled(place, open_gpio)


def _ignore(result) -> None:
    pass
