"""`sosie`: one command for the operator. Each subcommand's --help lists its exit codes."""

import argparse
import os
import sys

from firmware.status.texts import LANGUAGES
from tools import alert, mark, paircommand, promote, run, status, updatecommand
from tools.api import DEFAULT_ADDRESS
from tools.errors import BoardError
from tools.usb import command as usb

FINE, NOT_FINE, USAGE, NOBODY = 0, 1, 2, 3
INTERRUPTED = 130
CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(argv: "list[str]") -> int:
    """Runs one subcommand; returns the exit code. argparse exits with 2 on wrong usage."""
    # These two have options of their own, which only they know.
    if argv[:1] in (["demo"], ["bench"]):
        return _guarded(_hand_over, argv)
    options = _parser().parse_args(argv)
    return _guarded(options.run, options)


def _guarded(run, *args) -> int:
    try:
        return run(*args)
    except BoardError as error:
        print(error, file=sys.stderr)
        return NOBODY
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough (`sosie journal ... | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


def _hand_over(argv: "list[str]") -> int:
    if argv[0] == "demo":
        from tools.demo.show import main as run
    else:
        from tools.bench import main as run
    return run(argv[1:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sosie", description="Two small boards, one mirrored disk.",
                                     epilog="`sosie COMMAND --help` says more, exit codes too.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_status(commands)
    _add_promote(commands)
    _add_mark(commands)
    alert.add_to(commands)
    _add_journal(commands)
    paircommand.add_to(commands)
    updatecommand.add_to(commands)
    usb.add_to(commands)
    for name, text in (("demo", "a pair, an outage and two power cuts on this machine, in under a minute"),
                       ("bench", "speed against NBD servers and mirrors of others")):
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _command(commands, name: str, run, text: str, epilog: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=epilog)
    command.set_defaults(run=run)
    return command


def add_pair_option(command) -> None:
    """For commands that speak with boards over HTTPS."""
    command.add_argument("--pair", metavar="FILE", help="pairing file that knows the board's certificate and password "
                         "(default: those in ~/.config/sosie; else $SOSIE_PASSWORD, or you are asked)")


def _add_run(commands):
    command = _command(commands, "run", run.run, "run one board in the foreground",
                       "It prints nothing while all is well; `sosie status` shows how it is. Exit: 0 stopped cleanly "
                       "by SIGTERM or Ctrl-C, 1 its storage failed, 2 it cannot start, in one sentence.")
    command.add_argument("conf", metavar="CONF", help="its board.conf")
    command.add_argument("--restart", action="store_true", help="start it again when it dies: the host of a USB disk "
                         "then notices a pause, and loses nothing")


def _add_status(commands):
    command = _command(commands, "status", status.run, "how the boards are, in a few lines",
                       "What is not as it should be is a warning, or critical. Exit: 0 every board mirrors, or was "
                       "promoted (that it has no twin does not count), without either; 1 a warning, or one is "
                       "behind, without link, copying ..; 2 something is critical, or one failed, is fenced or "
                       "damaged, or wrong usage; 3 one does not answer. With --watch: of what was seen last, when "
                       "Ctrl-C ends it.")
    command.add_argument("addresses", metavar="ADDRESS", nargs="*", default=[DEFAULT_ADDRESS],
                         help="web address of a board, HOST or https://HOST:PORT (default %s)" % DEFAULT_ADDRESS)
    add_pair_option(command)
    command.add_argument("--json", action="store_true", help="what the boards answer, one JSON object a line")
    command.add_argument("--watch", action="store_true", help="live, each second, until Ctrl-C; where it is not a "
                         "terminal: a line whenever something changes (with --json: whatever comes)")
    command.add_argument("--events", action="store_true", help="what happened lately, too")
    command.add_argument("--lang", choices=LANGUAGES, default="", help="its language (default: that of each board)")


def _add_promote(commands):
    command = _command(commands, "promote", promote.run, "make a twin the one that takes writes",
                       "Asks first, on a terminal; --force does not ask. Exit: 0 promoted, 1 not confirmed, "
                       "2 wrong usage, 3 the board does not answer or refuses.")
    command.add_argument("address", metavar="ADDRESS", help="web address of the twin, HOST or https://HOST:PORT")
    add_pair_option(command)
    command.add_argument("--force", action="store_true", help="do not ask")


def _add_mark(commands):
    command = _command(commands, "mark", mark.run, "name this point of the log, on both boards",
                       "The mark stands behind every write that the board took before it. Exit: 0 set, durably, "
                       "2 wrong usage, 3 the board does not answer or refuses.")
    command.add_argument("name", metavar="NAME", help="1 to 63 bytes of text")
    command.add_argument("address", metavar="ADDRESS", nargs="?", default=DEFAULT_ADDRESS,
                         help="web address of the board that takes the writes (default %s)" % DEFAULT_ADDRESS)
    add_pair_option(command)


def _add_journal(commands):
    command = _command(commands, "journal", _journal, "print what is in a journal, read-only, of a running board too",
                       "Checks every checksum by itself. Exit: 0 whole, 1 damaged, 2 no journal or wrong usage.")
    command.add_argument("path", metavar="PATH", help="the journal's file or block device")
    command.add_argument("--limit", type=_count, default=20, metavar="N",
                         help="print the last N groups (default 20; 0: all)")
    command.add_argument("--all", action="store_true",
                         help="find groups that nobody needs any more, too (reads the whole ring)")
    command.add_argument("--log-writes", metavar="FILE", help="export the groups instead, to a new file in the format "
                         "of Linux' dm-log-writes, with a flush at the end of every group: `replay-log` replays it")
    command.add_argument("--from", dest="first", type=_group, metavar="GROUP",
                         help="export this group and what follows (default: the log's first, 1)")
    command.add_argument("--discard", action="store_true", help="export trims as discards, for a target on which these "
                         "read as zeroes: a file, a loop device (default: zeroes)")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("%r is not a number of groups" % text)
    return int(text)


def _group(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("%r is not a group's number; they begin with 1" % text)
    return int(text)


def _journal(options) -> int:
    try:
        import crcmod.predefined  # noqa: F401
    except ImportError:
        print("The second opinion needs crcmod; `make venv` in %s installs it." % CHECKOUT, file=sys.stderr)
        return USAGE
    from tools import export, journal

    if options.log_writes is not None:
        return export.run(options)
    if options.first is not None or options.discard:
        print("--from and --discard go with --log-writes.", file=sys.stderr)
        return USAGE
    return journal.run(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
