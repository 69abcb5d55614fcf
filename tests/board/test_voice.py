"""The USB port of a board without a disk to show, when that cannot be had: the next try must find all of it free."""

import os
import socket

import pytest

from board.usb import voice
from firmware import ports
from firmware.errors import Refused


class Gadget:
    """One that fails where the test says."""

    function_path = "/dev/null"

    def __init__(self, fails):
        self.fails, self.torn_down = fails, 0

    def _done(self, what):
        if what == self.fails:
            raise Refused("cannot " + what)

    def prepare(self):
        self._done("prepare")

    @property
    def console_path(self):
        self._done("console")
        return "/dev/ttyGS0"

    def bind(self):
        self._done("bind")

    def tear_down(self):
        self.torn_down += 1


@pytest.mark.parametrize("fails", ["prepare", "descriptors", "console", "bind"])
def test_a_port_that_is_not_to_be_had_is_left_as_it_was(monkeypatch, fails):
    gadget, (descriptor, other), (claim, far) = Gadget(fails), os.pipe(), socket.socketpair()

    class Port:
        gadget_name = "sosie-left"

        def __init__(self, board, wanted):
            self.gadget = lambda serial, session: gadget

    def open_function(path, has_disk):
        gadget._done("descriptors")
        return descriptor

    monkeypatch.setattr(voice, "Port", Port)
    monkeypatch.setattr(voice, "claim", lambda name: claim)
    monkeypatch.setattr(voice, "open_function", open_function)
    loop = ports.Loop()
    with pytest.raises(Refused, match=fails):
        voice.UsbVoice(loop, "left", None, "0" * 20, lambda: b"{}")
    assert claim.fileno() == -1 and descriptor not in loop._handlers
    if fails in ("console", "bind"):
        assert gadget.torn_down == 1
        with pytest.raises(OSError):
            os.fstat(descriptor)
    else:
        os.close(descriptor)
    os.close(other)
    far.close()
