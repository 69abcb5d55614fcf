"""A board with two slots, a boot loader that follows grub.cfg's rule, and power that can go at any step."""

import contextlib
import json
import os

from board.update import confirm, grubenv, install
from board.update.boot import Boot
from board.update.bundle import FORMATS
from board.update.places import Places
from board.update.rauc import RaucError
from board.update.story import Report

OLD, NEW = "0.1.0", "0.2.0"
MODEL = "qemu"
SLOT_SIZE = 4096


class Cut(BaseException):
    """The power went."""


class Waiting(Exception):
    """A service waits: the others get their turn."""


class Serving:
    """Says what the firmware would."""

    def __init__(self, board):
        self._board = board

    def facts(self):
        self._board.blind -= 1
        sees = self._board.serves() and self._board.blind < 0
        return {"serving": True, "role": self._board.role} if sees else None


class FakeRauc:
    """Bundles are JSON here; a slot's content is its version, and "torn" while it is written."""

    def __init__(self, board):
        self._board = board

    def prepare(self):
        pass

    def info(self, path: str) -> dict:
        with open(path) as file:
            info = json.load(file)
        if not info.pop("trusted"):
            raise RaucError("signature verification failed: Verify error: self-signed certificate")
        return info

    def install(self, path: str, on_percent):
        board = self._board
        info = self.info(path)
        slot = "B" if board.current == "A" else "A"
        assert not board.boot.read().on_trial, "the slot to come back to is written over"
        board.boot.change(install.Choice.set_bad, slot)
        board.slots[slot] = "torn"
        on_percent(50)
        if info["description"] == "crash":
            raise Cut
        if info["description"] == "damaged":
            raise RaucError("Installation error: Failed updating slot: Input/output error")
        board.slots[slot] = info["version"]
        board.installs += 1


class Board:
    """`good` are the versions that serve their disk."""

    def __init__(self, root, good=(OLD, NEW), role="primary"):
        self.places = Places(str(root))
        self.role, self.good = role, good
        self.slots = {"A": OLD, "B": "nothing"}
        self.current, self.tried = "A", False
        self.restarts = self.installs = 0
        self.blind = 0  # so many looks at whether it serves fall into a step of the clock, or come too early
        for path in ("card/grub", "state/update", "state/updater", "run/sosie/board", "usr/lib/sosie", "proc", "dev"):
            os.makedirs(root / path)
        (root / "card/grub/grubenv").write_bytes(grubenv.pack({"primary": "A", "trial": ""}))
        (root / "state/updater/update.crt").write_text("a certificate")
        for slot in "AB":
            (root / "dev" / slot).write_bytes(bytes(SLOT_SIZE))
        self.boot = Boot(self.places, lambda how: None)
        self._start()

    def power_on(self):
        """What grub.cfg does, then what the kernel and the first boot steps leave in /run."""
        variables = grubenv.read(self.places.grubenv)
        trial = variables.get("trial", "")
        self.current, self.tried = trial or variables["primary"], bool(trial)
        if trial:
            grubenv.write(self.places.grubenv, variables | {"trial": ""})
        self._start()

    def _start(self):
        assert self.slots[self.current] in (OLD, NEW), "the boot loader starts a slot that is not whole"
        root = self.places.root
        parts = {"2": root + "/dev/A", "3": root + "/dev/B"}
        files = {self.places.card_facts: json.dumps({"parts": parts, "slot": self.current})}
        files[self.places.command_line] = "quiet sosie.trial=1" if self.tried else "quiet"
        files |= {self.places.version: self.slots[self.current], self.places.model: MODEL}
        for path, text in files.items():
            with open(path, "w") as file:
                file.write(text + "\n")
        for path in (self.places.report, self.places.confirmed):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def serves(self) -> bool:
        return self.slots[self.current] in self.good

    def receive(self, version=NEW, model=MODEL, trusted=True, size=SLOT_SIZE, build=None, description=None):
        """A bundle lies in the inbox."""
        build = build or " ".join("%s=%d" % each for each in FORMATS.items())
        info = {"compatible": "sosie-" + model, "version": version, "build": build, "hooks": [], "trusted": trusted}
        info |= {"images": [{"system": {"size": size}}], "description": description}
        with open(self.places.received, "w") as file:
            json.dump(info, file)

    def update(self):
        """The service's turn: to its end, or until it waits for the trial."""
        with contextlib.suppress(Waiting):
            install.Updater(self.places, FakeRauc(self), self.boot, self._report(), Serving(self), self._restart,
                            self._wait).run()  # fmt: skip

    def judge(self) -> bool:
        """The confirm service's turn; whether the system was kept."""
        clock = iter(range(10_000))
        alive = confirm.Trial(self.places, self.boot, self._report(), self.serves, lambda: True, lambda: next(clock),
                              lambda seconds: None)  # fmt: skip
        return alive.run()

    def settle(self):
        """Boots until nothing is left to do, restarting when that is asked for."""
        for _ in range(8):
            self.update()
            if self.boot.read().on_trial and self.judge():
                self.update()
            if not self.boot.read().on_trial and self.said["state"] != "ready to restart":
                return
            self.power_on()
        raise AssertionError("it never ends: %s" % self.said)

    def _report(self) -> Report:
        return Report(self.places, log=lambda line: None)

    def _restart(self):
        self.restarts += 1

    def _wait(self, seconds):
        raise Waiting

    @property
    def said(self) -> dict:
        with open(self.places.report) as file:
            return json.load(file)


@contextlib.contextmanager
def power_for(steps: int):
    """The power goes at this step: a step is a call that changes what a card holds."""
    real = {name: getattr(os, name) for name in ("fsync", "rename", "replace", "unlink", "pwrite", "fchmod")}
    left = [steps]

    def counted(name):
        def call(*args, **options):
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            return real[name](*args, **options)

        return call

    for name in real:
        setattr(os, name, counted(name))
    try:
        yield left
    finally:
        for name, function in real.items():
            setattr(os, name, function)
