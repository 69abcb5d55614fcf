"""Who is logged in with a browser: sessions in memory, few, and never for long.

Of a session's cookie only a digest is kept. A session ends with its password, by logout, after IDLE_MS without a
request (an open page asks all the time), and after LIFE_MS in any case.
"""

import binascii
import hashlib

MOST = 64
IDLE_MS = 12 * 3600 * 1000
LIFE_MS = 7 * 24 * 3600 * 1000


class Session:
    """One browser that knew the password. `token` is what its page has to send with every POST."""

    def __init__(self, token: str, edition, now_ms: int):
        self.token = token
        self.open = True
        self._edition = edition
        self._began_ms = self.used_ms = now_ms

    def holds(self, edition, now_ms: int) -> bool:
        """Whether it is still good; `edition`: of the password, as it is now."""
        if self._edition != edition or now_ms - self.used_ms > IDLE_MS or now_ms - self._began_ms > LIFE_MS:
            self.open = False
        return self.open


class Sessions:
    """`edition()` changes with the password, None while there is none; `random_bytes(n)`."""

    def __init__(self, edition, now_ms, random_bytes):
        self._edition = edition
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._salt = random_bytes(16)
        self._sessions = {}  # digest of the cookie's value -> Session

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, edition) -> tuple:
        """(the cookie's value, a Session) for who knew the password of this edition. Both are new, whatever came along:
        nobody can make another's browser use a session that he knows."""
        self._forget()
        value = _letters(self._random_bytes(32))
        session = Session(_letters(self._random_bytes(32)), edition, self._now_ms())
        self._sessions[self._digest(value)] = session
        return value, session

    def find(self, value: "str | None") -> "Session | None":
        """The session of a cookie's value, if it is still good; it was used now."""
        if value is None:
            return None
        digest = self._digest(value)
        session = self._sessions.get(digest)
        if session is None:
            return None
        if not self.holds(session):
            del self._sessions[digest]
            return None
        session.used_ms = self._now_ms()
        return session

    def holds(self, session: Session) -> bool:
        """Whether it is still good. To look on at a stream is to use it."""
        now_ms = self._now_ms()
        good = session.holds(self._edition(), now_ms)
        if good:
            session.used_ms = now_ms
        return good

    def end(self, value: "str | None") -> None:
        """Logout."""
        if value is not None:
            session = self._sessions.pop(self._digest(value), None)
            if session is not None:
                session.open = False

    def _forget(self) -> None:
        """Room for one more."""
        edition, now_ms = self._edition(), self._now_ms()
        for digest in [each for each, session in self._sessions.items() if not session.holds(edition, now_ms)]:
            del self._sessions[digest]
        while len(self._sessions) >= MOST:
            oldest = min(self._sessions, key=lambda each: self._sessions[each].used_ms)
            self._sessions.pop(oldest).open = False

    def _digest(self, value: str) -> bytes:
        return hashlib.sha256(self._salt + value.encode()).digest()


def same(given: "str | None", known: str) -> bool:
    """Whether both are the same, in a time that does not tell where they differ."""
    one, other = (given or "").encode(), known.encode()
    differ = len(one) ^ len(other)
    for place in range(len(other)):
        differ |= other[place] ^ (one[place] if place < len(one) else 0)
    return not differ


def _letters(data: bytes) -> str:
    text = binascii.b2a_base64(data).decode().strip().rstrip("=")
    return text.replace("+", "-").replace("/", "_")
