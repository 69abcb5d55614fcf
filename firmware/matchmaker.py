"""Puts pairing to work on a board that has keys. A root file: it wires pair/ to the ports."""

from firmware import ports
from firmware.api import keyroutes
from firmware.pair.pairing import Pairing

_WATCH_MS = 3600000
_LOOK_MS = 10000
_JUMP_MS = 60000  # of the wall clock: what was judged by the one before counts no more
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
        self._asking = False
        self._judged = None  # how old the certificates are: (monotonic ms, the wall clock's distance from it) of then
        board.doubt("certificates", "keys")

    def routes(self) -> dict:
        """What the API can do with the keys."""
        return keyroutes.routes(self._board.pairing.do)

    def start(self) -> None:
        """An alarm comes long before a certificate expires. A clock that nobody has set yet cannot tell: what was told
        before a restart is not over because of that."""
        self._bulkhead.call_after(_LOOK_MS, self.start)
        if ports.clock_is_set() is False:
            self._judged = None
            self._say("", False)
        elif self._is_due() and not self._asking:
            self._asking = True
            self._judged = (ports.now_ms(), _distance_ms())
            self._board.pairing.do(self._aged, "", "aging", ports.wall_ms() // 1000)

    def _is_due(self) -> bool:
        if self._judged is None:
            return True
        at_ms, distance_ms = self._judged
        return ports.now_ms() - at_ms >= _WATCH_MS or abs(_distance_ms() - distance_ms) > _JUMP_MS

    def _aged(self, trouble, error) -> None:
        self._asking = False
        if error is not None:  # where the keys cannot be read, whoever reads them for the link says so
            self._judged = None
        self._say(trouble if error is None else "", error is None)

    def _say(self, trouble: str, is_known: bool) -> None:
        self._board.doubt("certificates", "" if is_known else "keys")
        self._board.alarm("certificates", trouble)

    def close(self) -> None:
        """What it has begun, it finishes."""
        self._lane.close(_PATIENCE_S)


def _distance_ms() -> int:
    return ports.wall_ms() - ports.now_ms()
