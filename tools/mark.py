"""`sosie mark`: names a point in the log, for instance before an upgrade of the server."""

from tools.api import Client


def run(options) -> int:
    """Sets the mark on the board at the address, and says where it stands."""
    group = Client(options.address, timeout_s=30.0, pair=options.pair).mark(options.name)
    print("Mark %s is set behind group %d." % (options.name, group))
    return 0
