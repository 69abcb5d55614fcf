"""A board's half of its pair: found in the pairing file, or made with it."""

import os
import pwd
from pathlib import Path

from firmware.errors import Refused
from tools import updatekey
from tools.flash.options import COMMON, COUNTERPARTS


class Half:
    """The board `name` of a pair, and its `role`. `pair` is a PairFile, None for a board without keys, and until make()
    for one whose pairing file is not there yet: `path` is where it will be, `other` the other board's name."""

    def __init__(self, name: str, role: str, other: "str | None" = None, path: "str | None" = None, pair=None):
        self.name, self.role, self.other, self.path, self.pair = name, role, other, path, pair

    def make(self) -> None:
        """Makes the pairing file if it is missing; raises BoardError."""
        if self.pair is None and self.path is not None:
            from tools import pairfile

            _make_folder(os.path.dirname(os.path.abspath(self.path)))
            names = (self.name, self.other) if self.role == "primary" else (self.other, self.name)
            self.pair = pairfile.make(self.path, *names)
            give_to_owner(self.path)

    def inherited(self) -> "dict[str, str]":
        """What the pairing file says for sosie.conf: what both boards want, and where the other one is."""
        if self.pair is None:
            return {}
        known = self.pair.settings
        found = {key: known[key] for key in COMMON if isinstance(known.get(key), str)}
        if self.role == "primary" and isinstance(known.get("peer"), str):
            found["peer"] = known["peer"]
        return found

    def remember(self, values: "dict[str, str]") -> None:
        """Keeps for the other card what it will want; the file is saved by flashed()."""
        if self.pair is None:
            return
        for key in COMMON + ("peer",):
            if key in values:
                self.pair.settings[key] = values[key]
        if self.role == "twin" and "/" in values.get("address", ""):
            host = values["address"].partition("/")[0]
            port = values.get("listen", ":%d" % self.pair.listen_port).rpartition(":")[2]
            self.pair.settings.setdefault("peer", ("[%s]:%s" if ":" in host else "%s:%s") % (host, port))

    def files(self, folder: str) -> "list[Path]":
        """The files for pair/ on the card, made in `folder`."""
        if self.pair is not None:
            self.pair.install(self.name, folder)
        Path(folder, updatekey.CERTIFICATE).write_bytes(_update_certificate())
        return sorted(path for path in Path(folder).iterdir() if path.is_file())

    def flashed(self) -> None:
        """The card is written and read back: the file says so."""
        if self.pair is not None:
            self.pair.board(self.name)["flashed"] = True
            self.pair.save()
            give_to_owner(self.pair.path)


def _update_certificate() -> bytes:
    """By which the board knows the updates of who flashed it; its key is made when there is none."""
    folder = os.path.join(home(), ".config", "sosie")
    there = [path for path in updatekey.paths(folder) if os.path.exists(path)]
    _make_folder(folder)
    updatekey.make(folder)
    for path in set(updatekey.paths(folder)) - set(there):
        give_to_owner(path)
    return updatekey.certificate(folder)


def find(options) -> Half:
    """The half that the options name; nothing is made yet. Raises Refused, BoardError."""
    if options.no_pair:
        if options.role is None:
            raise Refused("say which of the two it is: --role primary or --role twin")
        return Half(options.name, options.role)
    from tools import pairfile

    path = options.pair or _default(options, pairfile)
    if not os.path.lexists(path):
        return _new(options, path)
    return _half_of(options, pairfile.load(path))


def _half_of(options, pair) -> Half:
    board = pair.board(options.name)
    role, path = board["role"], pair.path
    if options.role not in (None, role):
        raise Refused("%s says that %s is the %s; leave --role out, or name another pairing file"
                      % (path, options.name, role))
    if options.other not in (None, pair.other(options.name)):
        raise Refused("%s says that the other board is called %s; leave --other out, or name another pairing file"
                      % (path, pair.other(options.name)))
    if board["flashed"] and not options.again:
        raise Refused("a card for %s was made with %s already; if that card is lost for good, say --again (two "
                      "with the same keys must never run at a time); for a new pair say --pair and a new file"
                      % (options.name, path))
    return Half(options.name, role, pair.other(options.name), path, pair)


def _new(options, path: str) -> Half:
    if options.role is None:
        raise Refused("there is no pairing file %s yet; for the first card say --role primary or --role twin" % path)
    return Half(options.name, options.role, _other(options), path)


def _make_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        os.makedirs(folder, mode=0o700)
        give_to_owner(folder)


def _other(options) -> str:
    other = options.other or COUNTERPARTS.get(options.name)
    if other is None:
        raise Refused("say what the other board is called: --other NAME (or --no-pair, to pair them later)")
    if other == options.name:
        raise Refused("both boards would be called %s; give --other another name" % other)
    return other


def _default(options, pairfile) -> str:
    """The one file there that knows the board, if there is just one; else the name that a new one gets."""
    folder = os.path.join(home(), ".config", "sosie")
    found = [path for path in sorted(Path(folder).glob("*.pair")) if options.name in _names(path, pairfile)]
    if len(found) > 1:
        raise Refused("%s are all for a board %s; say which one: --pair FILE"
                      % (" and ".join(map(str, found)), options.name))
    if found:
        return str(found[0])
    if options.role is None:
        raise Refused("no pairing file in %s knows a board %s; say --pair FILE, or for the first card of a pair --role "
                      "primary or --role twin" % (folder, options.name))
    names = (options.name, _other(options))
    return os.path.join(folder, "-".join(names if options.role == "primary" else names[::-1]) + pairfile.SUFFIX)


def _names(path: Path, pairfile) -> "set[str]":
    from tools.errors import BoardError

    try:
        return set(pairfile.load(str(path)).boards)
    except BoardError:
        return set()


def home() -> str:
    """The home of who called: with sudo not root's, for that is where the other tools look for the file."""
    user = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and user.isdecimal():
        try:
            return pwd.getpwuid(int(user)).pw_dir
        except KeyError:
            pass
    return os.path.expanduser("~")


def give_to_owner(path: str) -> None:
    """What sudo made is its caller's."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and user.isdecimal() and group.isdecimal():
        os.chown(path, int(user), int(group))
