"""Rough handling of a USB disk that is being written: its firmware killed, stopped, restarted too late, unplugged.

`rough.py [SPEED] [CASE...]`. A host must never wait for 30 s, must never be told a lie, and where the disk had to
leave, must see it leave.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.process.oracle import History  # noqa: E402
from tests.vm.lib import bus, rough  # noqa: E402
from tests.vm.lib.boards import UsbPair, product, wait_until  # noqa: E402

SIZE = 8 << 20
PATIENCE_S = 29.0
WRITES = 40


class Case:
    """A pair, its disk and a writer on it."""

    def __init__(self, pair: UsbPair, seed: int = 1):
        self.pair = pair
        self.left = pair.left
        self.history = History(SIZE)
        self.dice = random.Random(seed)
        self.attach()

    def attach(self) -> None:
        self.disk = self.pair.disk()
        self.plug = bus.plug_number(self.disk)
        self.writer = rough.Writer(self.disk.path, self.history, self.dice)
        self.writer.wait_for(WRITES)

    def check(self, least: int) -> None:
        """The disk holds a prefix of what was written, up to write `least` at the least; it goes on from there."""
        holds = self.history.prefix_of(rough.content(self.disk.path, SIZE))
        assert holds >= least, "write %d is lost, the disk holds those up to %d" % (least, holds)
        self.history.forget_after(holds)

    def settle(self) -> None:
        """Nothing was noticed: every write that was answered is there."""
        self.writer.wait_for(WRITES)
        self.writer.stop()
        assert bus.plug_number(self.disk) == self.plug, "the disk was unplugged"
        assert self.writer.longest_s < PATIENCE_S, "a command took %.0f s" % self.writer.longest_s
        self.check(self.writer.answered)

    def unnoticed(self, what: str) -> None:
        self.settle()
        print("%s: the longest command took %.1f s" % (what, self.writer.longest_s), flush=True)
        self.attach()

    def pulled(self, what: str) -> None:
        """A plug that was out for a moment: the host may have seen the disk leave, or only a reset."""
        goal, until = self.writer.answered + WRITES, time.monotonic() + 180
        while self.writer.error is None and self.writer.answered < goal:
            assert time.monotonic() < until, "the writer hangs behind write %d" % self.writer.answered
            time.sleep(0.1)
        if self.writer.error is None:
            self.unnoticed(what)
        else:
            self.noticed(what)

    def noticed(self, what: str) -> None:
        """The disk left: what was flushed is there when it is back."""
        self.writer.join()
        assert self.writer.error is not None
        flushed = self.writer.flushed
        self.disk = self.pair.disk()
        assert bus.plug_number(self.disk) > self.plug, "the host never saw the disk leave"
        self.check(flushed)
        print("%s: %d writes, %d flushed" % (what, self.writer.answered, flushed), flush=True)
        self.attach()


def killed(case: Case) -> None:
    """SIGKILL in mid-write, a new process at once: the host sees a pause, and nothing that it wrote is lost."""
    for _ in range(5):
        case.writer.wait_for(case.dice.randrange(1, WRITES))
        case.left.kill()
        time.sleep(case.dice.choice((0, 0.3, 2)))
        case.left.start(90)
        case.writer.wait_for(WRITES)
    case.unnoticed("killed 5 times")


def stopped(case: Case) -> None:
    """SIGSTOP for a while, and for longer than a host's patience."""
    for pause_s in (0.5, 3, 33):
        os.killpg(case.left.process.pid, signal.SIGSTOP)
        time.sleep(pause_s)
        os.killpg(case.left.process.pid, signal.SIGCONT)
        case.writer.wait_for(WRITES, 120)
    case.writer.longest_s = 0.0  # the 33 seconds were ours
    case.unnoticed("stopped for 0.5, 3 and 33 s")


def late(case: Case) -> None:
    """Killed, and nobody starts it in time: the host sees the disk leave, and come back."""
    case.left.kill()
    bus.wait_until_gone(product("left"))
    case.left.start(90)
    case.noticed("started too late")


def elsewhere(case: Case) -> None:
    """Killed, and before its successor comes the log goes on without the memory that was left: what the host was told
    may be missing, so the host must see the disk leave."""
    case.left.kill()
    case.left.write_conf(attach="none")
    case.left.start(90)

    def marked() -> bool:
        return case.left.request("POST", "/api/mark", {"name": "another life"})[0] == 200

    wait_until("the board has played its journal and takes a mark", marked, 60)
    case.left.stop()
    case.left.write_conf(attach="usb")
    case.left.start(90)
    case.noticed("another life in between")


def unplugged(case: Case) -> None:
    """The cable pulled in mid-write, and put in again."""
    for number in range(5):
        case.writer.wait_for(case.dice.randrange(1, WRITES))
        bus.unplug(product("left"))
        time.sleep(case.dice.choice((0, 1)))
        bus.plug(product("left"))
        case.pulled("unplugged %d" % (number + 1))


def reset(case: Case) -> None:
    """A bus reset in mid-write."""
    for _ in range(10):
        case.writer.wait_for(case.dice.randrange(1, WRITES))
        bus.reset(case.disk)
    case.unnoticed("10 bus resets")


def unbound(case: Case) -> None:
    """The controller taken away from the busy gadget, twenty times, with no pause."""
    for _ in range(20):
        bus.unplug(product("left"))
        bus.plug(product("left"))
        time.sleep(case.dice.random() / 4)
    case.pulled("unbound 20 times")


CASES = {act.__name__: act for act in (killed, reset, stopped, unplugged, unbound, late, elsewhere)}


def main(speed: str = bus.HIGH, *names: str) -> None:
    bus.lay(speed)
    with UsbPair(disk_size=SIZE, journal_size="64M") as pair:
        case = Case(pair)
        for name in names or CASES:
            CASES[name](case)
        case.writer.stop()
        case.check(case.writer.answered)
        pair.stop()
        for board in (pair.left, pair.right):
            assert case.history.prefix_of(board.image.read_bytes()) == case.writer.answered, board.name
    print("both disks hold all %d writes" % case.writer.answered)


if __name__ == "__main__":
    main(*sys.argv[1:])
