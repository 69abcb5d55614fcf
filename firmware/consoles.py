"""The consoles of a board on serial devices. A root file: it wires the console (firmware/status) to the ports."""

from firmware import ports
from firmware.status.console import Console
from firmware.terminal import Terminal


class Consoles:
    """Of `board`; from start() to stop() each shows what it has to show while its device is there."""

    def __init__(self, board, loop):
        self._board = board
        self._loop = loop
        self._terminals = []
        self._running = False

    def add(self, path: str, speed: "int | None" = None) -> None:
        """One more, on the device at `path`."""
        board, loop = self._board, self._loop
        terminal = Terminal(
            lambda: ports.open_serial(path, speed),
            loop.converse,
            lambda port: Console(board, ports.wall_ms, port.queued),
            loop.call_after,
            lambda sentence: board.alarm("console " + path, sentence),
        )
        self._terminals.append(terminal)
        if self._running:
            terminal.start()

    def start(self) -> None:
        self._running = True
        for terminal in self._terminals:
            terminal.start()

    def stop(self) -> None:
        for terminal in self._terminals:
            terminal.stop()
