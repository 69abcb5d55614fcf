"""Puts pairing to work on a board that has keys. A root file: it wires pair/ to the ports."""

from firmware import ports
from firmware.api import keyroutes
from firmware.pair.pairing import Pairing

_WATCH_MS = 3600000
_PATIENCE_S = 5  # with a card that hangs


class _Runtime:
    """What Pairing takes of the runtime."""

    random_bytes = staticmethod(ports.random_bytes)
    now_ms = staticmethod(ports.now_ms)
    start = staticmethod(ports.start_exchange)

    def __init__(self, loop):
        self._loop = loop
        self.call_after = loop.call_after

    def dial(self, address: tuple, make_conversation, on_failed) -> None:
        ports.dial(self._loop, address, make_conversation, on_failed)


def make_pairing(board, settings, loop) -> Pairing:
    """For the board that `settings` describe, whose keys folder was opened. Raises Refused."""
    keyring = ports.open_keyring(settings.keys, settings.name)
    waits = settings.listen is not None
    return Pairing(board.identity, keyring, _Runtime(loop), waits, settings.peer, board.events.note)


class Locksmith:
    """The surface that works on the keys of `board` while it runs: what the operator asks for, over the API or on a
    console, on a lane of `bulkhead`."""

    def __init__(self, board, bulkhead):
        self._board = board
        self._bulkhead = bulkhead
        self._lane = board.pairing.lane = bulkhead.lane(board.pairing.keys)

    def routes(self) -> dict:
        """What the API can do with the keys."""
        return keyroutes.routes(self._board.pairing.do)

    def start(self) -> None:
        """An alarm comes long before a certificate expires. A clock that nobody has set yet cannot tell."""
        self._bulkhead.call_after(_WATCH_MS, self.start)
        if ports.clock_is_set() is False:
            self._aged("", None)
        else:
            self._board.pairing.do(self._aged, "", "aging", ports.wall_ms() // 1000)

    def _aged(self, trouble, error) -> None:
        # Where the keys cannot be read, whoever reads them for the link says so.
        self._board.alarm("certificates", trouble if error is None else "")

    def close(self) -> None:
        """What it has begun, it finishes."""
        self._lane.close(_PATIENCE_S)
