"""One board of the demo: `python3 -m firmware` on a configuration of its own."""

import signal
import subprocess

from tools.api import Client
from tools.demo.workshop import Broken, Workshop, call, kill_group, signal_group, wait_for
from tools.errors import BoardError, Unreachable

DISK_SIZE = 512 << 20
JOURNAL_SIZE = 320 << 20

CONFIGURATION = """\
name = {name}
role = {role}
disk = {disk}
disk_size = {disk_size}
journal = {journal}
journal_size = {journal_size}
attach = nbd:127.0.0.1:{nbd}
{link}
web = 127.0.0.1:{web}
"""


class Board:
    """A board as its owner sees it: a plug to pull, a switch, a web address."""

    def __init__(self, workshop: Workshop, name: str, role: str, nbd: int, web: int, link: str):
        self.name = name
        self.disk = workshop.path(name + ".img")
        self.journal = workshop.path(name + ".journal")
        self.nbd = nbd
        self.web = "127.0.0.1:%d" % web
        self._workshop = workshop
        self._client = Client(self.web, timeout_s=10)
        self._process = None
        self.conf = workshop.path(name + ".conf")
        with open(self.conf, "w") as conf:
            conf.write(CONFIGURATION.format(name=name, role=role, disk=self.disk, disk_size=DISK_SIZE, nbd=nbd,
                                            journal=self.journal, journal_size=JOURNAL_SIZE, link=link, web=web))

    def condition(self) -> str:
        """Its state and alarms, or that it does not answer."""
        try:
            status = self.status()
        except BoardError as error:
            return str(error)
        return ", ".join([status["state"], *status["alarms"]])

    @property
    def log(self) -> str:
        """The name of the file with what it said on stderr."""
        return self.name + ".log"

    def start(self):
        """Power on; returns when it answers."""
        self._process = self._workshop.python("firmware", self.conf, log=self.log)
        wait_for("%s answers on its web address" % self.name, self._answers, 15)

    def start_for_host(self):
        """Power on; returns when a host may attach: a board that was killed plays what it holds first."""
        self.start()
        wait_for("%s lets its host attach" % self.name, self._admits_host, 30, 0.1)

    def _admits_host(self) -> bool:
        try:
            return bool(call("nbdinfo", "--size", "nbd://127.0.0.1:%d/" % self.nbd))
        except Broken:
            return False

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise Broken("%s ended with %d: %s" % (self.name, self._process.returncode,
                                                   self._workshop.last_words(self.log)))
        try:
            return bool(self.status())
        except Unreachable:
            return False

    def status(self) -> dict:
        """GET /api/status."""
        return self._client.status()

    def require_healthy(self) -> dict:
        """Its status, which must show no alarm."""
        status = self.status()
        if status["alarms"]:
            raise Broken("%s raises an alarm: %s" % (self.name, status["alarms"][0]))
        return status

    def require_recovered(self, durable: int) -> dict:
        """Its status, which must know of all groups up to `durable`."""
        status = self.require_healthy()
        if status["group"]["durable"] < durable:
            raise Broken("%s forgot groups: it had %d, now %d." % (self.name, durable, status["group"]["durable"]))
        return status

    def kill(self):
        """The plug is pulled: SIGKILL to the board and all its processes at once."""
        kill_group(self._process)

    def hold(self):
        """Freezes it between two instructions."""
        signal_group(self._process, signal.SIGSTOP)

    def release(self):
        """Ends hold()."""
        signal_group(self._process, signal.SIGCONT)

    def stop(self):
        """Switched off cleanly; anything but exit 0 is Broken."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(30)
        except subprocess.TimeoutExpired:
            raise Broken("%s does not stop in 30 s after SIGTERM." % self.name) from None
        if code != 0:
            raise Broken("%s ended with %d after SIGTERM: %s" % (self.name, code, self._workshop.last_words(self.log)))

