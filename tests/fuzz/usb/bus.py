"""The two bulk endpoints, at the device's end as firmware/host/bot.py sees them, and at the host's packet by packet."""


class Bus:
    """`ins`: transfers that the host has not taken yet; `outs`: memory for what it sends. What a transfer to the host
    says is copied when it is submitted. Ends that are watched may be told late: `unreported` has the sizes."""

    def __init__(self):
        self.bot = None
        self.max_packet = 512
        self.ins, self.outs = [], []
        self.halted = False
        self.unreported = []
        self._new = []

    # The device's side

    def receive(self, view) -> None:
        assert len(view), "a request for nothing"
        self.outs.append(view)
        assert len(self.outs) == 1, "two requests at a time"

    def send(self, view, is_watched: bool) -> None:
        self._new.append((view, is_watched))

    def submit(self) -> None:
        self.ins += [(bytes(view), is_watched) for view, is_watched in self._new]
        self._new = []
        assert len(self.ins) <= 4, "transfers pile up"

    def halt(self) -> None:
        self.submit()
        self.halted = True

    def drop(self) -> None:
        self.ins, self.outs, self._new, self.unreported = [], [], [], []

    # The host's side

    def give(self, data: bytes, at: int, is_short: bool) -> "tuple[int, bool]":
        """Sends from data[at:] until the device's request is over; returns where the next one goes on, and whether a
        short packet was the end. `is_short`: it is less than was announced, so there is one, if need be an empty one.
        """
        view = self.outs[0]
        size = min(len(view), len(data) - at)
        if size == len(view):
            assert size % self.max_packet == 0 or at + size == len(data), "the request ends in the middle of a packet"
        else:
            assert size % self.max_packet or is_short, "a request of %d never ends after %d" % (len(view), size)
        view[:size] = data[at:at + size]
        is_ended = size < len(view)
        self._over(size)
        return at + size, is_ended

    def packet(self, data: bytes) -> None:
        """One packet, of any length up to the largest."""
        view = self.outs[0]
        assert len(view) >= len(data)
        view[:len(data)] = data
        self._over(len(data))

    def _over(self, count: int) -> None:
        self.outs.pop(0)
        self.bot.received(count)

    def take(self, is_late: bool) -> bytes:
        """The oldest transfer to the host."""
        data, is_watched = self.ins.pop(0)
        if is_watched:
            self.unreported.append(len(data))
        if not is_late:
            self.report()
        return data

    def report(self) -> bool:
        """Tells the device of all that the host has taken; False when it knows."""
        if not self.unreported:
            return False
        while self.unreported:
            self.bot.sent(self.unreported.pop(0))
        return True
