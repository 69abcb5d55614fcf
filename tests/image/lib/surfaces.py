"""Where a board says what is wrong: its page, its serial console, the console on its USB port."""

from tests.image.lib.board import Board
from tests.image.lib.screen import Terminal
from tests.process.boards import wait_until

_READ_USB = "stty -F /dev/ttyACM0 raw -echo; timeout 4 cat /dev/ttyACM0; true"


def wait_for_words(board: Board, words: str, limit_s: float = 240.0) -> None:
    """Until each of the surfaces says this, however it breaks its lines."""
    said = "its alarms say `%s`" % words
    board.wait_for(said, lambda status: any(words in each for each in status["alarms"]), limit_s)
    page = board.surface.request("GET", "/")
    assert page[0] == 200, page
    wait_until("the serial console says `%s`" % words, lambda: words in without_breaks(board.screen()), 30, 0.5)
    wait_until("the USB console says `%s`" % words, lambda: words in without_breaks(usb_console(board)), 60, 0.5)


def usb_console(board: Board) -> str:
    """What a terminal of the board's host shows."""
    return Terminal().feed(board.shell.run(_READ_USB).encode())


def without_breaks(text: str) -> str:
    return " ".join(text.split())
