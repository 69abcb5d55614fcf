"""SIGTERM and SIGINT as events of the loop."""

import os
import signal

from ..linux import POLLIN


def catch(loop, callback) -> None:
    """Call `callback()` from the loop at each SIGTERM or SIGINT, instead of interrupting anything."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def on_signal(events: int) -> None:
        os.read(reader, 64)
        callback()

    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        # Without a handler of Python's own the C level would not write to the pipe.
        signal.signal(number, _nothing)
    loop.watch(reader, POLLIN, on_signal)


def _nothing(number, frame) -> None:
    pass
