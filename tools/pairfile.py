"""The pairing file: all secrets of a pair, from which its cards are flashed. JSON; whoever has it is both boards."""

import datetime
import json
import os
import tempfile

from firmware import config
from firmware.errors import Refused
from firmware.ports.cpython import keyfolder, keys
from firmware.ports.files import replace_file
from tools.errors import BoardError

FORMAT = "sosie pair 1"
FOLDER = os.path.join("~", ".config", "sosie")
SUFFIX = ".pair"
LISTEN_PORT = 7411
ROLES = ("primary", "twin")
MAX_BYTES = 256 << 10


class PairFile:
    """A pair: `boards` {name: {"role", "key", "certificate", "flashed"}} of two, `password` of their pages,
    `listen_port`, `settings` (what goes into sosie.conf beside: peer, disk_size ..), `made` (ISO date)."""

    def __init__(self, path: str, content: dict):
        self.path = path
        self.made = content["made"]
        self.boards = content["boards"]
        self.password = content["password"]
        self.listen_port = content.get("listen_port", LISTEN_PORT)
        self.settings = content.get("settings", {})

    def board(self, name: str) -> dict:
        """What the file knows of the board; raises BoardError."""
        if name not in self.boards:
            both = " and ".join(self.boards)
            raise BoardError("%s has the keys of %s, and of no board %s." % (self.path, both, name))
        return self.boards[name]

    def other(self, name: str) -> str:
        """The name of the other board; raises BoardError."""
        self.board(name)
        return next(each for each in self.boards if each != name)

    def certificates(self) -> "list[bytes]":
        """DER of all certificates by which the two boards may be recognized."""
        return [der for board in self.boards.values() for der in _ders(board)]

    def expect(self, old: bytes, new: bytes) -> None:
        """The board that shows `old` will show `new` (both DER), of a key that it keeps to itself."""
        board = self._board_with(old)
        board["next"] = keys.pem_of(new).decode()
        self.save()

    def arrived(self, new: bytes) -> None:
        """The board shows what was expected: the older certificate, and its key, are worth nothing any more."""
        if self._board_with(new).pop("next", None) is not None:
            self.save()

    def _board_with(self, certificate: bytes) -> dict:
        """The board that shows it; if that was expected, the older one counts no more."""
        board = next(board for board in self.boards.values() if certificate in _ders(board))
        if "next" in board and certificate == _ders(board)[-1]:
            board["certificate"], board["key"] = board["next"], None
        return board

    def replace_keys(self, name: str) -> "tuple[bytes, bytes]":
        """New keys for another card of the board; saved by save(). DER of the (old, new) certificate."""
        board = self.board(name)
        old = _ders(board)[0]
        key, certificate = keys.new_identity(name)
        board.pop("next", None)
        board.update(key=key.decode(), certificate=certificate.decode(), flashed=False)
        return old, _ders(board)[0]

    def save(self) -> None:
        """Replaces the file whole, readable for its owner only; raises BoardError."""
        content = {"format": FORMAT, "made": self.made, "boards": self.boards, "password": self.password,
                   "listen_port": self.listen_port, "settings": self.settings}
        _write(self.path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def install(self, name: str, folder: str) -> bool:
        """Makes `folder` the keys folder of the board `name`; False when it was that before. Raises BoardError, with
        nothing changed, for one that is paired otherwise."""
        mine, other = self.board(name), self.board(self.other(name))
        if not mine.get("key"):
            raise BoardError("%s made its last key itself, so %s does not have it; make a new pair with "
                             "`sosie pair new`." % (name, self.path))
        with tempfile.TemporaryDirectory(prefix="sosie-pair-") as aside:
            for file, text in (
                (keyfolder.OWN_KEY, mine["key"]),
                (keyfolder.OWN_CERTIFICATE, mine["certificate"]),
                (keyfolder.PEER, other["certificate"]),
                (keyfolder.PASSWORD, keys.hash_password(self.password) + "\n"),
            ):
                _write(os.path.join(aside, file), text.encode())
            try:
                return keyfolder.take_over(aside, folder)
            except Refused as refusal:
                raise BoardError("%s: %s." % (folder, refusal)) from None


def _ders(board: dict) -> "list[bytes]":
    """What the board shows, and what it may show next."""
    return [keys.only_der(board[name].encode()) for name in ("certificate", "next") if name in board]


def default_path(*names: str) -> str:
    """Where the pairing file of these boards lies, when nobody says otherwise."""
    return os.path.join(os.path.expanduser(FOLDER), "-".join(names) + SUFFIX)


def make(path: str, primary: str, twin: str, settings: "dict | None" = None) -> PairFile:
    """A new pair with new keys, saved at `path`, where no file may be. Raises BoardError."""
    for name in (primary, twin):
        _check_name(name)
    if primary == twin:
        raise BoardError("Both boards are called %s; give each its own name." % primary)
    if os.path.lexists(path):
        raise BoardError("%s is there already, and may be the only key to its boards; name another file." % path)
    boards = {}
    for name, role in zip((primary, twin), ROLES):
        key, certificate = keys.new_identity(name)
        boards[name] = {"role": role, "key": key.decode(), "certificate": certificate.decode(), "flashed": False}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    content = {"made": today, "boards": boards, "password": keys.new_password(), "settings": settings or {}}
    pair = PairFile(path, content)
    pair.save()
    return pair


def _check_name(name: str) -> None:
    """What the line name of board.conf takes, and a file may be called after."""
    if not name or name != name.strip() or not name.isprintable() or set("/#") & set(name):
        raise BoardError("%r is not a name for a board: text without / and #, and without white space at its ends."
                         % name)
    try:
        config.name(name)
    except Refused as clause:
        raise BoardError("name = %s: %s." % (name, clause)) from None


def load(path: str) -> PairFile:
    """The pairing file at `path`; raises BoardError, in one sentence."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BoardError("The pairing file %s cannot be read (%s)." % (path, error.strerror)) from None
    try:
        content = json.loads(raw) if len(raw) <= MAX_BYTES else None
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("format"), str):
        raise BoardError("%s is not a pairing file; `sosie pair new` makes one." % path)
    if content["format"] != FORMAT:
        raise BoardError("%s is written as %r, and this release reads %r; use the release that made it."
                         % (path, content["format"][:40], FORMAT))
    damage = _damage(content)
    if damage:
        raise BoardError("The pairing file %s is damaged (%s); use a copy of it." % (path, damage))
    return PairFile(path, content)


def _damage(content: dict) -> str:
    """What is wrong with the content of a pairing file, "" when nothing is."""
    boards = content.get("boards")
    if not isinstance(boards, dict) or len(boards) != 2 or not all(isinstance(each, dict) for each in boards.values()):
        return "it does not have two boards"
    if sorted(str(each.get("role")) for each in boards.values()) != sorted(ROLES):
        return "its boards are not a primary and a twin"
    for name in ("made", "password"):
        if not isinstance(content.get(name), str) or not content[name]:
            return "%s is missing" % name
    port, settings = content.get("listen_port", LISTEN_PORT), content.get("settings", {})
    if not isinstance(port, int) or not 0 < port < 65536 or not isinstance(settings, dict):
        return "listen_port or settings are not what they should be"
    return next(filter(None, (_damage_of_board(name, board) for name, board in boards.items())), "")


def _damage_of_board(name: str, board: dict) -> str:
    certificate, key = board.get("certificate"), board.get("key")
    if not isinstance(certificate, str) or not isinstance(key, (str, type(None))):
        return "%s has no certificate" % name
    try:
        _ders(board)
    except (Refused, AttributeError, ValueError) as clause:
        return "the certificate of %s: %s" % (name, clause)
    if key and not keys.belong_together(key.encode("utf-8", "replace"), certificate.encode()):
        return "the key of %s is not that of its certificate" % name
    return ""


def _write(path: str, data: bytes) -> None:
    """Replaces a file whole; it is never readable for others, not even for a moment."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        raise BoardError("%s cannot be written (%s)." % (path, error.strerror)) from None
