"""RAUC as we use it: what is in a bundle, and its installation, on a private bus that ends with it.

RAUC's client talks to its service over D-Bus. A bus of our own, for which the service is started when the client asks
for it, spares the board a system bus and a service that anybody on it could call.
"""

import json
import os
import re
import subprocess

from board.files import write_whole
from board.update.places import Places

_PROGRESS = re.compile(r"^\s*(\d+)% ")
_REASON = "LastError: "
_ON_THIS_BUS = "DBUS_STARTER_BUS_TYPE=session"  # RAUC's client looks at nothing else
_NAME = "de.pengutronix.rauc"


class RaucError(Exception):
    """RAUC did not do it; the message is its own last words."""


class Rauc:
    """The programs, for one board. `formats` are RAUC's bundle-formats."""

    def __init__(self, places: Places, formats: str = "verity"):
        self._places = places
        self._formats = formats

    def prepare(self):
        """Writes what RAUC and its bus read; raises OSError, or KeyError when the card is not known."""
        places = self._places
        for folder, mode in ((places.scratch, 0o700), (places.scratch + "/bus", 0o700), (places.rauc, 0o700)):
            os.makedirs(folder, mode, exist_ok=True)
        write_whole(places.system_conf, self._system_conf().encode())
        service = "[D-BUS Service]\nName=%s\nExec=/usr/bin/rauc -c %s service\n" % (_NAME, places.system_conf)
        write_whole("%s/bus/%s.service" % (places.scratch, _NAME), service.encode())

    def info(self, bundle: str) -> dict:
        """The manifest of a bundle whose signature is good; raises RaucError."""
        run = self._run(["info", "--output-format=json", bundle])
        try:
            return json.loads(run.stdout)
        except ValueError:
            raise RaucError("its description cannot be read")

    def install(self, bundle: str, on_percent):
        """Writes the bundle to the slot that does not run; `on_percent(0..100)` meanwhile. Raises RaucError."""
        bus = ["dbus-run-session", "--config-file=" + self._bus_conf(), "--", "env", _ON_THIS_BUS]
        argv = [*bus, "rauc", "-c", self._places.system_conf, "install", "--progress", bundle]
        reason = ""
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                percent = _PROGRESS.match(line)
                if percent:
                    on_percent(int(percent.group(1)))
                elif not reason.startswith(_REASON):
                    reason = line
        if process.returncode != 0:
            raise RaucError(reason.removeprefix(_REASON).strip() or "it ended with code %d" % process.returncode)

    def _run(self, arguments: "list[str]") -> subprocess.CompletedProcess:
        argv = ["rauc", "-c", self._places.system_conf, *arguments]
        run = subprocess.run(argv, capture_output=True, text=True)
        if run.returncode != 0:
            raise RaucError((run.stderr.strip().splitlines() or ["it ended with code %d" % run.returncode])[-1])
        return run

    def _system_conf(self) -> str:
        places = self._places
        with open(os.path.dirname(__file__) + "/system.conf", encoding="utf-8") as file:
            text = file.read()
        values = {"MODEL": places.running_model(), "FORMATS": self._formats, "SCRATCH": places.scratch}
        values |= {"DATA": places.rauc, "CERTIFICATE": places.certificate, "CODE": places.code}
        values |= {"A": places.slot_device("A"), "B": places.slot_device("B")}
        for name, value in values.items():
            text = text.replace("@%s@" % name, value)
        return text

    def _bus_conf(self) -> str:
        path = self._places.scratch + "/bus.conf"
        with open(os.path.dirname(__file__) + "/bus.conf", encoding="utf-8") as file:
            write_whole(path, file.read().replace("/run/sosie-update", self._places.scratch).encode())
        return path
