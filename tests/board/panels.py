"""A panel in a world of its own: a clock that a test moves, and hardware that remembers what happened to it."""

import errno
import heapq
import os

from board.panel.oled import Oled
from board.panel.panel import Panel
from board.panel.wires import WiredButton, WiredLights
from firmware.bulkhead import Bulkhead
from firmware.config import Settings
from firmware.ports.lanes import run_job
from tests.unit.fakes_status import FakeBoard

LIGHT_PINS, BUTTON_PIN, DC, RESET = (17, 27, 22), 23, 24, 25


class World:
    """Time passes in run() only; `now_ms`."""

    def __init__(self):
        self.now_ms = 1000
        self._timers = []
        self._count = 0

    @property
    def now(self):
        return self.now_ms

    def call_after(self, ms, call, *args):
        assert ms >= 0
        self._count += 1
        heapq.heappush(self._timers, (self.now_ms + ms, self._count, call, args))

    def run(self, ms: int) -> None:
        end_ms = self.now_ms + ms
        while self._timers and self._timers[0][0] <= end_ms:
            self.now_ms, _, call, args = heapq.heappop(self._timers)
            call(*args)
        self.now_ms = end_ms


class FakeLane:
    """A job is done when it was submitted and reported `takes_ms` later; while `hangs`, it is not reported at all."""

    def __init__(self, world, worker, gpio):
        self.world, self.worker, self.gpio = world, worker, gpio
        self.takes_ms = 0
        self.hangs = False
        self.closed = None
        self.ops = []
        self._held = []

    def submit(self, done, op, *args):
        self.ops.append((self.world.now_ms, op))
        if self.hangs:
            self._held.append((done, op, args))
            return
        self.gpio.ahead_ms = 0
        result, error = run_job(self.worker, op, args)
        waited_ms, self.gpio.ahead_ms = self.gpio.ahead_ms, 0
        self.world.call_after(self.takes_ms + waited_ms, lambda: done(result, error))

    def recover(self) -> None:
        self.hangs = False
        held, self._held = self._held, []
        for job in held:
            self.submit(job[0], job[1], *job[2])

    def close(self, patience_s=None):
        self.closed = patience_s


class FakeGpio:
    """RPi.GPIO's interface. `history`: [(ms, pin, level)] of the lights; `presses`: [(from ms, to ms)] of a finger."""

    BCM, OUT, IN, LOW, HIGH, PUD_UP, BOTH = 11, 0, 1, 0, 1, 22, 33

    def __init__(self, world):
        self.world = world
        self.ahead_ms = 0  # how far a lane that waits for an edge is in front of the loop
        self.levels = {}
        self.inputs = set()
        self.history = []
        self.presses = []
        self.gone = self.deaf = False  # everything; the button alone

    def setup(self, pin, direction, initial=LOW, pull_up_down=None):
        self._check()
        if direction == self.IN:
            assert pull_up_down == self.PUD_UP
            self.inputs.add(pin)
        else:
            self.levels[pin] = initial

    def output(self, pin, level):
        self._check()
        if level != self.levels[pin]:
            self.history.append((self.world.now_ms, pin, level))
        self.levels[pin] = level

    def input(self, pin):
        self._check(self.deaf)
        assert pin in self.inputs
        return self.LOW if self._pressed(self.world.now_ms + self.ahead_ms) else self.HIGH

    def wait_for_edge(self, pin, edge, timeout):
        before = self._pressed(self.world.now_ms)
        for ahead_ms in range(1, timeout + 1):
            self.ahead_ms = ahead_ms
            if self._pressed(self.world.now_ms + ahead_ms) != before:
                return pin
        return None

    def cleanup(self, pins):
        for pin in pins:
            self.levels.pop(pin, None)
            self.inputs.discard(pin)

    def press(self, after_ms: int, for_ms: int) -> None:
        begin_ms = self.world.now_ms + after_ms
        self.presses.append((begin_ms, begin_ms + for_ms))

    def _pressed(self, ms):
        return any(begin <= ms < end for begin, end in self.presses)

    def _check(self, broken=False):
        if self.gone or broken:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))


class FakeSpi:
    """spidev's interface, with a display on it, which knows by its D/C pin what is a command. `memory`: its eight
    pages of `wide` columns."""

    def __init__(self, gpio, wide=128):
        self.gpio, self.wide = gpio, wide
        self.memory = [bytearray(wide) for _ in range(8)]
        self.frames = []  # when pixels came
        self.contrast = self.place = None
        self.on = self.is_open = self.gone = False
        self.max_speed_hz = 0
        self._page = self._column = 0
        self._first_column, self._last_column = 0, wide - 1

    def open(self, port, device):
        if self.gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.place, self.is_open = (port, device), True

    def close(self):
        self.is_open = False

    def writebytes(self, data):
        assert self.is_open
        if self.gone:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.gpio.levels[DC]:
            self._pixels(bytes(data))
        else:
            self._commands(list(data))

    writebytes2 = writebytes

    def lit(self, x: int, y: int) -> bool:
        shift = self.wide - 128 >> 1  # an SH1106 shows the middle of its 132 columns
        return bool(self.memory[y // 8][x + shift] >> y % 8 & 1)

    def _pixels(self, data):
        self.frames.append(self.gpio.world.now_ms)
        for byte in data:
            self.memory[self._page][self._column] = byte
            self._column += 1
            if self._column > self._last_column:
                self._column = self._first_column
                self._page = (self._page + 1) % 8

    def _commands(self, data):
        while data:
            command = data.pop(0)
            if command == 0x81:
                self.contrast = data.pop(0)
            elif command == 0x21:
                self._first_column, self._last_column = data.pop(0), data.pop(0)
                self._column = self._first_column
            elif command == 0x22:
                self._page = data.pop(0)
                data.pop(0)
            elif command in (0xAE, 0xAF):
                self.on = command == 0xAF
            elif command in (0x20, 0x8D, 0xA8, 0xAD, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB):
                data.pop(0)
            elif 0xB0 <= command <= 0xB7:
                self._page = command & 7
            elif command <= 0x0F:
                self._column = self._column & 0xF0 | command
            elif command <= 0x1F:
                self._column = self._column & 0x0F | (command & 0x0F) << 4


class Events:
    def __init__(self):
        self.said = []

    def note(self, sentence):
        self.said.append(sentence)


class PanelBoard(FakeBoard):
    """A board that is its facts, remembers alarms as the real one, and what was asked of it."""

    def __init__(self, world, **changes):
        super().__init__(**dict({"clock_set": True, "acked": 12, "backlog_bytes": 0, "oldest_ms": None}, **changes))
        self.world = world
        self.clock = self
        self.events = Events()
        self.alarms = {}
        self.troubles = []  # (ms, source, sentence), each as it came or went
        self.promoted = []  # (ms, force)
        self.refusal = None

    def now_ms(self):
        return self.world.now_ms

    def set(self, **changes):
        self._facts.update(changes)

    def facts(self):
        self._facts["troubles"] = dict(self.alarms)
        return self._facts

    def alarm(self, source, sentence):
        if sentence != self.alarms.get(source, ""):
            self.troubles.append((self.world.now_ms, source, sentence))
        self.alarms[source] = sentence
        if not sentence:
            del self.alarms[source]

    def promote(self, force, done):
        self.promoted.append((self.world.now_ms, force))
        self.world.call_after(300, lambda: done(None if self.refusal else {"generation": 2}, self.refusal))


class Front:
    """A panel with all that can be on it, running. `with_`: which of lights, button and display are there."""

    def __init__(self, with_=("lights", "button", "display"), kind="ssd1306", running=True, **facts):
        self.world = World()
        self.board = PanelBoard(self.world, **facts)
        self.gpio = FakeGpio(self.world)
        self.spi = FakeSpi(self.gpio, 132 if kind == "sh1106" else 128)
        self.stops = []
        self.lanes = {}
        settings = Settings()
        settings.name, settings.language = self.board.facts()["name"], self.board.facts()["language"]
        settings.lights = ("gpio",) + LIGHT_PINS if "lights" in with_ else None
        settings.button = BUTTON_PIN if "button" in with_ else None
        settings.display = (kind, 0, 0, DC, RESET) if "display" in with_ else None
        behind = Bulkhead("panel", self.world, self.board.alarm)
        self.panel = Panel(
            self.board, settings, self._lane, behind.call_after, lambda: self.stops.append(self.world.now_ms),
            running, self,
        )  # fmt: skip

    def start(self, ms: int = 1000) -> "Front":
        self.panel.start()
        self.world.run(ms)
        return self

    # Hardware, as Panel asks for it

    def lights(self, where):
        return WiredLights(where[1:], lambda: self.gpio)

    def button(self, pin):
        return WiredButton(pin, lambda: self.gpio)

    def display(self, place):
        return Oled(place, lambda: self.gpio, self.spi)

    def _lane(self, worker):
        lane = FakeLane(self.world, worker, self.gpio)
        word = {"WiredLights": "lights", "WiredButton": "button", "Oled": "display"}[type(worker).__name__]
        self.lanes[word] = lane
        return lane

    def lit(self) -> tuple:
        return tuple(self.gpio.levels.get(pin, 0) for pin in LIGHT_PINS)

    def picture(self) -> list:
        return [[self.spi.lit(x, y) for x in range(128)] for y in range(64)]
