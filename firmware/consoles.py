"""The consoles of a board on serial devices. A root file: it wires the console (firmware/console) to the ports."""

from firmware import ports
from firmware.bulkhead import Bulkhead
from firmware.console.console import Console
from firmware.terminal import Terminal


class Consoles:
    """Of `board`; from start() to stop() each shows what it has to show while its device is there. `show()` is the
    snapshot to show."""

    def __init__(self, board, loop, show=None):
        self._board = board
        self._loop = loop
        self._show = show
        self._bulkhead = Bulkhead("console", loop, board.alarm)
        self._terminals = []
        self._running = False

    def add(self, path: str, speed: "int | None" = None) -> None:
        """One more, on the device at `path`."""
        board, bulkhead = self._board, self._bulkhead

        def make_conversation(port) -> Console:
            console = Console(board, ports.wall_ms, port.queued, self._show)
            console.bug = bulkhead.broke
            return console

        terminal = Terminal(
            lambda: ports.open_serial(path, speed),
            self._loop.converse,
            make_conversation,
            bulkhead.call_after,
            lambda sentence: board.alarm("console " + path, sentence),
        )
        self._terminals.append(terminal)
        if self._running:
            bulkhead.run(terminal.start)

    def start(self) -> None:
        self._running = True
        for terminal in self._terminals:
            self._bulkhead.run(terminal.start)

    def stop(self) -> None:
        for terminal in self._terminals:
            self._bulkhead.run(terminal.stop)
