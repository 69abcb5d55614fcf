"""The keys folder of a board, where the runtime has cryptography."""

import sys

from ..errors import Refused


def open_keys(folder: str):
    """Credentials (firmware/ports/cpython/tls.py) of the keys in `folder`; Refused when they cannot be used."""
    if sys.implementation.name == "micropython":
        raise Refused("keys need CPython: leave the line out and stay on loopback addresses, or run it with python3")
    from .cpython.tls import Credentials  # brings OpenSSL with it, which a board without keys does without

    return Credentials(folder)
