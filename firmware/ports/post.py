"""The way out for alerts, where the runtime has mail, HTTP and TLS."""

import sys

from ..errors import Refused

if sys.implementation.name != "micropython":  # at the start of the board; what is large is loaded when it is wanted
    from .cpython.mailbox import Mailbox
    from .cpython.post import PostOffice


def check_post() -> None:
    """Raises Refused where nothing can be sent."""
    if sys.implementation.name == "micropython":
        raise Refused("alerts need CPython: leave the lines alert_.. out, or run it with python3")


def open_post(bulkhead):
    """A PostOffice (firmware/ports/cpython/post.py). Raises Refused, and OSError where there is no room for another
    descriptor."""
    check_post()
    return PostOffice(bulkhead, Mailbox(bulkhead.loop))
