"""`sosie pair`: the keys of a pair, from the first card to the last."""

import datetime
import os

from firmware.errors import Refused
from firmware.ports.cpython import keyfolder, keys
from tools import pairfile
from tools.errors import BoardError

_SOON = datetime.timedelta(days=180)


def new(options) -> int:
    """Makes the pairing file of two boards."""
    path = options.file or pairfile.default_path(options.primary, options.twin)
    settings = {key: value for key, value in (("peer", options.peer), ("disk_size", options.disk_size)) if value}
    pair = pairfile.make(path, options.primary, options.twin, settings)
    print("The keys of %s (primary) and %s (twin) are in %s." % (options.primary, options.twin, path))
    print("The password of their pages: %s" % pair.password)
    print("Keep the file secret, and a copy of it: whoever has it is both boards.")
    return 0


def show(options) -> int:
    """What is in a pairing file; its secrets only when asked for."""
    pair = pairfile.load(options.file)
    print("%s, made %s" % (pair.path, pair.made))
    for name, board in pair.boards.items():
        print("\n%s: %s%s" % (name, board["role"], ", flashed" if board.get("flashed") else ""))
        for line in describe(keys.ders(board["certificate"].encode())[0]):
            print("  " + line)
        if not board.get("key"):
            print("  its key was made on the board, and is not in this file: no card can be flashed from it")
    for key, value in pair.settings.items():
        print("%s%s = %s" % ("\n" if key == next(iter(pair.settings)) else "", key, value))
    print("\npassword of the pages: %s" % (pair.password if options.password else "not shown; --password shows it"))
    return 0


def install(options) -> int:
    """Makes the keys folder of a board that runs on a Linux machine of your own."""
    pair = pairfile.load(options.file)
    if pair.install(options.name, options.folder):
        print("%s is the keys folder of %s now; write into its board.conf:" % (options.folder, options.name))
        print("keys = %s" % os.path.abspath(options.folder))
    else:
        print("%s was the keys folder of %s already." % (options.folder, options.name))
    return 0


def password(options) -> int:
    """A new password for the page, into a keys folder."""
    import getpass

    text = getpass.getpass("The new password of the page: ")
    if len(text) < 8:
        raise BoardError("A password has at least 8 characters; nothing was changed.")
    _refusing(keyfolder.set_password, options.folder, text)
    return 0


def unpair(options) -> int:
    """Forgets the other board, so that this one can be paired anew."""
    _refusing(keyfolder.check, options.folder)
    _refusing(keyfolder.unpair, options.folder)
    print("%s is not paired any more: its link stays down until it is paired anew." % options.folder)
    return 0


def describe(der: bytes) -> "list[str]":
    """A certificate in lines for a person."""
    name, begin, end = _refusing(keys.facts, der)
    left = end - datetime.datetime.now(datetime.UTC)
    state = "expired" if left.days < 0 else "expires soon: renew it" if left < _SOON else "valid"
    return ["certificate of %s, %s (%s to %s)" % (name, state, begin.date(), end.date()),
            "SHA-256 " + keys.fingerprint(der)]


def find(file: str) -> str:
    """The path of a pairing file as it is given, or by its name where such files lie."""
    if os.path.lexists(file) or "/" in file:
        return file
    there = os.path.join(os.path.expanduser(pairfile.FOLDER), file.removesuffix(pairfile.SUFFIX) + pairfile.SUFFIX)
    return there if os.path.exists(there) else file


def _refusing(action, *args):
    try:
        return action(*args)
    except Refused as refusal:
        words = str(refusal)
        raise BoardError(words[:1].upper() + words[1:] + ".") from None
