"""Boards as a picture on a terminal, drawn anew each second on a screen of its own, which is gone when it ends."""

import os
import shutil
import textwrap
import time

from firmware.status import phrases
from firmware.status.screen import clean, cut
from firmware.status.texts import known, page
from tools import status

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_NORMAL, _STRONG, _DIM, _INVERSE = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[7m"
_COLOURS = {"good": "\x1b[32m", "warn": "\x1b[33m", "bad": "\x1b[31m"}
_LEAST_EVENTS = 3


class Picture:
    """A view of watch.py; `size()` gives (columns, lines) of the terminal."""

    def __init__(self, out, with_events: bool, size=shutil.get_terminal_size, now=time.monotonic, environ=None):
        self._out = out
        self._with_events = with_events
        self._size = size
        self._now = now
        self._plain = bool((os.environ if environ is None else environ).get("NO_COLOR"))

    def begin(self, boards: list) -> None:
        self._out.write(_ENTER)
        self.tick(boards)

    def came(self, board, kind: str, content) -> None:
        """It is drawn with the next picture."""

    def tick(self, boards: list) -> None:
        columns, lines = self._size()
        drawn = [line + _NORMAL + _REST_OF_LINE for line in self._lines(boards, columns - 1, lines)]
        self._out.write(_HOME + "\r\n".join(drawn) + _REST)
        self._out.flush()

    def end(self, boards: list) -> None:
        """The terminal is as it was before, with the last status below."""
        self._out.write(_NORMAL + _LEAVE)
        for board in boards:
            notice = self._notice(board)
            if notice:
                print(clean(notice), file=self._out)
            if board.status is not None:
                print(self._told(board, bool(notice)), file=self._out)
        self._out.flush()

    # Lines

    def _lines(self, boards: list, columns: int, height: int) -> "list[str]":
        room = height - 1
        blocks = [self._block(board, columns, False) for board in boards]
        if sum(map(len, blocks)) + len(blocks) - 1 > room and len(boards) > 1:
            blocks = [self._block(board, columns, True) for board in boards]
        lines = []
        for block in blocks:
            lines += ([""] if lines else []) + block
        if self._with_events:
            lines += self._lately(boards, columns, room - len(lines))
        lines = lines[:room]
        lines += [""] * (room - len(lines))
        return [*lines, _DIM + cut(time.strftime("%H:%M:%S  ") + "Ctrl-C", columns)]

    def _block(self, board, columns: int, short: bool) -> "list[str]":
        notice = self._notice(board)
        lines = [_INVERSE + text for text in textwrap.wrap(clean(notice), columns)]
        if board.status is None:
            return lines
        old = bool(notice)
        told = self._told(board, old).split("\n")
        if short:
            told = told[:2] + ["  %s: %s" % row for row in status.wrong(board.status)]
        for number, line in enumerate(told):
            for text in textwrap.wrap(clean(line), columns, subsequent_indent="  ") or [""]:
                lines.append((_DIM if old else self._colour(board.status) if number == 0 else "") + text)
        return lines

    def _told(self, board, old: bool) -> str:
        return status.describe_past(board.status, self._now() - board.heard_s) if old else status.describe(board.status)

    def _notice(self, board) -> str:
        """That what is shown is old, and why; empty where it is of now."""
        now_s = self._now()
        if board.status is None:
            return board.trouble or board.address
        if not board.is_old(now_s):
            return ""
        language = known(board.status.get("language"))
        ago = page(language)["ago"].replace("{span}", phrases.duration(language, int(now_s - board.heard_s)))
        text = page(language)["heard.ago"].replace("{ago}", ago)
        return "%s: %s" % (board.status["name"], text) + (". " + board.trouble if board.trouble else "")

    def _colour(self, told: dict) -> str:
        mood = told.get("words", {}).get("mood")
        return _STRONG + ("" if self._plain else _COLOURS.get(mood, ""))

    def _lately(self, boards: list, columns: int, room: int) -> "list[str]":
        """The newest events of all boards, as many as there is room for."""
        found, language = [], known((boards[0].status or {}).get("language"))
        for board in boards:
            name = (board.status or {}).get("name", board.address)
            for each in board.events:
                sentence = status.said_by(name, str(each["sentence"])) if len(boards) > 1 else each["sentence"]
                found.append((each["ms"], status.event({**each, "sentence": sentence}, language)))
        found.sort(key=lambda one: one[0])
        lines = [cut(clean(line), columns) for _, event in found for line in event]
        if room - 2 < _LEAST_EVENTS or not lines:
            return []
        return ["", _STRONG + page(language)["events.title"], *lines[2 - room :]]
