"""The command line of `sosie pair`."""

from tools.errors import BoardError


def add_to(commands) -> None:
    """Adds `pair` with its own commands; what they do is imported when one is used, since it needs `cryptography`."""
    pair = commands.add_parser("pair", help="the keys of two boards: make, install, show, renew, revoke",
                               description="The keys of a pair. FILE is a pairing file, or its name when it lies in "
                               "~/.config/sosie.", epilog="Exit: 0 done, 2 wrong usage, 3 refused, in one sentence.")
    verbs = pair.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_new(verbs)
    _add_folder_commands(verbs)
    _add_running(verbs)
    show = _verb(verbs, "show", "what is in a pairing file")
    show.add_argument("file", metavar="FILE")
    show.add_argument("--password", action="store_true", help="show the password of the pages, too")


def _add_new(verbs) -> None:
    new = _verb(verbs, "new", "make the pairing file of two boards")
    new.add_argument("primary", metavar="PRIMARY", help="the name of the server's board, for instance left")
    new.add_argument("twin", metavar="TWIN", help="the name of its twin, for instance right")
    new.add_argument("--file", metavar="FILE", help="default: ~/.config/sosie/PRIMARY-TWIN.pair")
    new.add_argument("--peer", metavar="HOST:PORT", help="where the primary finds its twin, when that is known")
    new.add_argument("--disk-size", metavar="SIZE", help="of disks that are files, for instance 1G")


def _add_folder_commands(verbs) -> None:
    install = _verb(verbs, "install", "make the keys folder of a board from the pairing file")
    install.add_argument("file", metavar="FILE")
    install.add_argument("name", metavar="NAME", help="which of the two boards")
    install.add_argument("folder", metavar="FOLDER", help="what `keys` in board.conf names")
    for name, text in (("password", "set a new password for the page of a board"),
                       ("unpair", "forget the other board, to be paired anew")):
        _verb(verbs, name, text).add_argument("folder", metavar="FOLDER", help="the keys folder of the board")


def _add_running(verbs) -> None:
    """What is done with boards that run, over their pages."""
    renew = _verb(verbs, "renew", "give both boards of a running pair new keys, one after the other")
    renew.add_argument("left", metavar="ADDRESS", help="web address of one board, HOST or https://HOST:PORT")
    renew.add_argument("right", metavar="ADDRESS", help="that of the other")
    revoke = _verb(verbs, "revoke", "let boards trust a certificate no more, ever")
    revoke.add_argument("fingerprint", metavar="FINGERPRINT", help="SHA-256, as `sosie pair show` prints it; of one "
                        "that the board trusts, its beginning will do")
    revoke.add_argument("addresses", metavar="ADDRESS", nargs="+", help="web address of a board")
    for verb in (renew, revoke):
        verb.add_argument("--pair", metavar="FILE", help="pairing file (default: those in ~/.config/sosie; else "
                          "$SOSIE_PASSWORD, or you are asked)")
    replace = _verb(verbs, "replace", "make new keys for a board whose card is lost; the other one trusts these")
    replace.add_argument("file", metavar="FILE")
    replace.add_argument("name", metavar="NAME", help="the board whose card is lost")
    replace.add_argument("address", metavar="ADDRESS", help="web address of the other board")


def _verb(verbs, name: str, text: str):
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".",
                            epilog="Exit: 0 done, 2 wrong usage, 3 refused, in one sentence.")
    verb.set_defaults(run=_run, verb=name)
    return verb


def _run(options) -> int:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise BoardError("Keys need the Python package cryptography; `make venv` installs it.") from None
    from tools import pair, pairrenew

    if getattr(options, "file", None) and options.verb != "new":
        options.file = pair.find(options.file)
    return getattr(pairrenew if options.verb in ("renew", "revoke", "replace") else pair, options.verb)(options)
