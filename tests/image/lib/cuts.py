"""Power cuts at chosen moments."""

import time

from tests.image.lib.board import Board

# From power to a pair that mirrors, about. A moment is a second of processor time of the machine, so it lies in the
# same phase however busy this computer is.
BOOT_PROCESSOR_S = 45.0


class Cuts:
    """Counts them, and says when each was."""

    def __init__(self):
        self.count = 0

    def after_processor_s(self, board: Board, seconds: float, what: str = "its start") -> None:
        """As soon as the machine has used so many since it was switched on."""
        while board.machine.seconds_of_processor() < seconds:
            assert board.machine.running, board.says()
            time.sleep(0.05)
        self.now(board, what)

    def now(self, board: Board, what: str) -> None:
        self.count += 1
        used = board.machine.seconds_of_processor()
        print("cut %d: %s after %.1f s of processor, in %s" % (self.count, board.name, used, what), flush=True)
        board.cut()
