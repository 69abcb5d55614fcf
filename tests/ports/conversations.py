"""Conversations for the loop's tests, and ways to run a loop until something is so, and a call that may never end."""

import threading
import time

from firmware.errors import ProtocolError


def spin(loop, until, limit_s=60):
    """Run the loop until until() is true; an AssertionError when that takes too long."""
    end = time.monotonic() + limit_s
    late = []

    def hook(now_ms):
        if until():
            loop.stop()
        elif time.monotonic() > end:
            late.append(True)
            loop.stop()
        return now_ms + 2

    loop.hook = hook
    loop.run()
    loop.hook = None
    assert not late, "it did not happen within %d s" % limit_s


def in_time(call):
    """What it returns; a call that waits for ever is left to itself."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(60)
    assert found, "it waits"
    return found[0]


def turn(loop, count=1):
    """Let the loop wait `count` times (for 1 s at most), and do what follows."""
    real = loop._poller
    loop._poller = _Counting(loop, real, count)
    loop.run()
    loop._poller = real


class _Counting:
    def __init__(self, loop, poller, count):
        self._loop, self._poller, self._left = loop, poller, count
        self.register, self.modify, self.unregister = poller.register, poller.modify, poller.unregister

    def poll(self, timeout):
        self._left -= 1
        if not self._left:
            self._loop.stop()
        return self._poller.poll(min(timeout, 1))


class Recorder:
    """Takes what comes into `data`, sends what `say` was given, and keeps account of the driver's calls."""

    finished = False
    reading = True
    due = None

    def __init__(self, room=4096):
        self.data = bytearray()
        self.out = []
        self.ended = False
        self.times_lost = 0
        self.polls = []
        self.receipts = 0
        self._room = memoryview(bytearray(room))

    def say(self, *outs):
        self.out += [memoryview(out) if isinstance(out, bytes) else out for out in outs]

    def wanted(self):
        return self._room if self.reading else None

    def received(self, count):
        assert not self.times_lost
        self.receipts += 1
        if not count:
            assert not self.ended
            self.ended = True
        self.data += self._room[:count]

    def outgoing(self):
        return self.out[0] if self.out else None

    def sent(self, count):
        first = self.out.pop(0)
        if type(first) is memoryview:
            rest = first[count:]
        else:
            rest = Span(first.position + count, first.length - count)
        if len(rest):
            self.out.insert(0, rest)

    def poll(self, now_ms):
        self.polls.append(now_ms)
        return self.due

    def lost(self):
        self.times_lost += 1


class Echo(Recorder):
    """Sends back what comes, and ends when the other side ends."""

    def received(self, count):
        super().received(count)
        if count:
            self.say(bytes(self.data))
            self.data = bytearray()
        else:
            self.finished = True


class Fussy(Recorder):
    """Answers anything with a complaint and a broken protocol."""

    def received(self, count):
        super().received(count)
        self.say(b"go away")
        raise ProtocolError("never heard of that")


class Broken(Echo):
    """Of a surface, with bugs: raises when something comes, and when it is lost."""

    def __init__(self):
        super().__init__()
        self.bugs = []

    def received(self, count):
        raise KeyError("noon")

    def lost(self):
        super().lost()
        raise ValueError("night")

    def bug(self, error):
        self.bugs.append(repr(error))


class Span:
    def __init__(self, position, length):
        self.position = position
        self.length = length

    def __len__(self):
        return self.length
