"""One end of the link alone, as a process: Link, TLS where there are keys, loop, socket; the journal is make-believe.

`python3 -m tools.bench.linkend take PORT KEYS` and `.. give PORT KEYS FILE GROUP_BYTES near|far`; KEYS is a folder or
`-`. `give` ships FILE in groups: from memory (near), as what a host has just written, or from the storage (far), as a
backlog. Each prints one line of JSON when all is acknowledged.
"""

import json
import resource
import sys

from firmware import ports
from firmware.checksum import crc32
from firmware.link.link import Counters, Link
from firmware.link.secure import Secure
from firmware.log.layout import MAX_GROUP, Descriptor, Point
from firmware.log.span import Span
from firmware.pair.identity import PRIMARY, TWIN, Identity

PAIR, DISK_SIZE = b"bench".ljust(16), 1 << 30


class Board:
    """What a Link asks of its board; `on_joined(part)`, `on_acknowledged(number)`."""

    mute, capabilities = False, 0
    urgent = must_go = 0  # no host waits, and no journal is full

    def __init__(self, role, journal):
        self.identity = Identity(PAIR, role[:1].encode() * 16, role, role, DISK_SIZE)
        self.identity.generation = 1
        self._journal = journal
        self.on_joined = self.on_acknowledged = self.on_parted = lambda *_: None

    def judge(self, peer, number, chain):
        return self._journal.first

    def accept(self, peer):
        pass

    def follow(self, peer):
        pass

    def heard_of(self, number):
        pass

    def joined(self, part):
        self.on_joined(part)

    def acknowledged(self, received, point):
        self.on_acknowledged(point.number)

    def parted(self, link):
        self.on_parted(link)

    def unreadable(self, number, error):
        raise AssertionError(error)


class Full:
    """A log that lies in a file whole."""

    def __init__(self, path, size, near):
        self.storage = ports.FileStorage(path)
        self.near = near
        self._size = size
        self._memory = memoryview(bytearray(self.storage.size))
        self.storage.read_into(0, self._memory)
        self._descriptors = []
        self.first = self.head = Point(0, 0, 0)
        for number in range(self.storage.size // size):
            body = self._body(number)
            self._descriptors.append(Descriptor(number + 1, 1, 1, size, 1, crc32(body), self.head.chain))
            self.head = self.after(self.head, self._descriptors[-1])

    def _body(self, number):
        return self._memory[number * self._size : (number + 1) * self._size]

    def peek(self, point):
        return self._descriptors[point.number]

    def after(self, point, descriptor):
        return Point(descriptor.number, point.position + self._size, descriptor.chain)

    def body_span(self, point, descriptor):
        return Span(point.position, self._size, _Group(self._body(point.number)) if self.near else None)

    def resident_body(self, number, most):
        return self._body(number - 1) if self.near and self._size <= most else None


class _Group:
    def __init__(self, memory):
        self.memory, self.pins = memory, 0

    def body(self):
        return self.memory


class Empty:
    """A log that forgets what it takes; what came is durable at once."""

    def __init__(self):
        self.first = self.head = Point(0, 0, 0)
        self.received_number = 0
        self.on_received = None
        self._memory = memoryview(bytearray(MAX_GROUP))

    def reserve(self, descriptor):
        return self._memory[: descriptor.body_length]

    def append_received(self, descriptor):
        self.received_number = descriptor.number
        self.head = Point(descriptor.number, 0, descriptor.chain)
        self.on_received(descriptor.number)

    def forget_received(self):
        pass


class Run:
    """A loop, and the time and processor time between the first group and the last acknowledgement."""

    def __init__(self, keys):
        self.loop = ports.Loop()
        self.credentials = None if keys == "-" else ports.open_keys(keys)
        self.cipher = ""
        self._begin = None

    def conversation(self, link, server):
        if self.credentials is None:
            return link
        session = self.credentials.link_session(server)
        self.session = session
        return Secure(link, session, self.loop.spans, sys.exit, link.ended)

    def begin(self, part=None):
        self.cipher = "" if self.credentials is None else self.session.cipher
        self._begin = ports.system.now_ms(), cpu_s()

    def end(self):
        now, cpu = ports.system.now_ms(), cpu_s()
        print(json.dumps({"seconds": (now - self._begin[0]) / 1000, "cpu_s": cpu - self._begin[1],
                          "cipher": self.cipher}), flush=True)


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def give(port, keys, path, size, where):
    journal = Full(path, int(size), where == "near")
    board, run = Board(PRIMARY, journal), Run(keys)
    run.loop.spans = journal.storage
    board.on_joined = run.begin

    def acknowledged(number):
        if number == journal.head.number:
            run.end()
            run.loop.stop()

    board.on_acknowledged = acknowledged
    board.on_parted = lambda link: sys.exit("the link is lost: " + link.reason)

    def make():
        return run.conversation(Link(board, journal, Counters()), False)

    ports.dial(run.loop, ("tcp", "127.0.0.1", int(port)), make, lambda error: sys.exit(str(error)))
    run.loop.run()


def take(port, keys):
    journal = Empty()
    board, run, parts = Board(TWIN, journal), Run(keys), []

    def joined(part):
        parts.append(part)
        run.begin()

    def parted(link):
        run.end()
        run.loop.stop()

    board.on_joined, board.on_parted = joined, parted
    journal.on_received = lambda number: run.loop.soon(parts[-1].durable, number)
    ports.Listener(run.loop, ("tcp", "127.0.0.1", int(port)),
                   lambda: run.conversation(Link(board, journal, Counters()), True))
    run.loop.run()


if __name__ == "__main__":
    {"give": give, "take": take}[sys.argv[1]](*sys.argv[2:])
