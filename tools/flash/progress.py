"""What a person sees while a card is made: one line a step, live on a terminal."""

import sys
import time

REFRESH_S = 0.2
PLAIN_S = 10.0
BAR = 24


class Progress:
    """Steps in order: begin(), move() often, end(). On what is no terminal it prints a line now and then."""

    def __init__(self, stream=None, clock=time.monotonic):
        self._stream = stream or sys.stdout
        self._clock = clock
        self._live = self._stream.isatty()
        self._title = ""
        self._began = self._shown = 0.0

    def begin(self, title: str) -> None:
        """A step begins."""
        self._title = title
        self._began = self._clock()
        self._shown = self._began
        self._write("\r\x1b[K  %s .." % title if self._live else "  %s ..\n" % title)

    def move(self, done: int, total: int) -> None:
        """So many bytes of it are done."""
        now = self._clock()
        if now - self._shown < (REFRESH_S if self._live else PLAIN_S) or not total:
            return
        self._shown = now
        share = min(1.0, done / total)
        left_s = (now - self._began) * (1 - share) / share if share else 0
        text = "%3d%%, %d of %d MiB, %d s left" % (share * 100, done >> 20, total >> 20, left_s)
        if not self._live:
            return self._write("    %s\n" % text)
        filled = round(BAR * share)
        self._write("\r\x1b[K  %s [%s] %s" % (self._title, "#" * filled + "." * (BAR - filled), text))

    def note(self, sentence: str) -> None:
        """What is being done within the step."""
        self._write("\r\x1b[K  %s: %s" % (self._title, sentence) if self._live else "    %s\n" % sentence)

    def end(self, text: str = "") -> None:
        """The step is done."""
        took = "%.1f s" % (self._clock() - self._began)
        line = "  %s: %s (%s)\n" % (self._title, text or "done", took)
        self._write("\r\x1b[K" + line if self._live else line)

    def stop(self) -> None:
        """It broke off: what is printed next stands on a line of its own."""
        if self._live:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
