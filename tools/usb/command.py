"""`sosie usb`: what it takes and what it prints."""

import argparse
import functools
import json
import sys

from tools import status
from tools.api import is_status
from tools.errors import BoardError
from tools.usb import boards
from tools.usb.machine import Machine

TOUCHES = """\
The self-test takes the disk away from the system, so it refuses a board of which a disk or a partition is mounted,
is swap, lies under LVM, RAID or a loop device, or is held by a program. It runs about 60 checks (the thirteen cases
of USB Mass Storage Bulk-Only 1.0, commands that are none, resets at any moment, long and odd transfers), and gives
the disk back at the end, after an error and after Ctrl-C too.

It reads about 1 MiB in the middle of the disk and writes there, but only what it has read at the same place: on a
board that works nothing changes, though a mirrored board ships these writes to its twin as it does all. A fault in the
board could damage these blocks; they are read again after every check and put back when they differ. With --scratch
it uses the blocks that are named instead and OVERWRITES them with random bytes, which also shows that what is written
arrives.

Exit: 0 every check passed, 1 one failed or not confirmed, 2 wrong usage, 3 no board, one in use, or not allowed.
"""


def add_to(commands) -> None:
    """The subcommand with its own ones."""
    about = "boards on this computer's USB ports: list, status, self-test of the transport"
    usb = commands.add_parser("usb", help=about, description=about[0].upper() + about[1:] + ". By itself it lists.",
                              epilog="`sosie usb COMMAND --help` says more, exit codes too.")
    usb.set_defaults(run=show_list)
    parts = usb.add_subparsers(title="commands", metavar="COMMAND")
    _add(parts, "list", show_list, "the boards on the bus and their disks here",
         "name, serial number, place, speed and block device of each.", "Exit: 0 there is one, 2 wrong usage, 3 none.")
    _add_status(parts)
    _add_selftest(parts)


def _add(parts, name: str, run, text: str, more: str, epilog: str) -> argparse.ArgumentParser:
    about = "%s: %s" % (text[0].upper() + text[1:], more)
    command = parts.add_parser(name, help=text, description=about, epilog=epilog)
    command.set_defaults(run=run)
    return command


def _add_status(parts) -> None:
    command = _add(parts, "status", show_status, "how a board is, asked over USB",
                   "the lines of `sosie status`. The disk may be in use, and no network is needed.",
                   "Exit: as `sosie status`, and 3 where there is no board or no permission.")
    command.add_argument("--serial", metavar="S", help="only the board with this serial number (see list)")
    command.add_argument("--json", action="store_true", help="what the boards answer, one JSON object a line")


def _add_selftest(parts) -> None:
    command = parts.add_parser("selftest", help="test the USB transport of a disk that is not in use",
                               description=TOUCHES, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.set_defaults(run=run_selftest)
    command.add_argument("--serial", metavar="S", help="the board with this serial number, where there are several")
    command.add_argument("--lun", type=_lun, default=0, metavar="N", help="logical unit (default 0, the disk)")
    command.add_argument("--scratch", type=_range, metavar="FIRST:BLOCKS",
                         help="OVERWRITE these blocks of 512 bytes, 16 at least, instead of rewriting what is there")
    command.add_argument("--yes", action="store_true", help="do not ask")


def show_list(options) -> int:
    """One line for each board; what is missing to talk to it goes to stderr."""
    machine = Machine()
    found = boards.find(machine)
    rows = [("BOARD", "SERIAL", "PLACE", "SPEED", "DISK"), *(_row(board, machine) for board in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for board in found:
        if not board.may_open():
            print(board.no_permission(), file=sys.stderr)
            break
    return 0


def _row(board, machine: Machine) -> "tuple[str, ...]":
    disks = ", ".join(str(disk) for disk in machine.disks(board.port)) or "none" if board.port else "?"
    return board.name, board.serial or "?", board.place, boards.SPEEDS.get(board.speed, "?"), disks


def show_status(options) -> int:
    """The exit code of the worst board."""
    codes = []
    for board in boards.find(Machine(), options.serial):
        where = "bus %d, device %d" % (board.bus, board.address)
        codes.append(status.show(functools.partial(_status, board), where, options.json))
    return max(codes)


def _status(board) -> dict:
    raw = board.status()
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if not is_status(answer):
        raise BoardError("The board %s answers with %d bytes that are no status." % (board.name, len(raw)))
    return answer


def run_selftest(options) -> int:
    from tools.usb import selftest

    return selftest.main(options)


def _lun(text: str) -> int:
    if not text.isdecimal() or int(text) > 15:
        raise argparse.ArgumentTypeError("%r is no LUN, these are 0 to 15" % text)
    return int(text)


def _range(text: str) -> "tuple[int, int]":
    first, colon, blocks = text.partition(":")
    if not (first.isdecimal() and blocks.isdecimal()) or int(blocks) < 16 or int(first) + int(blocks) > 1 << 32:
        raise argparse.ArgumentTypeError("%r is no range; write FIRST:BLOCKS, with 16 blocks or more" % text)
    return int(first), int(blocks)
