"""Replies on their way to a client, built in place in one ring of bytes.

What is complete at once is appended to the *run*, so that the replies of a whole batch leave in one
send. A reply that completes later (a read that waits for the device) is *held*: it keeps its place in
the ring, and is sent when it is ready, out of order. Space is given back in the order of the ring.
"""


class Held:
    """Bytes `start` to `end` of the ring; `next` is the first one that was not sent yet."""

    __slots__ = ("start", "next", "end", "released")

    def __init__(self, start: int, end: int):
        self.start = start
        self.next = start
        self.end = end
        self.released = False


class Replies:
    """The ring. A caller asks `fits(size)`, writes into `buffer` at `tail` and moves `tail` on."""

    def __init__(self, size: int):
        self.buffer = bytearray(size)
        self.view = memoryview(self.buffer)
        self.tail = 0
        self.limit = size  # tail may grow up to here
        self._run = 0  # the run is what lies between here and tail
        self._run_is_out = False  # the last outgoing() was the run: it must not be overtaken
        self._parts = []  # in the order of the ring, until their space is given back
        self._ready = []  # in the order in which they became ready
        self._sending = None

    def fits(self, size: int) -> bool:
        """Whether `size` bytes may be written at `tail`; moves `tail` to the start of the ring where that helps."""
        if self.tail + size <= self.limit:
            return True
        low = self._low()
        if low > self.tail or size >= low:
            return False
        self._close_run()
        self.tail = self._run = 0
        self.limit = low - 1  # never up to low: a full ring must not look like an empty one
        return True

    def append(self, data: bytes) -> None:
        """Adds bytes for which `fits` said yes."""
        end = self.tail + len(data)
        self.buffer[self.tail : end] = data
        self.tail = end

    def hold(self, size: int) -> Held:
        """Keeps the next `size` bytes for a reply that completes later, by `ready` or `drop`."""
        self._close_run()
        held = Held(self.tail, self.tail + size)
        self._parts.append(held)
        self.tail = self._run = held.end
        return held

    def ready(self, held: Held, end: int) -> None:
        """The reply is complete; it ends at `end`, which may be earlier than what was kept."""
        held.end = end
        self._ready.append(held)

    def drop(self, held: Held) -> None:
        """There is nothing to send after all."""
        held.released = True
        self._give_back()

    def outgoing(self) -> "memoryview | None":
        """The next bytes to send; None when there are none."""
        if self._sending is None and not self._run_is_out and self._ready:
            self._sending = self._ready.pop(0)
        part = self._sending
        if part is not None:
            return self.view[part.next : part.end]
        if self._run == self.tail:
            return None
        self._run_is_out = True
        return self.view[self._run : self.tail]

    def sent(self, count: int) -> None:
        """`count` bytes of the last outgoing() are gone."""
        part = self._sending
        if part is None:
            self._run += count
            if self._run < self.tail:
                return
            self._run_is_out = False
        else:
            part.next += count
            if part.next < part.end:
                return
            part.released = True
            self._sending = None
        self._give_back()

    def _low(self) -> int:
        return self._parts[0].start if self._parts else self._run

    def _close_run(self) -> None:
        """The run becomes a part like the others. One that is partly sent stays the next to send:
        a reply that was cut in two would take the client out of step."""
        if self._run < self.tail:
            part = Held(self._run, self.tail)
            self._parts.append(part)
            if self._run_is_out:
                self._sending = part
            else:
                self._ready.append(part)
        self._run_is_out = False
        self._run = self.tail

    def _give_back(self) -> None:
        parts = self._parts
        while parts and parts[0].released:
            parts.pop(0)
        size = len(self.buffer)
        if not parts and self._run == self.tail:
            self._run = self.tail = 0
            self.limit = size
            return
        low = self._low()
        self.limit = size if low <= self.tail else low - 1
