"""`python3 -m board.usb.prepare BOARD USER`: as root, before the board starts, makes its USB gadget and lends it.

Then `attach = usb` needs no privileges. Exit code 2 with one sentence when the machine has no USB gadgets.
"""

import pwd
import sys

from firmware.errors import Refused

from .lent import lend
from .paths import Paths


def main(arguments: list) -> int:
    """Makes the gadget of the board that `arguments` name; returns the exit code."""
    if len(arguments) != 2:
        return _refuse("usage: python3 -m board.usb.prepare BOARD USER")
    board, user = arguments
    try:
        who = pwd.getpwnam(user)
        lend(Paths(), board, who.pw_uid, who.pw_gid)
    except KeyError:
        return _refuse("there is no user %s on this machine; name the one who runs the board" % user)
    except Refused as error:
        return _refuse(str(error))
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write("sosie: %s\n" % sentence)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
