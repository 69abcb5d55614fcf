"""Boards that are being paired, without cryptography: a key is what both sides know, and a tag is readable."""

from firmware.errors import ProtocolError, Refused
from firmware.pair.identity import PRIMARY, TWIN
from firmware.pair.pairing import Pairing

THERE = ("tcp", "there", 7411)


class Exchange:
    """Like ports/cpython/pake.py: the key is right when both codes are the same."""

    def __init__(self, code, calls):
        self._code = code
        self._calls = calls
        self.element = (b"A" if calls else b"B") + code.encode()
        self._key = None

    def finish(self, element):
        if element[:1] != (b"B" if self._calls else b"A"):
            raise ProtocolError("no element")
        self._key = self._code.encode() + b"|" + element[1:]
        if element[1:] == self._code.encode():
            self._key = b"right"

    def tag(self, label, body):
        data, total = (self._key + label + body), 0
        for byte in data:
            total = (total * 257 + byte) % ((1 << 61) - 1)
        return total.to_bytes(32, "big")

    def is_tag(self, label, body, tag):
        return self.tag(label, body) == tag


class Keys:
    """A keys folder in memory."""

    def __init__(self, certificate):
        self.certificate = certificate
        self.pinned = b""
        self.broken = self.gone = False

    @property
    def paired(self):
        if self.gone:
            raise Refused("the folder cannot be read")
        return bool(self.pinned)

    def admit(self, certificate):
        if self.pinned and self.pinned != certificate:
            raise Refused("this board is paired already")

    def unpair(self):
        if self.broken:
            raise Refused("the folder cannot be written")
        self.pinned = b""

    def new_password(self):
        return "abcd-efgh"

    def pin(self, certificate):
        self.admit(certificate)
        if self.broken:
            raise Refused("the folder cannot be written")
        self.pinned = certificate


class Lane:
    """Where `keys` are worked on: at once, or, while it is `slow`, with go_on()."""

    def __init__(self, keys):
        self.slow = False
        self._keys = keys
        self._jobs = []

    @property
    def idle(self):
        return not self._jobs

    def submit(self, done, work, op, *args):
        assert work == "work"
        self._jobs.append((done, op, args))
        if not self.slow:
            self.go_on()

    def go_on(self):
        """The oldest job comes to its end."""
        done, op, args = self._jobs[0]
        result = error = None
        try:
            result = getattr(self._keys, op)(*args)
        except Exception as raised:
            error = raised
        self._jobs.pop(0)
        done(result, error)


class Runtime:
    """Clock, chance and wire, moved by the test."""

    def __init__(self):
        self.ms = 0
        self.timers = []
        self.dialled = []
        self.bytes = b"\x00\x06\x01\x02"

    def random_bytes(self, count):
        self.bytes = bytes([(byte + 1) % 256 for byte in self.bytes])
        return self.bytes[:count]

    def now_ms(self):
        return self.ms

    def call_after(self, ms, call):
        self.timers.append((self.ms + ms, call))

    def advance(self, ms):
        self.ms += ms
        due = [call for at, call in self.timers if at <= self.ms]
        self.timers = [(at, call) for at, call in self.timers if at > self.ms]
        for call in due:
            call()

    def start(self, code, calls):
        return Exchange(code, calls)

    def dial(self, address, make_conversation, on_failed):
        self.dialled.append((address, make_conversation, on_failed))


class Who:
    def __init__(self, name, role):
        self.name = name
        self.role = role


class Board:
    """A board that may be paired: its `pairing`, `keys`, what it noted, and what its console heard."""

    def __init__(self, name, role, waits=True, address=THERE):
        self.keys = Keys(b"certificate of " + name.encode())
        self.runtime = Runtime()
        self.notes = []
        self.heard = []
        who = Who(name, role)
        self.pairing = Pairing(who, self.keys, self.runtime, waits, address, self.notes.append)
        self.lane = self.pairing.lane = Lane(self.keys)

    def show(self):
        return self.pairing.show(self.done)

    def join(self, code, address=None):
        self.pairing.join(code, address, self.done)

    def done(self, sentence, error):
        self.heard.append(sentence if error is None else str(error))

    def call(self):
        """The conversation of the last call."""
        return self.runtime.dialled.pop()[1]()


def two_boards():
    return Board("left", PRIMARY), Board("right", TWIN)


class Wire:
    """Between two conversations. `limits`: bytes that each may still send; `change(sender, data)` may alter them."""

    def __init__(self, first, second, piece=1 << 20, limits=None, change=None):
        self.sides = [first, second]
        self.piece = piece
        self.limits = list(limits) if limits else [1 << 20, 1 << 20]
        self.sent = [b"", b""]
        self._change = change

    def run(self):
        """Carries bytes until nobody has any, or somebody was cut off or broke the protocol."""
        moved = True
        while moved:
            moved = False
            for number in (0, 1):
                moved = self._carry(number) or moved
        return self

    def _carry(self, number):
        out = self.sides[number].outgoing()
        if out is None or not self.limits[number]:
            return False
        data = bytes(out[: min(self.piece, self.limits[number])])
        self.sides[number].sent(len(data))
        self.limits[number] -= len(data)
        self.sent[number] += data
        if self._change is not None:
            data = self._change(number, data)
        deliver(self.sides[1 - number], data)
        return True

    def cut(self):
        for side in self.sides:
            side.lost()


def deliver(conversation, data):
    """Gives the bytes to a conversation as far as it wants them; a broken protocol ends it."""
    while data:
        view = conversation.wanted()
        if view is None:
            return
        count = min(len(view), len(data))
        view[:count] = data[:count]
        data = data[count:]
        try:
            conversation.received(count)
        except ProtocolError:
            conversation.lost()
            return
