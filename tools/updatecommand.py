"""The command line of `sosie update`."""

from tools import update

KEYS = "~/.config/sosie"


def add_to(commands) -> None:
    """Adds `update` with its own commands."""
    text = "a new system for boards that run: make it, send it, see what became of it"
    command = commands.add_parser("update", help=text, description="An update is the whole system of a board in one "
                                  "signed file. It is written beside the system that runs, tried at a restart, and "
                                  "left again by itself when the disk is not served.",
                                  epilog="Exit: 0 done, 1 the board refused it or went back to the old system, 2 wrong "
                                  "usage, 3 nothing was done, in one sentence.")  # fmt: skip
    verbs = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    key = _verb(verbs, "key", update.key, "make the key that signs updates, if there is none")
    make = _verb(verbs, "make", update.make, "make an update out of this checkout, or of an image")
    send = _verb(verbs, "send", update.send, "send an update to a board and follow what becomes of it")
    status = _verb(verbs, "status", update.status, "what became of a board's last update")
    for verb in (key, make):
        verb.add_argument("--key", metavar="DIR", default=KEYS, help="where the key lies (default %s)" % KEYS)
    make.add_argument("--out", metavar="FILE", required=True, help="the update; a name that ends in .raucb")
    source = make.add_mutually_exclusive_group(required=True)
    source.add_argument("--board", metavar="NAME", help="the kind of board; builds its image (as root)")
    source.add_argument("--image", metavar="FILE", help="an image that was built before")
    send.add_argument("file", metavar="FILE")
    send.add_argument("--restart", action="store_true", help="restart the board into the update without asking")
    for verb in (send, status):
        verb.add_argument("address", metavar="ADDRESS", help="web address of the board, HOST or https://HOST:PORT")
        verb.add_argument("--pair", metavar="FILE", help="the pairing file that knows the board")


def _verb(verbs, name: str, run, text: str):
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.set_defaults(run=run)
    return verb
