"""One board: its card, its attached disks, and the machine around them while it is switched on."""

import http.client
from functools import cached_property
from pathlib import Path

from tests.image.lib import shell
from tests.image.lib.card import Card
from tests.image.lib.machine import Disk, Machine, Wiring
from tests.image.lib.screen import Terminal
from tests.image.lib.surface import Surface
from tests.process.boards import free_port, wait_until

# For tests only: a root shell, and a USB host inside the machine that the board is plugged into.
KERNEL_ARGUMENTS = shell.KERNEL_ARGUMENTS + " modules-load=dummy_hcd dummy_hcd.is_super_speed=1"
# Seconds less under emulation: no defects of processors mended, no ciphers tested. And a clock of which a busy computer
# does not spoil the calibration.
KERNEL_ARGUMENTS += " clocksource=hpet no_timer_check mitigations=off random.trust_cpu=on cryptomgr.notests"
# The emulated watchdog goes by the clock of this computer: a board does not hang when that stands still for a while.
KERNEL_ARGUMENTS += " systemd.watchdog_sec=180"
BOOT_LIMIT_S = 900.0  # two machines may share two busy processors; a pair took 83 s once where others compute
HTTPS, LINK = 443, 7411


class Board:
    """`surface` and `status()` reach its page while it is on; `shell` is root's. `folder` must have a short path."""

    def __init__(self, folder: Path, name: str, card: Card, disks=(), secrets=(None, None), link=0, **wiring):
        self.name = name
        self.card = card
        self.disks: list[Disk] = list(disks)
        self.folder = folder
        self.machine: Machine | None = None
        self.web, self.link = free_port(), link or free_port()
        self.surface = Surface(self.web, *secrets)
        self.stranger = Surface(self.web, None, None)
        self.wiring = wiring
        self._terminal, self._seen = Terminal(), 0
        folder.mkdir(exist_ok=True)

    def allow_tests(self, more: str = "") -> "Board":
        """Lets the next boots have a shell and a USB host of their own."""
        self.card.set_boot_variables(extra=(KERNEL_ARGUMENTS + " " + more).strip())
        return self

    def switch_on(self) -> "Board":
        forwards = {self.web: HTTPS, self.link: LINK}
        self.machine = Machine(self.folder, Wiring(self.card.path, self.disks, forwards, **self.wiring))
        self.served_after_s = 0.0  # seconds of the machine's processor from power to a disk that is served
        return self

    def cut(self) -> None:
        """The power is gone."""
        self.__dict__.pop("shell", None)
        if self.machine is not None:
            self.machine.cut()
            self.machine = None

    @cached_property
    def shell(self) -> shell.Shell:
        return shell.Shell(self.machine.connect("shell"), BOOT_LIMIT_S)

    def shut_down(self) -> None:
        """In an orderly way, as a person with a shell would; the power goes when it is done."""
        self.shell.run_last("systemctl poweroff --no-block")
        assert self.machine.wait_for_end(BOOT_LIMIT_S), "it does not power off:\n" + self.says()
        self.cut()

    def status(self) -> dict:
        return self.surface.status()

    def answers(self) -> dict | None:
        """Its status, None when nobody answers."""
        assert self.machine.running, "the machine of %s ended:\n%s" % (self.name, self.says())
        try:
            status = self.status()
        except (OSError, http.client.HTTPException):
            return None
        if status["serving"] and not self.served_after_s:
            self.served_after_s = self.machine.seconds_of_processor()
        return status

    def wait_for(self, what: str, holds, limit_s: float = BOOT_LIMIT_S) -> dict:
        """Its status as soon as `holds(status)`."""
        last: list = [None]

        def attempt():
            last[0] = self.answers() or last[0]
            return last[0] if last[0] and holds(last[0]) else None

        try:
            return wait_until("", attempt, limit_s, 0.25)
        except AssertionError:
            words = "%s: in %g s it did not happen that %s; status %s; serial port:\n%s"
            raise AssertionError(words % (self.name, limit_s, what, last[0], self.says())) from None

    def wait_up(self, limit_s: float = BOOT_LIMIT_S) -> dict:
        return self.wait_for("it answers", lambda status: True, limit_s)

    def says(self) -> str:
        """The end of what its serial port said, and how often the machine was reset."""
        if self.machine is None:
            return "it is off"
        said = self.machine.serial_log.read_text(errors="replace")[-3000:]
        try:
            happened = self.machine.monitor.happened() if self.machine.running else ["it has ended"]
        except (OSError, ValueError):  # between the two; the last line of its monitor may be torn
            happened = ["it has ended"]
        return "\n".join([said, *happened])

    def screen(self) -> str:
        """What a terminal on its serial port shows now, as one line."""
        with open(self.folder / "serial.log", "rb") as log:
            log.seek(self._seen)
            said = log.read()
        self._seen += len(said)
        return self._terminal.feed(said)

    def told(self) -> list[str]:
        """Whole lines that somebody in it wrote to /dev/hvc1."""
        path = self.folder / "told"
        text = path.read_text(errors="replace") if path.exists() else ""
        return [line.strip() for line in text.split("\n")[:-1]]
