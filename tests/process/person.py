"""A person with a terminal emulator at the other end of a board's serial line, which is a pseudo-terminal here."""

import contextlib
import os
import select
import time
from pathlib import Path

import pyte

from tests.process.boards import wait_until


class Line:
    """A serial line whose device is a symbolic link at `path`, as udev makes them, and which can be pulled out."""

    def __init__(self, path: Path):
        self.path = path
        self.master = -1
        self.plug()

    def plug(self) -> None:
        """The device is there from now on."""
        self.master, slave = os.openpty()
        name = os.ttyname(slave)
        os.set_blocking(self.master, False)
        fresh = self.path.with_suffix(".new")
        fresh.symlink_to(name)
        fresh.rename(self.path)
        self._slave = slave  # while the board has not opened it, this keeps the line up
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.got = 0

    def unplug(self) -> None:
        """The line hangs up and the device is gone."""
        os.close(self._slave)
        os.close(self.master)
        self.path.unlink()
        self.master = -1

    def close(self) -> None:
        if self.master >= 0:
            self.unplug()

    def look(self) -> str:
        """Takes what came, and returns what the screen shows."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data = os.read(self.master, 65536)
                self.got += len(data)
                self._stream.feed(data)
        return "\n".join(self.screen.display)

    def type(self, keys: "str | bytes", limit_s: float = 60.0) -> None:
        """Types, and waits while the board does not take it."""
        data = keys.encode() if isinstance(keys, str) else keys
        deadline = time.monotonic() + limit_s
        while data:
            self.look()
            if select.select([], [self.master], [], 0.05)[1]:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self.master, data) :]
            assert time.monotonic() < deadline, "the board takes nothing"

    def sees(self, text: str, limit_s: float = 60.0) -> str:
        """The screen, once `text` is on it."""
        try:
            return wait_until("", lambda: self._whole_with(text), limit_s)
        except AssertionError:
            raise AssertionError("%r does not come; the screen:\n%s" % (text, self.look())) from None

    def _whole_with(self, text: str) -> "str | None":
        """The screen when `text` is on it; a frame hides the cursor until all of it is there."""
        shown = self.look()
        return shown if text in shown and not self.screen.cursor.hidden else None

    @property
    def first(self) -> str:
        """The first line of the screen."""
        self.look()
        return self.screen.display[0].strip()

    @property
    def prompt(self) -> str:
        """The last one."""
        self.look()
        return self.screen.display[23].rstrip()
