"""Who may use the page: whoever knows the password, sent with every request (HTTP Basic, RFC 7617), inside TLS.

To judge a password takes long on purpose, so that is done elsewhere (`check`), one after the other; what was right is
remembered as a digest of the header. Wrong guesses slow their place down, and nobody else.
"""

import binascii
import hashlib

from firmware.address import neighbourhood
from firmware.api.guesses import Guesses
from firmware.httpd.answer import error_answer
from firmware.text import decode

MOST_CHECKS = 4  # at a time
MOST_KEPT = 8  # connections for the verdict of each
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
        self.edition = edition
        self._now_ms = now_ms
        self._salt = salt
        self._note = note
        self._guesses = Guesses()
        self._known = {}  # digest of a header that was right -> edition of the password
        self._checks = {}  # digest -> those who wait for its verdict
        self._busy = []  # the places that these come from: one guess at a time from each

    def admit(self, request, caller: str, decided) -> None:
        """decided(None) when the request has the password in its header; else decided(Answer)."""
        header = request.authorization
        if self.edition() is None:
            decided(error_answer(403, _NO_PASSWORD))
        elif header is None:
            decided(error_answer(401, "this board wants its password, with any user name", _ASK))
        else:
            def judged(refusal, edition) -> None:
                request.still = lambda: self.edition() == edition
                decided(refusal)

            self._judge(request, b"header " + header.encode(), lambda: _password(header), caller, judged)

    def judge(self, request, password: str, done) -> None:
        """done(None, the edition of the password) when this is it, or done(Answer, None); `request` brought it."""
        if self.edition() is None:
            done(error_answer(403, _NO_PASSWORD), None)
        else:
            self._judge(request, b"password " + password.encode(), lambda: password, request.caller, done)

    def trouble(self) -> str:
        """Why nobody can log in, or ""."""
        return _NO_PASSWORD if self.edition() is None else ""

    def _judge(self, request, proof: bytes, read, caller: str, done) -> None:
        """`read()`: the password that is in `proof`, None when there is none."""

        def judged(refusal, edition) -> None:
            request.stays = refusal is None
            done(refusal, edition)

        digest, edition = hashlib.sha256(self._salt + proof).digest(), self.edition()
        if self._known.get(digest) == edition:
            judged(None, edition)
        elif digest in self._checks or self._begin(digest, edition, read, caller, judged):
            # To judge takes a while, in which a crowd of strangers would have taken its place.
            request.stays = len(self._checks[digest]) < MOST_KEPT
            self._checks[digest].append(judged)

    def _begin(self, digest: bytes, edition, read, caller: str, done) -> bool:
        """Whether the password is being judged from now on; if not, done() was called."""
        place = neighbourhood(caller)
        refusal = self._busy_refusal(place)
        password = None if refusal is not None else read()
        if password is None:
            done(refusal or self._wrong(place), None)
            return False
        self._checks[digest] = []
        self._busy.append(place)
        self._check(password, lambda verdict, error: self._checked(digest, edition, place, verdict, error))
        return True

    def _busy_refusal(self, place: str):
        pause_ms = self._guesses.pause_ms(place, self._now_ms())
        if pause_ms:
            sentence = "too many wrong passwords came from your address; wait %d s" % _seconds(pause_ms)
            return _later(pause_ms, sentence)
        if place in self._busy or len(self._checks) >= MOST_CHECKS:
            return _later(1000, "others are trying passwords here; try again in a second")
        return None

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
        for done in waiting:
            done(answer, edition if answer is None else None)

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
