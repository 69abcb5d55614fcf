"""Puts pairing to work on a board that has keys. A root file: it wires pair/ to the ports."""

from firmware import ports
from firmware.api import keyroutes
from firmware.errors import Refused
from firmware.pair.pairing import Pairing

_WATCH_MS = 3600000


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


def watch_age(board, bulkhead) -> None:
    """Raises an alarm long before a certificate expires. A clock that nobody has set yet cannot tell."""
    bulkhead.call_after(_WATCH_MS, watch_age, board, bulkhead)
    trouble = ""
    try:
        if ports.clock_is_set() is not False:
            trouble = board.pairing.keys.aging(ports.wall_ms() // 1000)
    except Refused:
        pass  # whoever reads the keys for the link says so
    board.alarm("certificates", trouble)


def key_routes(board) -> "dict | None":
    """What the API can do with the keys of the board, None without any."""
    return None if board.pairing is None else keyroutes.routes(board.pairing.keys, board.events.note)
