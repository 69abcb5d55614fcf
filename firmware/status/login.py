"""Who may use the page: whoever knows the password, sent with every request (HTTP Basic, RFC 7617), inside TLS.

To judge a password takes long on purpose, so that is done elsewhere (`check`), one after the other; what was right is
remembered as a digest of the header. Wrong guesses slow their place down, and nobody else.
"""

import binascii
import hashlib

from firmware.address import neighbourhood
from firmware.status.answer import error_answer
from firmware.status.guesses import Guesses
from firmware.text import decode

MOST_CHECKS = 4  # at a time
MOST_KNOWN = 64
_TOLD = (10, 100, 1000, 10000)  # wrong guesses of which the board's log tells
_ASK = ('WWW-Authenticate: Basic realm="Sosie", charset="UTF-8"',)
_NO_PASSWORD = (
    "this board has no password, so it lets nobody in here; a pairing file brings one, or `password` on its console"
)


class Login:
    """Admits requests.

    `check(password, done)` calls done(True | False | None, error) later: right, wrong, there is no password any more.
    `edition()` is something that changes with the password, None while there is none. `salt`: some random bytes.
    """

    def __init__(self, check, edition, now_ms, salt: bytes, note):
        self._check = check
        self._edition = edition
        self._now_ms = now_ms
        self._salt = salt
        self._note = note
        self._guesses = Guesses()
        self._known = {}  # digest of a header that was right -> edition of the password
        self._checks = {}  # digest -> those who wait for its verdict
        self._busy = []  # the places that these come from: one guess at a time from each

    def admit(self, request, caller: str, decided) -> None:
        """decided(None) when the request has the password; else decided(Answer)."""
        edition = self._edition()
        header = request.authorization
        if edition is None:
            decided(error_answer(403, _NO_PASSWORD))
        elif header is None:
            decided(error_answer(401, "this board wants its password, with any user name", _ASK))
        else:
            digest = hashlib.sha256(self._salt + header.encode()).digest()
            if self._known.get(digest) == edition:
                decided(None)
            else:
                self._judge(header, digest, edition, neighbourhood(caller), decided)

    def _judge(self, header: str, digest: bytes, edition, place: str, decided) -> None:
        if digest in self._checks:
            self._checks[digest].append(decided)
            return
        pause_ms = self._guesses.pause_ms(place, self._now_ms())
        if pause_ms:
            decided(_later(pause_ms, "too many wrong passwords came from your address; wait %d s" % _seconds(pause_ms)))
            return
        if place in self._busy or len(self._checks) >= MOST_CHECKS:
            decided(_later(1000, "others are trying passwords here; try again in a second"))
            return
        password = _password(header)
        if password is None:
            decided(self._wrong(place))
            return
        self._checks[digest] = [decided]
        self._busy.append(place)
        self._check(password, lambda verdict, error: self._checked(digest, edition, place, verdict, error))

    def _checked(self, digest: bytes, edition, place: str, verdict, error) -> None:
        waiting = self._checks.pop(digest)
        self._busy.remove(place)
        if error is not None:
            answer = error_answer(500, str(error))
        elif verdict is None:
            answer = error_answer(403, _NO_PASSWORD)
        elif verdict:
            answer = None
            self._guesses.right(place)
            if len(self._known) >= MOST_KNOWN:
                self._known = {}
            self._known[digest] = edition  # as it was before it was read: should it have changed since, this is void
        else:
            answer = self._wrong(place)
        for decided in waiting:
            decided(answer)

    def _wrong(self, place: str):
        count = self._guesses.wrong(place, self._now_ms())
        if count in _TOLD:
            self._note("%d wrong passwords for the page came from %s" % (count, place or "this machine"))
        return error_answer(401, "this is not the password of this board", _ASK)


def _password(header: str) -> "str | None":
    """The password in an Authorization header; None when there is none in it."""
    kind, _, credentials = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        _, colon, password = decode(binascii.a2b_base64(credentials)).partition(":")
    except (ValueError, UnicodeError):
        return None
    return password if colon else None


def _seconds(ms: int) -> int:
    return (ms + 999) // 1000


def _later(ms: int, sentence: str):
    return error_answer(429, sentence, ("Retry-After: %d" % _seconds(ms),))
