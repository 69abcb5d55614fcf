"""Boards as processes: configurations on free ports, start, SIGKILL, clean stop, status."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.process.nbd_client import Client

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20


def free_port() -> int:
    """A port of the loopback that nobody listens on; below the range from which outgoing connections take theirs."""
    while True:
        free_port.next = 20000 + (free_port.next - 20000 + 1) % 12000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", free_port.next))
                return free_port.next
            except OSError:
                continue


free_port.next = 20000 + os.getpid() * 61 % 12000


def wait_until(what: str, holds, limit_s: float = 60.0, every_s: float = 0.02):
    """The first true value of `holds()`; AssertionError when there is none in time."""
    deadline = time.monotonic() + limit_s
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < deadline, "in %g s it did not happen that %s" % (limit_s, what)
        time.sleep(every_s)


class Board:
    """One board with a folder of its own. Keyword arguments become lines of its board.conf; None leaves a line out."""

    def __init__(self, folder: Path, name: str, interpreter=(sys.executable,), **lines):
        self.name = name
        self.nbd, self.web = free_port(), free_port()
        self.image, self.journal = folder / (name + ".img"), folder / (name + ".journal")
        self.conf, self.log = folder / (name + ".conf"), folder / (name + ".log")
        self.lines = {
            "name": name, "disk": self.image, "disk_size": "32M", "journal": self.journal, "journal_size": "16M",
            "attach": "nbd:127.0.0.1:%d" % self.nbd, "web": "127.0.0.1:%d" % self.web,
        } | lines  # fmt: skip
        self.process = None
        self._interpreter = interpreter
        self.write_conf()

    def write_conf(self, **changes) -> None:
        self.lines |= changes
        self.conf.write_text("".join("%s = %s\n" % line for line in self.lines.items() if line[1] is not None))

    def launch(self) -> None:
        """Starts the process and does not wait for anything."""
        with self.log.open("ab") as log:
            command = [*self._interpreter, "-m", "firmware", str(self.conf)]
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def start(self, limit_s: float = 60.0) -> "Board":
        """Starts it and waits until it answers."""
        self.launch()
        wait_until("%s answers" % self.name, self._answers, limit_s)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, "%s ended with %s: %s" % (self.name, self.process.returncode, self.said())
        try:
            return bool(self.status())
        except (OSError, http.client.HTTPException):
            return False

    def said(self) -> str:
        """All that it wrote on stdout and stderr."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def refuses(self, limit_s: float = 60.0) -> str:
        """Starts it, expects exit code 2 and one sentence, which is returned."""
        before = len(self.said())
        self.launch()
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("%s runs, though it should refuse" % self.name) from None
        sentence = self.said()[before:]
        assert code == 2, "exit code %d: %s" % (code, sentence)
        assert len(sentence.strip().splitlines()) == 1, "not one sentence: " + sentence
        return sentence.strip()

    def request(self, method: str, path: str, body=None, headers=None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=30)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, headers or {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def status(self) -> dict:
        code, body = self.request("GET", "/api/status")
        assert code == 200, body
        return json.loads(body)

    def promote(self) -> dict:
        code, body = self.request("POST", "/api/promote", {"force": True})
        assert code == 200, body
        return json.loads(body)

    def client(self) -> Client:
        return Client(("127.0.0.1", self.nbd))

    def patient_client(self, limit_s: float = 60.0) -> Client:
        """A client as soon as the board takes one: right after its start it may still play its journal."""
        last: list = [None]

        def attach():
            try:
                return self.client()
            except Exception as error:
                last[0] = error
                return None

        try:
            return wait_until("", attach, limit_s)
        except AssertionError:
            raise AssertionError("%s takes no client: %r" % (self.name, last[0])) from None

    def kill(self) -> None:
        """SIGKILL to the board and whatever it started, at once, and only to them."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, limit_s: float = 30.0) -> None:
        """SIGTERM; it must end with 0 in time."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(limit_s)
        assert code == 0, "%s ended with %d: %s" % (self.name, code, self.said())

    def end(self) -> None:
        """Whatever state it is in: gone."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Pair:
    """A primary `left` and its twin `right`, each with the lines for both roles."""

    def __init__(self, folder: Path, twin_interpreter=(sys.executable,), **lines):
        ports = free_port(), free_port()
        self.left = Board(folder, "left", role="primary", listen="127.0.0.1:%d" % ports[0],
                          peer="127.0.0.1:%d" % ports[1], **lines)  # fmt: skip
        self.right = Board(folder, "right", twin_interpreter, role="twin", listen="127.0.0.1:%d" % ports[1],
                           peer="127.0.0.1:%d" % ports[0], **lines)  # fmt: skip

    def start(self) -> "Pair":
        self.right.start()
        self.left.start()
        return self

    def drained(self) -> bool:
        """Whether the twin has played all that the primary took. Call it when no writes come in."""
        mine, its = self.left.status(), self.right.status()
        durable = mine["group"]["durable"]
        return mine["backlog"]["groups"] == 0 and mine["group"]["played"] == its["group"]["played"] == durable

    def wait_drained(self, limit_s: float = 90.0) -> None:
        wait_until("the pair is drained", self.drained, limit_s)

    def end(self) -> None:
        self.left.end()
        self.right.end()
