"""`sosie usb selftest`: the transport of a board that nobody uses, under checks."""

import contextlib
import os
import signal
import sys

from tools.errors import BoardError
from tools.usb import checks
from tools.usb.boards import Board, find_one
from tools.usb.bulk_only import Host, Misbehaved
from tools.usb.checks.check import LEFT_OUT, OK, WRONG, Skipped, run
from tools.usb.checks.target import Target
from tools.usb.machine import Disk, Machine
from tools.usb.wire import Gone, Wire


def main(options) -> int:
    """Refuses a board in use; otherwise takes its disks from the system, makes the checks, gives them back."""
    machine = Machine()
    if not machine.knows_usb():
        raise BoardError("The self-test needs a Linux with USB, which alone can tell whether somebody uses the disk; "
                         "this computer has none. Run it on one that the board is plugged into.")
    board = find_one(machine, options.serial)
    if board.disk_interface is None:
        raise BoardError("The board %s has no disk on USB." % board.name)
    if not board.may_open():
        raise BoardError(board.no_permission())
    disks = machine.disks(board.port)
    refuse_used(machine, board, disks)
    if not options.yes and not _agreed(board, disks, options.scratch):
        return 1
    with _taken(machine, board, disks) as wire:
        return check(wire, options.lun, options.scratch, board.disk_interface)


def refuse_used(machine: Machine, board: Board, disks: "list[Disk]") -> None:
    """Raises BoardError when one of the board's disks, or what lies on it, is used."""
    for disk in disks:
        use = machine.use_of(disk.name)
        if use:
            raise BoardError("The board %s is in use: %s. The self-test wants it for itself." % (board.name, use))


def check(wire: Wire, lun: int, scratch: "tuple[int, int] | None", interface: int) -> int:
    """Makes all checks, a line for each; the exit code."""
    host = Host(wire, interface, lun)
    target = Target(host, scratch)
    try:
        highest = host.max_lun()
        if lun > highest:
            raise BoardError("The board has the LUNs 0 to %d." % highest)
        target.prepare()
    except (Misbehaved, Gone, Skipped) as why:
        print("The checks cannot begin: %s." % why, file=sys.stderr)
        return 1
    results = run(target, checks.ALL, lambda result: print(result, flush=True))
    count = {verdict: sum(each.verdict == verdict for each in results) for verdict in (OK, LEFT_OUT, WRONG)}
    print("%d checks: %d ok, %d skipped, %d failed." % (len(results), count[OK], count[LEFT_OUT], count[WRONG]))
    return 1 if count[WRONG] else 0


@contextlib.contextmanager
def _taken(machine: Machine, board: Board, disks: "list[Disk]"):
    """The board's disks belong to nobody but us, then to the system again, whatever happens."""
    import usb.core

    from tools.usb.libusb_wire import LibusbWire

    held = [machine.hold(disk.name) for disk in disks]
    wire = LibusbWire(board)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        try:
            wire.take()
        except usb.core.USBError as error:
            raise BoardError(board.explain(error)) from None
        finally:
            # Held until the disks are gone for the system: nobody could mount one in between.
            for descriptor in held:
                os.close(descriptor)
        yield wire
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _give_back(wire, board)


def _interrupted(number, frame):
    raise KeyboardInterrupt


def _give_back(wire, board: Board) -> None:
    import usb.core

    # The kernel's driver should find the device ready for its first command.
    with contextlib.suppress(Misbehaved, Gone):
        Host(wire, board.disk_interface).reset_recovery()
    try:
        wire.give_back()
    except usb.core.USBError as error:
        print("The disk could not be given back to the system (%s): plug the board in again."
              % (error.strerror or error), file=sys.stderr)


def _agreed(board: Board, disks: "list[Disk]", scratch) -> bool:
    """Asks on a terminal."""
    print("The self-test takes %s of the board %s away from the system for about a minute,"
          % (" and ".join("/dev/" + disk.name for disk in disks) or "the disk", board.name))
    if scratch:
        print("and OVERWRITES %d blocks from block %d on." % (scratch[1], scratch[0]))
    else:
        print("and writes in the middle of it, but only what it has read there.")
    if not sys.stdin.isatty():
        sys.stdout.flush()
        print("\nNothing was done: this asks on a terminal; without one, say --yes.", file=sys.stderr)
        return False
    try:
        answer = input("\nType yes to go on: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("Nothing was done.", file=sys.stderr)
    return False
