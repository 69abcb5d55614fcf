"""The plot of the demo, one method an act."""

import time

from tools.demo import image
from tools.demo.board import Board
from tools.demo.relay import Link
from tools.demo.screen import Screen, mib, plural
from tools.demo.workshop import Broken, Workshop, free_ports, wait_for

PATIENCE_S = 30.0
FULL_BAR = 160 << 20


class Story:
    """A pair of boards, a host, a cable, and what happens to them."""

    def __init__(self, workshop: Workshop, screen: Screen):
        self.workshop = workshop
        self.screen = screen
        left_nbd, left_web, right_nbd, right_web, listen, cable = free_ports(6)
        self.left = Board(workshop, "left", "primary", left_nbd, left_web, "peer = 127.0.0.1:%d" % cable)
        self.right = Board(workshop, "right", "twin", right_nbd, right_web, "listen = 127.0.0.1:%d" % listen)
        self._cable = cable, listen
        self.link = self.host = None
        self.copies = self.backlog = 0
        self.proven = []

    def play(self):
        """All acts; Broken as soon as one does not hold."""
        for act in (self.start_pair, self.fill, self.cut_link, self.outage, self.kill_left, self.bring_left_back,
                    self.kill_right, self.drain, self.compare):
            act()

    def start_pair(self):
        self.screen.begin("Starting two boards")
        self.link = Link(self.workshop, *self._cable)
        self.right.start()
        self.left.start_for_host()
        wait_for("left is mirroring", lambda: self.left.status()["state"] == "mirroring")
        self._end("Started a pair: left, and right as its twin", checked=False)

    def fill(self):
        self.screen.begin("Writing real files")
        count, size = self.host.fill(lambda fraction: self.screen.progress("", fraction))
        self._drain(size)
        self.left.require_healthy()
        self.right.require_healthy()
        self._end("ext4 on left's disk, %s (%s)" % (plural(count, "real file"), mib(size)))

    def cut_link(self):
        self.screen.begin("Cutting the link")
        self.link.cut()
        wait_for("left notices", lambda: self.left.status()["state"] == "no link")
        self._end("Cut the link")

    def outage(self):
        self.screen.begin("Host writes on")
        self.host.begin_writing()
        until = time.monotonic() + self.host.outage_s
        while time.monotonic() < until or self.backlog < self.host.outage_bytes:
            self.host.require_writing()
            if time.monotonic() > until + PATIENCE_S:
                raise Broken("the host writes too slowly: %s in %g s" % (mib(self.backlog), PATIENCE_S))
            backlog = self._show_backlog(FULL_BAR)
            self.backlog = backlog["bytes"]
            time.sleep(0.02)
        self._end("Host wrote on: %s in %s wait for the twin" % (mib(self.backlog), plural(backlog["groups"], "group")),
                  checked=self.host.always_whole)

    def kill_left(self):
        self.screen.begin("Killing left")
        before = self.left.status()["group"]["durable"]
        self.left.kill()
        if not self.host.crash():
            raise Broken("the host was not in mid-write")
        self._durable_before = before
        self._end("Killed left (SIGKILL) while the host was writing")

    def bring_left_back(self):
        self.screen.begin("Left starts again")
        self.left.start_for_host()
        status = self.left.require_recovered(self._durable_before)
        self.backlog = max(self.backlog, status["backlog"]["bytes"])
        count = self.host.come_back()
        self.proven.append(self.host.proof(count))
        self._end("Left is back; %s are there and whole" % plural(count, "file"))

    def kill_right(self):
        self.screen.begin("Draining")
        half = self.left.status()["backlog"]["bytes"] // 2
        self.link.mend()
        wait_for("half of the backlog goes over", lambda: self._show_backlog(self.backlog)["bytes"] <= half, 60)
        left = self.left.status()["backlog"]["bytes"]
        self.right.kill()
        self.link.cut()
        self.right.start()
        self._end("Mended the link; killed right too, %s to go" % mib(left), checked=self.host.always_whole)

    def drain(self):
        self.screen.begin("Draining")
        self.link.mend()
        self._drain(self.backlog)
        self._end("Right is back; the backlog is drained")

    def compare(self):
        self.screen.begin("Comparing the disks")
        self.host.finish()
        wait_for("both boards have played everything", self._all_played, 60)
        self.left.stop()
        self.right.stop()
        size = image.compare(self.left.disk, self.right.disk)
        image.check_copy(self.right.disk)
        count = self.host.read_back(self.right.disk)
        self.proven.append("%d copies of the twin's disk, taken between the acts: each a sound ext4." % self.copies)
        self.proven.append("Both disks are equal, all %s, and the twin's has all %s."
                           % (mib(size), plural(count, "file")))
        self.screen.end("Stopped both; images equal (cmp)", "e2fsck ok")

    def begin_stay(self):
        """After the last act: the pair runs again, the host is attached, for whoever wants to try it."""
        self.right.start()
        self.left.start_for_host()
        self.host.come_back()

    def _end(self, text: str, checked: bool = True):
        if checked:
            # Freezing left also freezes the host, so only when it could send something meanwhile.
            source = self.left if self.link.up else None
            with image.frozen_copy(self.workshop, source, self.right) as copy:
                image.check_copy(copy)
            self.copies += 1
        self.screen.end(text, "e2fsck ok" if checked else "-")

    def _show_backlog(self, full: int) -> dict:
        backlog = self.left.status()["backlog"]
        seconds = backlog["seconds"]  # None: this computer's clock was set meanwhile
        late = "" if seconds is None else ", %.0f s behind" % seconds
        self.screen.progress(mib(backlog["bytes"]) + late, backlog["bytes"] / max(1, full))
        return backlog

    def _drain(self, full: int):
        wait_for("the twin has everything", lambda: self._show_backlog(full)["groups"] == 0 and self._all_played(), 90)

    def _all_played(self) -> bool:
        first, twin = self.left.status()["group"], self.right.status()["group"]
        return first["written"] == first["played"] == twin["durable"] == twin["played"]
