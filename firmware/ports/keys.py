"""The keys folder of a board, where the runtime has cryptography."""

import sys

from ..errors import Refused


def open_keys(folder: str):
    """Credentials (firmware/ports/cpython/tls.py) of the keys in `folder`; Refused when there is no such folder."""
    if sys.implementation.name == "micropython":
        raise Refused("keys need CPython: leave the line out and stay on loopback addresses, or run it with python3")
    from .cpython.tls import Credentials  # brings OpenSSL with it, which a board without keys does without

    return Credentials(folder)


def open_keyring(folder: str, name: str):
    """The Keyring (firmware/ports/cpython/keyring.py) of the board `name`. Raises Refused."""
    from .cpython.keyring import Keyring

    return Keyring(folder, name)


def start_exchange(code: str, calls: bool):
    """One Exchange (firmware/ports/cpython/pake.py). Raises Refused."""
    from .cpython.pake import Exchange

    return Exchange(code, calls)
