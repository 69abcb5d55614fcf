"""What the person sees: one line an act, a live line while it runs, a summary. 80 columns."""

import os
import shutil
import sys
import time

TEXT_COLUMNS = 57
BAR_COLUMNS = 24
REFRESH_S = 0.05


def mib(size: float) -> str:
    """Bytes for a reader: '9.4 MiB', '148 MiB', '1.2 GiB'."""
    if size >= 1 << 30:
        return "%.1f GiB" % (size / (1 << 30))
    value = size / (1 << 20)
    return ("%.1f MiB" if value < 9.95 else "%.0f MiB") % value


def plural(count: int, noun: str) -> str:
    """'1 group', '1,204 groups'."""
    return "%s %s%s" % (format(count, ","), noun, "" if count == 1 else "s")


class Screen:
    """Draws on a terminal, or prints plain finished lines when the stream is none."""

    def __init__(self, stream=None, environment=os.environ):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty() and environment.get("TERM", "dumb") != "dumb"
        self.colour = self.live and not environment.get("NO_COLOR")
        rich = (getattr(self.stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        self.good, self.bad, self.busy, self.full, self.empty = "✓✗…█░" if rich else "+!-#."
        self._title = ""
        self._began = self._drawn = 0.0

    def say(self, text: str = "", style: str = ""):
        """A plain line."""
        self._erase()
        self._write(self._styled(text, style) + "\n")

    def columns(self):
        """The names of the columns in which the acts stand."""
        self.say()
        self.say("   %-*s %-11s %6s" % (TEXT_COLUMNS, "act", "twin's copy", "took"), "2")

    def begin(self, title: str):
        """An act begins; its live line shows until end()."""
        self._title = title
        self._began = time.monotonic()
        self._drawn = 0.0
        self.progress()

    def progress(self, text: str = "", fraction: "float | None" = None):
        """Redraws the live line, with a bar where a fraction is given."""
        if not self.live or time.monotonic() - self._drawn < REFRESH_S:
            return
        self._drawn = time.monotonic()
        room = shutil.get_terminal_size().columns - 1
        line = " %s %-20s" % (self.busy, self._title)
        if fraction is not None:
            line += " " + self._bar(fraction)
        self._write("\r\x1b[K" + (line + " " + text)[:room])

    def end(self, text: str, copy: str = ""):
        """The act held: its one finished line."""
        self._erase()
        took = "%.1f s" % (time.monotonic() - self._began)
        self._write(" %s %-*s %-11s %6s\n" % (self._styled(self.good, "32"), TEXT_COLUMNS, text, copy, took))

    def fail(self, text: str):
        """The act did not hold."""
        self._erase()
        self._write(" %s %s: %s\n" % (self._styled(self.bad, "31"), self._title or "Demo", text))

    def _bar(self, fraction: float) -> str:
        filled = round(BAR_COLUMNS * min(1.0, max(0.0, fraction)))
        return self.full * filled + self.empty * (BAR_COLUMNS - filled)

    def _erase(self):
        if self.live:
            self._write("\r\x1b[K")

    def _styled(self, text: str, style: str) -> str:
        return "\x1b[%sm%s\x1b[0m" % (style, text) if self.colour and style else text

    def _write(self, text: str):
        self.stream.write(text)
        self.stream.flush()
