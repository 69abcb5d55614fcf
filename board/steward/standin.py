"""`python3 -m board.steward.standin SENTENCE`: the surfaces of a board that cannot run: console, USB port and page.

It touches neither disk nor journal. Every surface is tried for itself, again and again: what is missing may be why.
"""

import hashlib
import sys

from board import settings
from board.panel.panel import Panel
from board.usb.answer import packed
from board.usb.voice import UsbVoice
from firmware import ports
from firmware.bulkhead import Bulkhead, wait_for
from firmware.consoles import Consoles
from firmware.errors import Refused
from firmware.ports import environment
from firmware.service import Service
from firmware.status.snapshot import snapshot
from firmware.website import BURST, Website

from .judge import defaults
from .machine import Machine
from .silent import SilentBoard

_AGAIN_MS = 5000
_VISITORS = 64


class StandIn:
    """All surfaces for `board`, a SilentBoard; `its` are the Settings, as far as they could be understood."""

    def __init__(self, board, its):
        self._board = board
        self._its = its
        self._loop = ports.Loop()
        self._bulkhead = Bulkhead("stand-in", self._loop, board.alarm)
        self._consoles = Consoles(board, self._loop)
        self._voice = self._listener = self._website = self._panel = None

    def run(self) -> int:
        """Until SIGTERM."""
        loop = self._loop
        ports.catch_signals(loop, self._stop)
        self._consoles.start()
        if self._its.console is not None:
            self._consoles.add(*self._its.console)
        self._speak()
        self._show()
        self._light()
        Service(loop, lambda: snapshot(self._board), self._board.alarm).start()
        loop.run()
        loop.close()
        if self._panel is not None:
            self._bulkhead.run(self._panel.close)
            wait_for([self._bulkhead])
        if self._website is not None:
            self._website.close()
        if self._voice is not None:
            self._voice.close()
        return 0

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._consoles.stop()
        self._loop.stop()

    def _speak(self) -> None:
        """The USB port; a process of the firmware that died may have it for a while yet."""
        attach = self._its.attach
        if attach is None or attach[0] != "usb":
            return
        name = self._board.facts()["name"]
        try:
            self._voice = UsbVoice(self._loop, name, attach[1], serial_number(name), self._told)
        except Refused as refusal:
            self._board.alarm("usb", str(refusal))
            self._loop.call_after(_AGAIN_MS, self._speak)
            return
        self._board.alarm("usb", "")
        self._consoles.add(self._voice.console)

    def _told(self) -> bytes:
        """Who asks on the USB port misses it when it cannot be made."""
        return self._bulkhead.run(lambda: packed(snapshot(self._board))) or b""

    def _light(self) -> None:
        """Lights, button and display."""
        its, behind = self._its, self._bulkhead
        if its.lights or its.button or its.display:
            self._panel = Panel(self._board, its, behind.lane, behind.call_after, self._stop, running=False)
            self._panel.start()

    def _show(self) -> None:
        """The page; without keys nobody could log in, and there is none."""
        if self._its.web is None:
            return
        loop, web, keys = self._loop, self._its.web, self._its.keys
        try:
            credentials = ports.open_keys(keys)
            credentials.page_session()  # Refused while there are no keys for one
            website = Website(loop, web, credentials, keys)
            options = {"knows_caller": True, "burst": BURST, "fresh": True}
            self._listener = ports.Listener(loop, web, website.visitor, _VISITORS, **options)
            website.open(self._board)
            self._website = website
        except Refused as refusal:
            self._board.alarm("page", "there is no page: %s" % refusal)
            self._loop.call_after(_AGAIN_MS, self._show)
            return
        self._board.alarm("page", "")


def serial_number(name: str) -> str:
    """For the USB port: 20 upper-case hexadecimal digits, the same for the same board while its journal is unknown."""
    return hashlib.sha256(b"stand-in " + name.encode()).hexdigest()[:20].upper()


def known(machine: Machine):
    """The Settings, as far as they can be understood."""
    try:
        with open(machine.settings, "rb") as file:
            data = file.read(1 << 17)
    except OSError:
        data = b""
    return settings.lenient(data, lambda given: defaults(machine, given))


def main(arguments: list) -> int:
    machine = Machine()
    try:
        its = known(machine)
        sentence = " ".join(arguments)
        board = SilentBoard(its.name, its.role, sentence, environment.version(), language=its.language)
        return StandIn(board, its).run()
    except Refused as refusal:
        sys.stderr.write("sosie: %s\n" % refusal)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
