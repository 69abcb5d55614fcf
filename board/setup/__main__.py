"""`python3 -m board.setup`, as root, once at every boot."""

import json
import os
import sys

from board import settings
from board.files import link, write_whole
from firmware.errors import Refused

from . import anew, card, first, folders, keys, network
from .machine import Machine

# Debian keeps udev from loading watchdogs, for who does not feed one is restarted; systemd feeds it here.
_WATCHDOGS = ("bcm2835_wdt", "i6300esb")
_NO_CARD_FILE = "there is no sosie.conf on the card (%s); put it back, or flash the card again"


class Setup:
    """All steps in their order. Each step that goes wrong leaves a sentence in `troubles`, and those after it that
    need what it should have brought are left out; what is left is enough for the surfaces to say why. In `alarms` is
    what the board can run with, for no disk is lost because of keys."""

    def __init__(self, machine: Machine):
        self.troubles, self.alarms = [], []
        self._machine = machine
        self._card = None
        self._owner = (0, 0)
        self._wishes = None

    def run(self) -> None:
        """Does everything; afterwards /run/sosie/card.json says what came of it."""
        for step in (self._find, self._read, self._network, self._first, self._state, self._anew):
            self._attempt(step, self.troubles)
        self._attempt(self._keys, self.alarms)
        self._without(self._machine.lend_gadget, *self._owner)  # the firmware says by itself when it misses it
        self._without(self._machine.run, "modprobe", "--quiet", "--all", *_WATCHDOGS)  # one of them is this board's
        self._attempt(self._report, self.troubles)

    def _attempt(self, step, sentences: list) -> None:
        try:
            step()
        except Refused as refusal:
            sentences.append(str(refusal))
        except OSError as error:
            sentences.append("the card or its system is damaged (%s); flash the card again, or another one" % error)

    def _find(self) -> None:
        machine = self._machine
        os.makedirs(machine.run_folder, exist_ok=True)
        self._owner = machine.owner()
        self._card = card.find(machine)
        folders.mount_card(machine, self._part(card.BOOT), self._owner[1])

    def _part(self, number: int) -> str:
        if number not in self._card.parts:
            raise Refused("the card has no partition %d; flash it again" % number)
        return self._card.parts[number]

    def _read(self) -> None:
        try:
            with open("%s/%s" % (self._machine.card, settings.FILE), "rb") as file:
                data = file.read(1 << 17)
        except OSError as error:
            raise Refused(_NO_CARD_FILE % error.strerror) from None
        self._wishes = settings.network_wishes(data)

    def _network(self) -> None:
        wishes = self._wishes or settings.Wishes()
        network.render(self._machine, wishes, wishes.name or "sosie")

    @property
    def _disk_on_card(self) -> bool:
        return self._wishes is not None and self._wishes.disk == settings.DISK_CARD

    def _first(self) -> None:
        if self._card is None or self._wishes is None or "disk" in self._wishes.bad:
            return  # how the card is to be shared out is not known
        if first.is_due(self._card.disk):
            first.lay_out(self._machine, self._card, self._disk_on_card)
            self._card = card.find(self._machine)

    def _state(self) -> None:
        if self._card is None:
            return
        if card.STATE not in self._card.parts and self.troubles:
            return  # that sentence is the cause
        folders.mount_state(self._machine, self._part(card.STATE))
        folders.make_folders(self._machine, self._owner)
        folders.bind_clock(self._machine)

    @property
    def _has_state(self) -> bool:
        return self._machine.is_mounted(self._machine.state)

    def _anew(self) -> None:
        if self._has_state:
            anew.obey(self._machine, self._card, self._disk_on_card)

    def _keys(self) -> None:
        if self._has_state:
            keys.take(self._machine, (self._wishes and self._wishes.name) or "sosie")

    def _without(self, step, *arguments) -> None:
        """A step that a board can do without."""
        try:
            step(*arguments)
        except (Refused, OSError):
            pass

    def _report(self) -> None:
        facts = self._card.facts() if self._card is not None else {"disk": "", "parts": {}, "slot": ""}
        facts = dict(facts, troubles=self.troubles, alarms=self.alarms)
        path = self._machine.run_folder
        if self._card is not None and card.JOURNAL in self._card.parts:
            link(self._card.parts[card.JOURNAL], path + "/journal")
        write_whole(path + "/card.json", json.dumps(facts).encode(), 0o644)


def main(setup: Setup) -> int:
    """Runs it, and says for the system's log what is wrong."""
    setup.run()
    for sentence in setup.troubles + setup.alarms:
        sys.stderr.write("sosie: %s\n" % sentence)
    return 0  # the board comes up in any case, if only to say what is wrong


if __name__ == "__main__":
    sys.exit(main(Setup(Machine())))
