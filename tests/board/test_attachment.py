"""`attach = usb` on a machine whose controller is missing, comes later, or cannot be used."""

import pytest

from board.usb import attachment
from board.usb.controller import NoController
from firmware.config import Settings
from firmware.errors import Refused


class World:
    """Stands for port, legacy, disk, board and loop; `trouble`: why the port cannot be had now."""

    gadget_name = "sosie-left"

    def __init__(self, monkeypatch, trouble):
        self.trouble, self.happened, self.alarms, self.timers = trouble, [], {}, []
        self.memory = self.end_session = None
        monkeypatch.setattr(attachment, "Port", lambda board, wanted: self)
        monkeypatch.setattr(attachment, "Legacy", lambda name, journal: self)
        monkeypatch.setattr(attachment, "UsbDisk", lambda *arguments: self.find() or Disk(self))

    def find(self):
        if self.trouble:
            raise self.trouble

    def make(self):
        settings = Settings()
        settings.name, settings.journal, settings.attach = "left", "/journal", ("usb", None)
        return attachment.Attachment(self, settings)

    def serve(self, made):
        made.serve(self, dict, lambda path: self.happened.append("console " + path))

    def look(self):
        ((_, call),), self.timers = self.timers, []
        call()

    def call_after(self, ms, call):
        self.timers.append((ms, call))

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

    def give_up(self):
        self.happened.append("given up")

    def begin(self, loop, on_end):
        self.happened.append("kept")

    def end(self, loop):
        self.happened.append("let go")


class Disk:
    console = "/dev/ttyGS0"

    def __init__(self, world):
        self.poll = lambda now_ms: 7
        self.stop = lambda: world.happened.append("stopped")
        self.close = lambda: world.happened.append("closed")


@pytest.fixture
def world(monkeypatch):
    return lambda trouble=None: World(monkeypatch, trouble)


def test_a_port_that_is_there(world):
    it = world()
    made = it.make()
    it.serve(made)
    assert made.poll(0) == 7 and it.alarms == {} and it.timers == []
    made.stop()
    made.close()
    assert it.happened == ["console /dev/ttyGS0", "kept", "stopped", "closed", "let go"]


def test_a_port_that_comes_later_is_taken(world):
    it = world(NoController("no port"))
    made = it.make()
    it.serve(made)
    assert it.alarms == {"usb": "no port"} and made.poll(0) is None and it.happened == ["kept"]
    it.trouble = Refused("another one has it")
    it.look()
    assert it.alarms == {"usb": "another one has it"}
    it.trouble = None
    it.look()
    assert made.poll(0) == 7 and it.timers == [] and it.happened == ["kept", "console /dev/ttyGS0"]


def test_a_board_that_stops_before_it_came(world):
    it = world(NoController("no port"))
    made = it.make()
    it.serve(made)
    made.stop()
    it.trouble = None
    it.look()
    made.close()
    assert it.happened == ["kept", "let go"] and it.timers == []


def test_a_port_that_cannot_be_used_stops_the_start(world):
    with pytest.raises(Refused, match="taken"):
        world(Refused("taken")).make()
    it = world()
    made = it.make()
    it.trouble = Refused("not root")
    with pytest.raises(Refused, match="not root"):
        it.serve(made)
