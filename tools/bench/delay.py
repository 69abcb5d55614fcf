"""A line of a given length: every byte that enters comes out so many milliseconds later, in order.

`python3 -m tools.bench.delay LISTEN_PORT TARGET_PORT ONE_WAY_MS`, on loopback, as a process of its own: what it
costs is not charged to either board. It adds distance only, neither loss nor a narrower line.
"""

import collections
import selectors
import socket
import sys
import time

PIECE_BYTES = 256 << 10
MAX_QUEUED_BYTES = 128 << 20


class Way:
    """One direction: what came in from `source` and when it is due at `sink`."""

    def __init__(self, source, sink, delay_s):
        self.source = source
        self.sink = sink
        self.delay_s = delay_s
        self.queue = collections.deque()
        self.queued_bytes = 0
        self.ended = False

    @property
    def wants(self):
        return not self.ended and self.queued_bytes < MAX_QUEUED_BYTES

    def take(self, now):
        data = self.source.recv(PIECE_BYTES)
        self.ended = not data
        self.queue.append((now + self.delay_s, memoryview(data)))
        self.queued_bytes += len(data)

    def due_in(self, now):
        return max(0, self.queue[0][0] - now) if self.queue else None

    def give(self, now):
        """Send what is due; False when the sink takes no more for now."""
        while self.queue and self.queue[0][0] <= now:
            due, data = self.queue.popleft()
            if not data:
                self.sink.shutdown(socket.SHUT_WR)
                continue
            try:
                count = self.sink.send(data)
            except BlockingIOError:
                count = 0
            self.queued_bytes -= count
            if count < len(data):
                self.queue.appendleft((due, data[count:]))
                return False
        return True


def relay(near, far, delay_s):
    """Carry both directions between two connected sockets until both have ended or one broke."""
    ways = (Way(near, far, delay_s), Way(far, near, delay_s))
    with selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ)
        selector.register(far, selectors.EVENT_READ)
        while any(way.wants or way.queue for way in ways):
            now = time.monotonic()
            free = [way.give(now) for way in ways]
            for way, other, is_free in ((ways[0], ways[1], free[1]), (ways[1], ways[0], free[0])):
                watch(selector, way.source, way.wants, other.queue and not is_free)
            waits = [way.due_in(now) for way, is_free in zip(ways, free, strict=True) if way.queue and is_free]
            for key, mask in selector.select(min(waits, default=1)):
                if mask & selectors.EVENT_READ:
                    next(way for way in ways if way.source is key.fileobj).take(time.monotonic())


def watch(selector, peer, reads, writes):
    events = (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if writes else 0)
    known = selector.get_map().get(peer)
    if known is None and events:
        selector.register(peer, events)
    elif known is not None and not events:
        selector.unregister(peer)
    elif known is not None and known.events != events:
        selector.modify(peer, events)


def main(arguments):
    listen_port, target_port, one_way_ms = (int(argument) for argument in arguments)
    with socket.create_server(("127.0.0.1", listen_port)) as listener:
        while True:
            near, _ = listener.accept()
            serve(near, target_port, one_way_ms / 1000)


def serve(near, target_port, delay_s):
    """One connection at a time: a board's link has no more."""
    with near:
        try:
            with socket.create_connection(("127.0.0.1", target_port), timeout=5) as far:
                for end in (near, far):
                    end.setblocking(False)
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                relay(near, far, delay_s)
        except OSError:
            pass  # either end broke: both are closed, the boards connect anew


if __name__ == "__main__":
    main(sys.argv[1:])
