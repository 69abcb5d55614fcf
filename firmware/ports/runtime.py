"""The one choice of runtime: `system` (files, clock), `sockets`, `serial`, `signals`, `notify`, and the lanes.

Where there are neither threads nor fork, all lanes are the one in line, and there is no asynchronous I/O.
"""

import sys

if sys.implementation.name == "micropython":
    from .lanes import InlineLane as ProcessLane
    from .lanes import InlineLane as ThreadLane
    from .lanes import run_within
    from .micropython import notify, serial, signals, sockets, system

    Aio = None
else:
    from .cpython import notify, serial, signals, sockets, system
    from .cpython.aio import Aio
    from .cpython.process import ProcessLane
    from .cpython.threads import ThreadLane, run_within

__all__ = ["Aio", "ProcessLane", "ThreadLane", "notify", "run_within", "serial", "signals", "sockets", "system"]
