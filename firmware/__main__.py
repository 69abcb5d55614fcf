"""`python3 -m firmware board.conf`: one board, in the foreground.

Exit code 0 after a clean stop by SIGTERM or SIGINT, 2 with one sentence for the operator when the board
cannot start, 1 when its storage failed.
"""

import sys

from firmware import config
from firmware.appliance import Appliance
from firmware.errors import Refused


def main(arguments: list) -> int:
    """Runs the board that `arguments` names; returns the exit code."""
    if len(arguments) != 1:
        return _refuse("usage: python3 -m firmware board.conf")
    path = arguments[0]
    try:
        return Appliance(_settings(path)).run()
    except Refused as e:
        return _refuse("%s: %s" % (path, e))


def _settings(path: str):
    try:
        with open(path, "rb") as file:
            return config.parse(file.read(config.MAX_BYTES + 1))
    except OSError:
        raise Refused("this file cannot be read; name the board.conf of this board")


def _refuse(sentence: str) -> int:
    sys.stderr.write("sosie: %s\n" % sentence)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
