"""Keys of boards that run: renewed one after the other, revoked, and replaced when a card is lost.

A board makes its new key itself and never shows it. The other one trusts both certificates until it has seen the new
one on the link, so the link is gone for a second or two and no moment is without a way back: whatever stops this
halfway, the same command once more goes on from there.
"""

import time

from firmware.errors import Refused
from firmware.ports.cpython import keys
from tools import pairfile
from tools.api import Client
from tools.errors import BoardError
from tools.trust import Trust

LINK_S = 60
_LEAST_DIGITS = 8


class Board:
    """One board of a running pair, by its web address."""

    def __init__(self, address: str, trust: Trust):
        self.client = Client(address, 10.0, trust=trust)
        self.name = self.client.status()["name"]

    def facts(self) -> dict:
        """Fingerprints: `certificate`, `pinned`, `revoked`."""
        return self.client.get("/api/pair")

    def do(self, action: str, **content) -> dict:
        """What the board answers to an action with its keys."""
        return self.client.post("/api/pair/" + action, content)


def renew(options) -> int:
    """A new key for both boards of a pair that runs."""
    trust = Trust(options.pair)
    left, right = Board(options.left, trust), Board(options.right, trust)
    _refuse_strangers(left, right)
    for board, other in ((right, left), (left, right)):
        _renew_one(board, other, trust)
        print("%s has a new key, and %s has seen its certificate." % (board.name, other.name), flush=True)
    return 0


def _refuse_strangers(left: Board, right: Board) -> None:
    for board, other in ((left, right), (right, left)):
        if other.facts()["certificate"] not in board.facts()["pinned"]:
            raise BoardError("%s is not paired with %s; nothing was changed." % (board.name, other.name))


def _renew_one(board: Board, other: Board, trust: Trust) -> None:
    pem = board.do("renew")["certificate"]
    try:
        certificate = keys.only_der(pem.encode())
    except Refused as refusal:
        raise BoardError("%s answered nonsense: %s." % (board.name, refusal)) from None
    other.do("pin", certificate=pem)
    trust.will_show(board.client.place, certificate)
    board.do("switch")
    fingerprint = keys.fingerprint(certificate)
    _wait("%s shows its new certificate" % board.name, lambda: _shows(board, fingerprint))
    trust.shows(board.client.place, certificate)
    _wait("%s has met %s with its new key: is the link up?" % (other.name, board.name),
          lambda: other.facts()["pinned"] == [fingerprint])


def _shows(board: Board, fingerprint: str) -> bool:
    return board.facts()["certificate"] == fingerprint


def _wait(what: str, holds) -> None:
    until = time.monotonic() + LINK_S
    while True:
        try:
            if holds():
                return
        except BoardError:
            if time.monotonic() > until:
                raise
        if time.monotonic() > until:
            raise BoardError("In %d s it did not come to pass that %s; both keys count until then. Do the same once "
                             "more." % (LINK_S, what))
        time.sleep(0.5)


def revoke(options) -> int:
    """No board at the addresses trusts the certificate any more."""
    trust = Trust(options.pair)
    for address in options.addresses:
        board = Board(address, trust)
        fingerprint = _whole(options.fingerprint, board)
        board.do("revoke", fingerprint=fingerprint)
        print("%s never again trusts the certificate %s." % (board.name, fingerprint))
    return 0


def _whole(text: str, board: Board) -> str:
    """The fingerprint that begins like this, of those that the board trusts."""
    digits = text.lower().replace(":", "").replace(" ", "")
    if len(digits) == 64:
        return digits
    found = [each for each in board.facts()["pinned"] if len(digits) >= _LEAST_DIGITS and each.startswith(digits)]
    if len(found) != 1:
        raise BoardError("%s trusts no certificate whose fingerprint begins with %s; `sosie pair show` prints them."
                         % (board.name, text))
    return found[0]


def replace(options) -> int:
    """A card is lost or stolen: new keys for another one, which the other board trusts in its place."""
    pair = pairfile.load(options.file)
    pair.board(options.name)
    other = Board(options.address, Trust(options.file))
    if other.name != pair.other(options.name):
        raise BoardError("The board at %s is %s; name the address of %s, which stays."
                         % (options.address, other.name, pair.other(options.name)))
    old, new = pair.replace_keys(options.name)
    # The new certificate may be trusted before the file holds its key, never the other way round: a card that was
    # flashed from it would be a stranger.
    other.do("pin", certificate=keys.pem_of(new).decode())
    pair.save()
    other.do("revoke", fingerprint=keys.fingerprint(old))
    print("%s trusts new keys of %s, and the lost card no more. Flash another card with %s."
          % (other.name, options.name, pair.path))
    return 0
