"""SIGTERM and SIGINT as events of the loop: signalfd, since a handler could run no Python safely here."""

from ..linux import POLLIN, SIGINT, SIGTERM
from .libc import bind

_BLOCK = 0
_CLOSE_ON_EXEC_NO_WAIT = 0o2000000 | 0o4000

_sigprocmask = bind("i", "sigprocmask", "iPp")
_signalfd = bind("i", "signalfd", "iPi")
_read = bind("q", "read", "ipL")


def catch(loop, callback) -> None:
    """Call `callback()` from the loop at each SIGTERM or SIGINT, instead of interrupting anything."""
    signals = bytearray(128)  # sigset_t: bit n-1 is signal n
    for number in (SIGINT, SIGTERM):
        signals[(number - 1) // 8] |= 1 << (number - 1) % 8
    _sigprocmask(_BLOCK, signals, bytearray(128))
    descriptor = _signalfd(-1, signals, _CLOSE_ON_EXEC_NO_WAIT)
    facts = bytearray(128)  # one struct signalfd_siginfo

    def on_signal(events: int) -> None:
        _read(descriptor, facts, 128)
        callback()

    loop.watch(descriptor, POLLIN, on_signal)
