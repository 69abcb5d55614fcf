"""Ours: two boards on this machine, journal and link included, attached by NBD over a Unix socket."""

import os
import subprocess
import sys
import time

from tools.api import Client
from tools.bench import proc
from tools.bench.fio import BenchError
from tools.bench.nbd_client import NbdClient, NbdError
from tools.bench.peers import Server
from tools.bench.workspace import free_port
from tools.errors import BoardError

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_TIMEOUT_S = 30
DRAIN_TIMEOUT_S = 120
NEAR, GONE, AWAY = "near", "gone", "away"
NO_BACKLOG = {"bytes": 0, "groups": 0}


class Board:
    """One board as a process, started from a board.conf of our own."""

    def __init__(self, workspace, name, settings):
        self.workspace = workspace
        self.name = name
        self.settings = dict(settings, name=name, web="127.0.0.1:%d" % free_port())
        self.client = Client(self.settings["web"])
        self.process = None

    def start(self):
        conf = self.workspace.path(self.name + ".conf")
        with open(conf, "w") as file:
            file.writelines("%s = %s\n" % item for item in self.settings.items())
        self.process = self.workspace.spawn(self.name, [sys.executable, "-m", "firmware", conf], cwd=PROJECT)

    def stop(self):
        self.workspace.end(self.process)
        self.process = None

    def kill(self):
        """SIGKILL, and wait until its helpers are gone too: nothing of it may still write."""
        family = proc.family(self.process.pid)
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 5
        while any(proc.alive(pid) for pid in family) and time.monotonic() < end:
            time.sleep(0.005)
        proc.kill_left(family)
        self.process = None

    def pids(self):
        return proc.family(self.process.pid) if self.process else set()

    def status(self):
        """Its /api/status; raises BenchError when it does not tell."""
        if self.process is not None and self.process.poll() is not None:
            raise BenchError("board %s ended: %s" % (self.name, self.workspace.last_words(self.name)))
        try:
            return self.client.status()
        except BoardError as error:
            raise BenchError(str(error)) from error

    def wait_for(self, what, condition, timeout_s=READY_TIMEOUT_S):
        """Until condition(status) holds; returns that status, raises BenchError when time is up."""
        end = time.monotonic() + timeout_s
        status = None
        while time.monotonic() < end:
            try:
                status = self.status()
                if condition(status):
                    return status
            except BenchError:
                if self.process is None or self.process.poll() is not None:
                    raise
            time.sleep(0.02)
        raise BenchError("board %s: %s did not come in %d s; it says %s" % (self.name, what, timeout_s, status))


class Pair(Server):
    key, title = "sosie", "Sosie"
    images = 2

    def __init__(self, workspace, size, journal_size, label="sosie"):
        super().__init__(workspace, size)
        self.label = label
        self.twin_port = free_port()
        self.relay = None
        common = {"disk_size": size, "journal_size": journal_size}
        self.primary = self._board("left", common, role="primary", attach="nbd:unix:" + self.socket_path())
        self.twin = self._board("right", common, role="twin", attach="none")
        self.primary.settings["peer"] = self.twin.settings["listen"] = "127.0.0.1:%d" % self.twin_port
        self.journal_size = journal_size
        self.where = NEAR
        self._left_behind = NO_BACKLOG

    def _board(self, side, common, **settings):
        path = self.workspace.path("%s-%s" % (self.label, side))
        return Board(
            self.workspace, "%s-%s" % (self.label, side),
            dict(common, disk=path + ".img", journal=path + ".journal", **settings),
        )

    def socket_path(self, name="nbd"):
        return self.workspace.path("%s-%s.sock" % (self.label, name))

    @classmethod
    def missing(cls):
        if not os.path.exists(os.path.join(PROJECT, "firmware", "__main__.py")):
            return "Sosie: left out, firmware/__main__.py is missing"
        return None

    def boards(self):
        return (self.primary, self.twin)

    def start(self, written=True):
        """Start both; with `written` their disks are allocated and cached, as those of the peers are.

        A pair begins with empty disks: they are filled through the mirror. Its journals are written to their
        end beforehand, as those of any pair are that has worked for a while: a file system takes twice the time
        to make a block durable that was never written.
        """
        if written:
            for board in self.boards():
                self.workspace.image(os.path.basename(board.settings["journal"]), self.journal_size, bytes(1 << 20))
        self.twin.start()
        self.primary.start()
        self.wait_attached()
        self.wait_linked()
        if written:
            self.paths = [board.settings["disk"] for board in self.boards()]
            self._fill()
            self.settle()

    def _fill(self):
        chunk = os.urandom(1 << 20)
        try:
            with NbdClient(self.socket_path()) as client:
                for offset in range(0, self.size, len(chunk)):
                    client.write(offset, chunk[:self.size - offset])
        except (OSError, NbdError) as error:
            raise BenchError("the disk could not be filled: %s" % error) from error

    def wait_attached(self):
        """Until the primary's export answers a read; seconds that took."""
        begin = time.monotonic()
        while time.monotonic() < begin + READY_TIMEOUT_S:
            try:
                with NbdClient(self.socket_path(), READY_TIMEOUT_S) as client:
                    client.read(0, 4096)
                return time.monotonic() - begin
            except (OSError, NbdError):
                if self.primary.process.poll() is not None:
                    raise BenchError("the primary ended: " + self.workspace.last_words(self.primary.name)) from None
                time.sleep(0.005)
        raise BenchError("the primary does not answer: " + self.workspace.last_words(self.primary.name))

    def wait_linked(self):
        return self.primary.wait_for("its link", lambda status: status["state"] in ("mirroring", "behind"))

    def pids(self):
        return self.primary.pids() | self.twin.pids()

    def cpu(self):
        return {"primary": proc.cpu_seconds(self.primary.pids()), "twin": proc.cpu_seconds(self.twin.pids())}

    def settle(self):
        """The backlog that a run left and the seconds until all of it was on the twin, durable and played."""
        status = self.primary.status()
        backlog, rtt_ms = status["backlog"], status["link"]["rtt_ms"]
        begin = time.monotonic()
        try:
            with NbdClient(self.socket_path()) as client:
                client.flush()
        except (OSError, NbdError) as error:
            raise BenchError("the primary does not flush after a run: %s" % error) from error
        told = {"backlog_" + unit: backlog[unit] - self._left_behind[unit] for unit in ("bytes", "groups")}
        if self.where != GONE:
            told["rtt_ms"] = rtt_ms
            self.drain()
            told["drain_s"] = time.monotonic() - begin
        self._left_behind = self.primary.status()["backlog"]
        self.wait_played()
        told["play_s"] = time.monotonic() - begin
        self.workspace.settle(self.paths)
        return told

    def drain(self, timeout_s=DRAIN_TIMEOUT_S):
        self.primary.wait_for("an empty backlog", lambda status: status["backlog"]["groups"] == 0, timeout_s)

    def wait_played(self):
        for board in self.boards():
            if board.process is not None:
                board.wait_for("its player's end", is_played, DRAIN_TIMEOUT_S)

    def put(self, where, distance_ms):
        """Leave the twin `near`, take it `away` (a round trip of distance_ms), or let it be `gone`."""
        if where == self.where:
            return
        self.primary.stop()
        if where == GONE:
            self.twin.stop()
        elif self.twin.process is None:
            self.twin.start()
        self._lay_line(distance_ms if where == AWAY else None)
        self.primary.start()
        self.wait_attached()
        self.where = where
        if where != GONE:
            self.wait_linked()
            self.drain()
            self.wait_played()
            self._left_behind = NO_BACKLOG

    def make_room(self):
        """While the twin is gone: let it have what fills the journal, so that no row meets a full one."""
        if self.where == GONE and 4 * self._left_behind["bytes"] > self.journal_size:
            self.put(NEAR, None)
            self.put(GONE, None)

    def _lay_line(self, distance_ms):
        if self.relay is not None:
            self.workspace.end(self.relay)
            self.relay = None
        port = self.twin_port
        if distance_ms is not None:
            port = free_port()
            words = [str(port), str(self.twin_port), str(distance_ms // 2)]
            self.relay = self.workspace.spawn(
                "delay", [sys.executable, "-m", "tools.bench.delay", *words], cwd=PROJECT, stdout=subprocess.DEVNULL
            )
        self.primary.settings["peer"] = "127.0.0.1:%d" % port

    def stop(self):
        for board in self.boards():
            if board.process is not None:
                board.stop()
        if self.relay is not None:
            self.workspace.end(self.relay)
            self.relay = None

    def remove(self):
        """Stop and give the space of disks and journals back."""
        self.stop()
        for board in self.boards():
            for key in ("disk", "journal"):
                if os.path.exists(board.settings[key]):
                    os.unlink(board.settings[key])


def is_played(status):
    return status["group"]["played"] >= status["group"]["durable"]
