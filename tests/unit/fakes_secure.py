"""A TLS session without cryptography: records in plain text, a handshake of one record each way."""

from firmware.errors import ProtocolError, Refused
from firmware.link.secure import Secure
from tests.unit.fakes_link import FakeBoard

HELLO, DATA, END, ALERT = 1, 2, 3, 4
LARGEST = 16 << 10


def record(kind: int, payload=b"") -> bytes:
    return bytes([kind, len(payload) & 255, len(payload) >> 8]) + bytes(payload)


class FakeSession:
    """`verdict`: an exception with which the handshake ends; `complaint`: what objection() says."""

    def __init__(self, client: bool):
        self.inbox = bytearray()
        self.plain = b""
        self.out = bytearray(record(HELLO) if client else b"")
        self.client = client
        self.shaken = self.ended = self.closed = False
        self.verdict = None
        self.complaint = ""
        self.worn = False

    def feed(self, view) -> None:
        self.inbox += bytes(view)

    def _next(self) -> "tuple | None":
        if len(self.inbox) < 3:
            return None
        end = 3 + self.inbox[1] + (self.inbox[2] << 8)
        if len(self.inbox) < end:
            return None
        kind, payload = self.inbox[0], bytes(self.inbox[3:end])
        self.inbox = self.inbox[end:]
        return kind, payload

    def shake(self) -> bool:
        assert not self.shaken
        found = self._next()
        if found is None:
            return False
        if found[0] != HELLO:
            raise ProtocolError("TLS failed")
        if self.verdict is not None:
            self.out += record(ALERT)
            raise self.verdict
        if not self.client:
            self.out += record(HELLO)
        self.shaken = True
        return True

    def read_into(self, view) -> int:
        assert self.shaken and len(view)
        while not self.plain:
            if self.ended:
                return -1
            found = self._next()
            if found is None:
                return 0
            if found[0] == ALERT:
                raise Refused("the other board refuses us")
            if found[0] not in (DATA, END):
                self.out += record(ALERT)
                raise ProtocolError("a record is damaged")
            self.ended = found[0] == END
            self.plain = found[1]
        piece, self.plain = self.plain[: len(view)], self.plain[len(view) :]
        view[: len(piece)] = piece
        return len(piece)

    def write(self, view) -> None:
        assert self.shaken and not self.closed and len(view)
        for start in range(0, len(view), LARGEST):
            self.out += record(DATA, view[start : start + LARGEST])

    def take(self) -> bytes:
        data, self.out = bytes(self.out), bytearray()
        return data

    def close(self) -> None:
        if not self.closed and self.shaken:
            self.out += record(END)
        self.closed = True

    def objection(self) -> str:
        return self.complaint


class FakeInner:
    """Takes what comes into `heard` while `hungry`, says what is in `says`."""

    def __init__(self, *says):
        self.says = [memoryview(each) if isinstance(each, (bytes, bytearray)) else each for each in says]
        self.buffer = memoryview(bytearray(100))
        self.heard = bytearray()
        self.hungry = True
        self.ends = self.losses = self.polls = 0
        self.finished = False
        self.break_at = None

    def wanted(self):
        return self.buffer if self.hungry else None

    def received(self, count):
        self.ends += not count
        self.heard += bytes(self.buffer[:count])
        if self.break_at is not None and len(self.heard) >= self.break_at:
            raise ProtocolError("no such thing")

    def outgoing(self):
        return self.says[0] if self.says else None

    def sent(self, count):
        first = self.says.pop(0)
        if count < len(first):
            self.says.insert(0, first[count:])

    def poll(self, now_ms):
        self.polls += 1
        return None

    def lost(self):
        self.losses += 1


class Told:
    """What `ended` was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, sentence, refused):
        assert sentence
        self.calls.append((sentence, refused))


def served(inner=None, **options):
    """(Secure, its session, its inner, what it tells) of a server whose client has shaken hands already."""
    inner, told = inner or FakeInner(), Told()
    session = FakeSession(False)
    secure = Secure(inner, session, ended=told, **options)
    says, inner.says = inner.says, []
    put(secure, record(HELLO))
    drain(secure)
    inner.says = says
    return secure, session, inner, told


def put(secure, data) -> int:
    """Bytes from the transport, as far as they are wanted; how many were."""
    done = 0
    while done < len(data):
        view = secure.wanted()
        if view is None:
            break
        count = min(len(view), len(data) - done)
        view[:count] = data[done : done + count]
        secure.received(count)
        done += count
    return done


def drain(secure) -> bytes:
    """All that it sends now."""
    data = b""
    while True:
        out = secure.outgoing()
        if out is None:
            return data
        data += bytes(out)
        secure.sent(len(out))


class NearStorage:
    """Of the journal's memory: Spans are found in it at once, unless it is `far`."""

    def __init__(self, memory):
        self.memory = memory
        self.far = False
        self.advised = []

    def try_read_into(self, position, view) -> bool:
        if self.far:
            return False
        view[:] = memoryview(self.memory())[position : position + len(view)]
        return True

    def advise(self, position, length) -> None:
        self.advised.append((position, length))


class SecureBoard(FakeBoard):
    """A board whose links are inside of TLS; `client` dials."""

    client = False

    def link(self, **options):
        link = super().link(**options)
        journal = self.journal
        return Secure(link, FakeSession(self.client), NearStorage(lambda: bytes(journal.memory)), None, link.ended)
