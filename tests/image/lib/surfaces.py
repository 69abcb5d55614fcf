"""Where a board says what is wrong: its page, its serial console, the console on its USB port."""

import itertools

from tests.image.lib.board import BOOT_LIMIT_S, Board
from tests.image.lib.screen import Terminal
from tests.process.boards import wait_until

_READ_USB = "stty -F /dev/ttyACM0 raw -echo; timeout %d cat /dev/ttyACM0; true"


def wait_for_words(board: Board, words: str, limit_s: float = BOOT_LIMIT_S) -> None:
    """Until each of the surfaces says this, however it breaks its lines."""
    said = "its alarms say `%s`" % words
    board.wait_for(said, lambda status: any(words in each for each in status["alarms"]), limit_s)
    page = board.surface.request("GET", "/")
    assert page[0] == 200, page
    wait_until("the serial console says `%s`" % words, lambda: words in without_breaks(board.screen()), 120, 0.5)
    board.shell.run("true")  # it may be this that starts the shell, which takes as long as it likes
    looks_s = itertools.chain((4, 8), itertools.repeat(16))  # a slow board draws no whole picture in four seconds
    shown = "the USB console says `%s`" % words
    wait_until(shown, lambda: words in without_breaks(usb_console(board, next(looks_s))), 240, 0.5)


def usb_console(board: Board, look_s: int) -> str:
    """What a terminal of the board's host shows after so many seconds."""
    return Terminal().feed(board.shell.run(_READ_USB % look_s).encode())


def without_breaks(text: str) -> str:
    return " ".join(text.split())
