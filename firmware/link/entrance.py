"""The door of the one open port: who begins as TLS does comes to the link, who wants to be paired to an introduction.

A Conversation that reads one byte, and from then on is the one that it has chosen.
"""

from firmware.errors import ProtocolError

LIMIT_MS = 10000
TLS_HANDSHAKE = 0x16  # RFC 8446 5.1: ContentType of a record with a ClientHello
INTRODUCTION = ord("S")  # of pair/card.py's MAGIC


def _nobody_to_wake():
    pass


class Entrance:
    """`link()` and `introduction()` make what follows; None: it is turned away."""

    def __init__(self, link, introduction):
        self.wake = _nobody_to_wake
        self._makers = {TLS_HANDSHAKE: link, INTRODUCTION: introduction}
        self._first = memoryview(bytearray(1))
        self._chosen = None
        self._over = False
        self._deadline_ms = None

    @property
    def finished(self) -> bool:
        return self._over if self._chosen is None else self._chosen.finished

    @property
    def expendable(self) -> bool:
        """To its listener: whether this is a stranger, who makes room for others."""
        return self._chosen is None or getattr(self._chosen, "expendable", False)

    def wanted(self) -> "memoryview | None":
        if self._chosen is not None:
            return self._chosen.wanted()
        return None if self._over else self._first

    def received(self, count: int) -> None:
        if self._chosen is not None:
            self._chosen.received(count)
        elif not count:
            self._over = True
        else:
            self._choose(self._first[0])

    def _choose(self, first: int) -> None:
        make = self._makers.get(first)
        if make is None:
            self._over = True
            raise ProtocolError("what is connected here speaks neither TLS nor pairing")
        chosen = make()
        if chosen is None:
            self._over = True
            return
        chosen.wake = self._wake_up
        self._chosen = chosen
        chosen.wanted()[:1] = self._first
        chosen.received(1)

    def _wake_up(self) -> None:
        self.wake()  # which its driver sets later than now

    def outgoing(self):
        return None if self._chosen is None else self._chosen.outgoing()

    def sent(self, count: int) -> None:
        self._chosen.sent(count)

    def poll(self, now_ms: int) -> "int | None":
        """Who says nothing for 10 s is let go of."""
        if self._chosen is not None:
            return self._chosen.poll(now_ms)
        if self._deadline_ms is None:
            self._deadline_ms = now_ms + LIMIT_MS
        if now_ms >= self._deadline_ms:
            self._over = True
        return self._deadline_ms

    def lost(self) -> None:
        self._over = True
        if self._chosen is not None:
            self._chosen.lost()
