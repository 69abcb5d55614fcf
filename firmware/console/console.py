"""The console: a live status screen and a prompt on a serial line, as a Conversation (bytes in, bytes out).

    what comes     keys.py takes apart, a line is edited here, commands.py carries it out
    what goes out  views.py says what stands where, status/screen.py how that is drawn

A frame is made only when the one before is gone from the line, so nobody who comes back finds old ones; what is typed
meanwhile is drawn behind it. While a line is being typed no frame is begun. What comes faster than a person types or
pastes is left where it is: a flood costs the board next to nothing, and whoever floods has to wait.
"""

from firmware.console import commands, views
from firmware.console.commands import Commands
from firmware.console.keys import CANCEL, CLEAR, ECHOED, ENTER, ERASE, REDRAW, Keys
from firmware.status.screen import HEIGHT, Line, clean, cut, frame, prompt_line, texts, width
from firmware.status.snapshot import snapshot

FRAME_MS = 1000
TYPING_MS = 1500  # so long after a key no frame is begun
FORGET_MS = 60000  # what somebody began to type, and left
MAX_LINE = 72  # columns; with the prompt it fits on the screen
_SLOW_MS = 400  # a line that takes longer for a frame gets what has changed, and all of it only now and then
_WHOLE_EVERY = 10
_LOOK_MS = 250
_ESCAPE_MS = 300
_MESSAGE_MS = 30000
_BUFFER = 256  # bytes taken at once, and in _PACE_MS
_DEAF_BUFFER = 8192  # the same of what is thrown away anyhow
_PACE_MS = 50


def _nobody() -> None:
    """Stands for `wake` until a driver sets it."""


def _nothing() -> int:
    return 0


class Console:
    """One terminal on `board`, which gives facts(), events, mark() and promote().

    `wall_ms()` is the wall clock; `queued()` tells how many bytes the line was given and has not passed on. `show()`:
    the snapshot, where others show it too.
    """

    def __init__(self, board, wall_ms, queued=_nothing, show=None):
        self.wake = _nobody
        self._show = show or (lambda: snapshot(board))
        self._board = board
        self._wall_ms = wall_ms
        self._name = "the board"
        self._queued = queued
        self._commands = Commands(board, self._answered)
        self._keys = Keys(self._take)
        self._buffer = memoryview(bytearray(_BUFFER))
        self._allowed = _BUFFER
        self._pace_ms = None
        self._line = ""
        self._overlong = False
        self._deaf = False  # what comes is our own screen, echoed; until it is quiet, or a key that cannot be ours
        self._keyed = False  # since the last poll(), which knows when
        self._key_ms = None
        self._now_ms = 0
        self._message_ms = None
        self._out = None
        self._echo = ""  # the end of the line, when only that is not drawn
        self._prompt_due = False  # the line has to be drawn anew
        self._due_ms = None
        self._begun_ms = None  # a frame is on its way since
        self._slow = False
        self._frames = 0
        self._known = []
        self._closing = False
        self._over = False

    # In

    def wanted(self) -> "memoryview | None":
        """Where the next bytes go; None while too many came."""
        if self._over or self._closing or not self._allowed:
            return None
        return self._buffer[: self._allowed] if self._allowed < _BUFFER else self._buffer

    def received(self, count: int) -> None:
        """`count` bytes came; 0: the line hung up."""
        if not count:
            self.lost()
            return
        self._allowed -= count
        self._keyed = True
        self._keys.received(self._buffer[:count])

    def _take(self, key: str) -> None:
        if key == ECHOED:
            self._hush()
        elif self._deaf and key not in (ENTER, CLEAR, CANCEL, REDRAW):
            pass
        elif key == ENTER:
            self._enter()
        elif key == ERASE:
            self._line = self._line[:-1]
            self._overlong = False  # what stands there is what is meant
            self._prompt_due = True
        elif key in (CLEAR, CANCEL):
            self._deaf = False
            self._forget_line()
            if key == CANCEL:
                self._commands.cancel()
                self._redraw()
        elif key == REDRAW:
            self._deaf = False
            self._known = []
            self._redraw()
        else:
            self._type(key)

    def _hush(self) -> None:
        self._deaf = True
        if self._line or self._overlong:
            self._forget_line()

    def _type(self, character: str) -> None:
        if width(self._prompt()) + width(self._line) + width(character) > MAX_LINE:
            self._overlong = True
            return
        self._line += character
        if not self._prompt_due:  # else it is drawn with the line: nobody may ever read what would be kept here
            self._echo += character

    def _enter(self) -> None:
        line, overlong, deaf = self._line, self._overlong, self._deaf
        self._forget_line()
        self._deaf = False
        if overlong or deaf:
            self._commands.cancel()
            self._commands.message = self._commands.say("too_long" if overlong else "garbled")
        elif line.strip():
            try:
                self._commands.enter(line)
            except Exception as error:  # a bug in a command must not stop the mirroring
                self._commands.message = self._commands.say("bug", repr(error))
        else:
            self._commands.cancel()
        self._message_ms = self._now_ms
        self._redraw()

    def _forget_line(self) -> None:
        self._line, self._overlong = "", False
        self._prompt_due = True

    def _answered(self) -> None:
        """An answer came that was waited for."""
        self._message_ms = self._now_ms
        self._redraw()
        self.wake()

    # Out

    def outgoing(self) -> "memoryview | None":
        """The next bytes for the terminal."""
        if self._out is None and not self._over:
            if self._prompt_due:
                self._out = memoryview(prompt_line(self._prompt() + self._line).encode())
            elif self._echo:
                self._out = memoryview(self._echo.encode())
            self._prompt_due, self._echo = False, ""
        return self._out

    def sent(self, count: int) -> None:
        """`count` bytes of the last outgoing() are on their way."""
        self._out = self._out[count:] if count < len(self._out) else None

    def _prompt(self) -> str:
        return self._commands.prompt

    def _redraw(self) -> None:
        """A frame as soon as the line is free, whoever types."""
        self._due_ms = self._now_ms

    def _draw(self) -> None:
        whole = not self._known or not self._slow or self._frames % _WHOLE_EVERY == 0
        lines = self._lines()
        # The first frame clears the screen, later ones draw over it: nothing flickers.
        known = self._known if not whole or not self._known else [None] * (HEIGHT - 1)
        self._out = memoryview(frame(lines, known, self._prompt() + self._line))
        self._known = texts(lines)
        self._prompt_due, self._echo = False, ""
        self._frames += 1

    def _lines(self) -> list:
        now_ms = self._wall_ms()
        try:
            status = self._show()
            self._name = status["name"]
            top, bottom = views.head(status), views.foot(self._commands.message, now_ms, status)
            room = HEIGHT - 1 - len(top) - len(bottom)
            events = self._board.events.newest()
            return views.whole(top, commands.body(self._commands, status, events, now_ms, room), bottom)
        except Exception as error:  # a bug in what is shown must not stop the mirroring
            return [Line("This is a bug of the board: %r" % error)]

    # Time

    def poll(self, now_ms: int) -> "int | None":
        """Draws when it is time; returns when to look again."""
        self._now_ms = now_ms
        if self._over:
            return None
        if self._keyed:
            self._keyed, self._key_ms = False, now_ms
        self._pace(now_ms)
        self._age(now_ms)
        due = self._due(now_ms)
        if self._out is not None:
            due = now_ms + _LOOK_MS  # it goes on by itself when the line takes more
        elif now_ms >= due:
            due = self._begin(now_ms)
        if self._allowed < _BUFFER:
            due = min(due, self._pace_ms)
        return max(due, now_ms + 1)

    def _pace(self, now_ms: int) -> None:
        if self._pace_ms is None or now_ms >= self._pace_ms:
            self._allowed = _DEAF_BUFFER if self._deaf else _BUFFER
            self._pace_ms = now_ms + _PACE_MS

    def _age(self, now_ms: int) -> None:
        """What was begun and left does not stay."""
        self._commands.poll(now_ms)
        if self._key_ms is not None:
            if now_ms - self._key_ms >= _ESCAPE_MS:
                self._keys.settle()
                self._deaf = False
            if now_ms - self._key_ms >= FORGET_MS and (self._line or self._overlong):
                self._forget_line()
        if self._message_ms is not None and now_ms - self._message_ms >= _MESSAGE_MS:
            self._message_ms, self._commands.message = None, ""

    def _due(self, now_ms: int) -> int:
        """When the next frame is to be begun."""
        due = now_ms if self._due_ms is None else self._due_ms
        if self._line and self._known and self._key_ms is not None:
            due = max(due, self._key_ms + TYPING_MS)
        return due

    def _begin(self, now_ms: int) -> int:
        """Begins a frame unless the one before still lies in the line; returns when the next one is due."""
        if self._queued():
            return now_ms + _LOOK_MS
        if self._begun_ms is not None:
            self._slow = now_ms - self._begun_ms > FRAME_MS + _SLOW_MS
        self._begun_ms = now_ms
        self._due_ms = now_ms + FRAME_MS
        if not self._closing:
            self._draw()
        return self._due_ms

    # The end

    @property
    def finished(self) -> bool:
        """Whether the driver may close once outgoing() is None."""
        return self._over or (self._closing and self._out is None)

    def close(self) -> None:
        """The board stops: the screen says that it is not live any more."""
        if self._over or self._closing:
            return
        self._closing = True
        badge = " %s " % self._commands.say("stopped")
        line = Line(cut(badge + " " + self._commands.say("stopping", clean(self._name))), len(badge), True)
        farewell = "\x1b[1;1H%s\x1b[K%s" % (line.drawn(), prompt_line(""))
        self._out = memoryview((bytes(self._out) if self._out is not None else b"") + farewell.encode())
        self.wake()

    def lost(self) -> None:
        """The line is gone."""
        self._over = True
        self._out = None
        self._line = self._echo = ""
