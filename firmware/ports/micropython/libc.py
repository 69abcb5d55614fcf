"""libc through `ffi`: one way to bind a function and to turn its failure into an OSError."""

import os

import ffi

from ..linux import EINTR


def _open():
    for name in ("libc.so.6", "libc.so", None):
        try:
            return ffi.open(name)
        except OSError:
            pass
    raise OSError("no libc to be found")


_libc = _open()


def find(result: str, name: str, arguments: str):
    """The function `name` with 64-bit offsets: glibc calls it name64, musl has only the plain name."""
    try:
        return _libc.func(result, name + "64", arguments)
    except OSError:
        return _libc.func(result, name, arguments)


_describe = find("s", "strerror", "i")


def bind(result: str, name: str, arguments: str):
    """A callable that runs `name` again after EINTR and raises OSError on -1."""
    function = find(result, name, arguments)

    def call(*values):
        while True:
            outcome = function(*values)
            if outcome != -1:
                return outcome
            number = os.errno()
            # A collection interrupts system calls of every thread here.
            if number != EINTR:
                raise OSError(number, _describe(number))

    return call
