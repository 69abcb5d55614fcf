"""`python3 -m tools.flash`, which flash.sh runs."""

import signal
import sys

from tools.flash.command import main


def _interrupt(number, _) -> None:
    raise KeyboardInterrupt


# Whatever ends it, what lies about with keys in it goes, and the card keeps no half of a board.
signal.signal(signal.SIGTERM, _interrupt)
signal.signal(signal.SIGHUP, _interrupt)
sys.exit(main(sys.argv[1:]))
