"""What `sosie status --watch` tells who is no terminal: views of watch.py, as picture.py is one."""

import json
import sys
import time

from tools import status
from tools.feed import HAPPENED, STATUS


class Objects:
    """Every status as a line of JSON; why there is none on stderr, once."""

    def __init__(self, out):
        self._out = out
        self._said = {}

    def begin(self, boards: list) -> None:
        for board in boards:
            if board.status is not None:
                self.came(board, STATUS, board.status)
        self.tick(boards)

    def came(self, board, kind: str, content) -> None:
        if kind == STATUS:
            print(json.dumps(content), file=self._out, flush=True)

    def tick(self, boards: list) -> None:
        for board in boards:
            if board.trouble and board.trouble != self._said.get(board.address):
                print(board.trouble, file=sys.stderr, flush=True)
            self._said[board.address] = board.trouble

    def end(self, boards: list) -> None:
        """Nothing is left to say."""


class Lines:
    """A line for each board at the beginning, and whenever more than its numbers changes."""

    def __init__(self, out, with_events: bool):
        self._out = out
        self._with_events = with_events
        self._said = {}

    def begin(self, boards: list) -> None:
        self.tick(boards)

    def came(self, board, kind: str, content) -> None:
        if kind == HAPPENED and self._with_events:
            name, language = _named(board)
            time_of_it, text = status.moment(content, language)
            print("%s %s" % (time_of_it, status.clean(status.said_by(name, text))), file=self._out, flush=True)

    def tick(self, boards: list) -> None:
        for board in boards:
            gist, line = _gist(board), _line(board)
            if gist != self._said.get(board.address):
                self._said[board.address] = gist
                print(time.strftime("%Y-%m-%d %H:%M:%S ") + status.clean(line), file=self._out, flush=True)

    def end(self, boards: list) -> None:
        """Nothing is left to say."""


def _named(board) -> tuple:
    """(name, language)"""
    told = board.status or {}
    return told.get("name", board.address), status.known(told.get("language"))


def _gist(board):
    """What has to change before a line is worth it."""
    told = board.status
    if board.trouble or told is None:
        return board.trouble
    words = told.get("words", {})
    names = [(each["name"], each["level"]) for each in told.get("conditions", ())]
    return told["state"], words.get("verdict"), names, told["alarms"]


def _line(board) -> str:
    if board.status is None:
        return board.trouble
    if board.trouble:
        return "%s: %s" % (board.status["name"], board.trouble)
    wrong = ["; %s: %s" % row for row in status.wrong(board.status)]
    return status.describe(board.status).split("\n")[0] + "".join(wrong)
