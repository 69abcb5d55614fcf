"""`python3 -m board.steward`: the supervisor. It has one child at a time, the firmware or the stand-in."""

import json
import os
import select
import signal
import socket
import sys
import time

from firmware.errors import Refused

from .child import Child, cause
from .disks import Waiting
from .judge import judge
from .machine import Machine

STOPPED, FAILED, REFUSED = 0, 1, 2  # exit codes of the firmware
_PATIENCE_S, _SETTLING_S = 20, 120  # a disk may need so long to appear after the power came; on a busy machine, longer
_LOOK_S, _AGAIN_S = 2, 60
_STEADY_S = 30  # a firmware that ran for so long may come back at once
_SOON_S, _LATER_S = 0.2, 5.0
_MOST_DEATHS = 5
_STOP_S = 60  # what the disk has to take yet may be a lot
_STOP_STAND_IN_S = 5
_AT_REST = "this board was stopped by its button: switch it off and on to start it again"
_DIED = "the firmware died %d times in a row (%s%s); it is tried again every minute, else flash the card again"


class Steward:
    """Runs until SIGTERM. `make_child(module, *arguments, **variables)`, `clock()` in seconds and `notify(text)` are
    arguments."""

    def __init__(self, machine: Machine, make_child=Child, clock=time.monotonic, notify=None, wait=None):
        self._machine = machine
        self._make_child = make_child
        self._clock = clock
        self._notify = notify or _notify
        self._wait = wait or _wait
        self._begin_s = clock()
        self._stopping = False
        self._firmware = self._stand_in = None
        self._sentence = ""
        self._deaths = 0

    def stop(self, *_) -> None:
        """SIGTERM came."""
        self._stopping = True
        for child in (self._firmware, self._stand_in):
            if child is not None and child.ended() is None:
                child.ask_to_end()

    def run(self) -> int:
        """The exit code."""
        self._notify("READY=1")
        while not self._stopping:
            try:
                board = judge(self._machine)
            except Refused as refusal:
                self._refused(refusal)
                continue
            self._end_stand_in()
            code = self._run_firmware(board)
            if self._stopping:
                return code or 0
        self._end_stand_in()
        return 0

    # The firmware

    def _run_firmware(self, board) -> "int | None":
        begin = self._clock()
        os.environ["TZ"] = board.timezone or "UTC"  # a child's clock on the wall is its board's
        alarms = "\n".join(board.alarms)
        child = self._firmware = self._make_child("firmware", self._machine.board_conf, SOSIE_ALARMS=alarms)
        noted = False
        while child.ended() is None and not self._stopping:
            if self._clock() - begin < _STEADY_S:
                self._notify("WATCHDOG=1")  # it may have a journal to read, before it can say that it is alive
            noted = noted or board.memory.keep_journal()
            self._wait(child, 1.0)
        code = child.wait(_STOP_S)
        self._firmware = None
        child.close()
        if not self._stopping:
            words = child.last_words.removeprefix(self._machine.board_conf + ": ")  # a file that nobody wrote
            self._after(code, words, self._clock() - begin)
        return code

    def _after(self, code: int, words: str, lived_s: float) -> None:
        """The firmware ended, and nobody asked for it."""
        if code == REFUSED and self._machine.settling and self._clock() - self._begin_s < _SETTLING_S:
            self._pause(_SOON_S)  # udev holds what it looks at
        elif code == STOPPED:
            self._rest()
        elif code == REFUSED:
            self._deaths = 0
            self._stand(words or "the firmware refused to start and did not say why; flash the card again")
        else:
            self._died(code, words, lived_s)

    def _rest(self) -> None:
        """Its button stopped it: whoever did that wants it to stay so."""
        while not self._stopping:
            self._stand(_AT_REST)
        self._end_stand_in()

    def _died(self, code: int, words: str, lived_s: float) -> None:
        self._deaths = 1 if lived_s > _STEADY_S else self._deaths + 1
        if self._deaths >= _MOST_DEATHS:
            self._stand(_DIED % (self._deaths, cause(code), ": " + words[:200] if words else ""))
            self._deaths = 0
            return
        # A host gives a disk that does not answer 30 seconds: a first death costs it next to none of them.
        self._pause(min(_LATER_S, _SOON_S * 2 ** (self._deaths - 1)))

    # The stand-in

    def _refused(self, refusal: Refused) -> None:
        """Something is wrong, or only not there yet."""
        patience_s = _SETTLING_S if self._machine.settling else _PATIENCE_S
        waited_s = self._clock() - self._begin_s
        if isinstance(refusal, Waiting) and waited_s < patience_s and self._stand_in is None:
            self._pause(0.25 if waited_s < 5 else 2)  # on a slow machine our looking is what udev would wait for
        else:
            self._stand(str(refusal))

    def _stand(self, sentence: str) -> None:
        """Says why on every surface until something has changed, or for a while."""
        if self._stand_in is not None and (self._stand_in.ended() is not None or sentence != self._sentence):
            self._end_stand_in()
        if self._stand_in is None:
            sys.stderr.write("sosie: %s\n" % sentence)
            self._sentence = sentence
            self._stand_in = self._make_child("board.steward.standin", sentence)
        seen, until = fingerprint(self._machine), self._clock() + _AGAIN_S
        while not self._stopping and self._clock() < until and self._stand_in.ended() is None:
            self._pause(_LOOK_S)
            if fingerprint(self._machine) != seen:
                return
        if self._stand_in.ended() is not None:
            self._pause(_LATER_S)

    def _end_stand_in(self) -> None:
        if self._stand_in is not None:
            if self._stand_in.ended() is None:
                self._stand_in.ask_to_end()
            self._stand_in.wait(_STOP_STAND_IN_S)
            self._stand_in.close()
            self._stand_in = None

    def _pause(self, seconds: float) -> None:
        until = self._clock() + seconds
        while not self._stopping and self._clock() < until:
            self._notify("WATCHDOG=1")
            self._wait(self._stand_in, min(1.0, until - self._clock()))


def fingerprint(machine: Machine) -> str:
    """Changes when something changed that may be why the board could not run."""
    parts = [machine.names(machine.dev + "/disk/by-id"), machine.names(machine.sys + "/block")]
    parts.append(machine.names(machine.sys + "/class/udc"))
    files = [machine.settings, machine.memory, machine.card_facts]
    files += ["%s/%s" % (machine.keys, name) for name in machine.names(machine.keys)]
    for path in files:
        try:
            facts = os.stat(path)
            parts.append((facts.st_ino, facts.st_size, facts.st_mtime_ns))
        except OSError:
            parts.append(None)
    return json.dumps(parts)


def _wait(child, seconds: float) -> None:
    """Until the child says something, a signal comes, or so long."""
    sources = [child.descriptor] if child is not None else []
    try:
        ready, _, _ = select.select(sources, [], [], max(0, seconds))
    except InterruptedError:
        return
    if ready:
        child.hear()
        if child.ended() is None:
            time.sleep(0.01)  # its end is readable, too, a moment before it has ended


def _notify(text: str) -> None:
    """sd_notify(3)."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.sendto(text.encode(), "\0" + place[1:] if place[0] == "@" else place)
        except OSError:
            pass


def main() -> int:
    steward = Steward(Machine())
    signal.signal(signal.SIGTERM, steward.stop)
    signal.signal(signal.SIGINT, steward.stop)
    return steward.run()


if __name__ == "__main__":
    sys.exit(main())
