"""What a board shows on its USB port while it has no disk to show: its console, and its status for who asks."""

import os

from firmware import ports
from firmware.errors import Refused

from .control import Answers, Control, open_function
from .legacy import claim
from .port import Port

_READABLE = 1


class UsbVoice:
    """The gadget of the board `board`, without the disk. `serial`: at least 12 upper-case hexadecimal digits.

    `status() -> bytes` answers `sosie usb status`. Raises Refused when the port is not to be had; while a process of
    the firmware that died is still waited for that passes by itself.
    """

    def __init__(self, loop, board: str, wanted: "str | None", serial: str, status):
        self._loop = loop
        port = Port(board, wanted)
        self._claim = claim(port.gadget_name)
        self._gadget = port.gadget(serial, os.getpid() % 100)
        try:
            self._gadget.prepare()
            descriptor = open_function(self._gadget.function_path, has_disk=False)
        except Refused:
            self._claim.close()
            raise
        self._lane = ports.ThreadLane(Answers(descriptor), loop)
        self._control = Control(descriptor, status, None, self._lane)
        loop.watch(descriptor, _READABLE, lambda events: self._control.readable())
        try:
            self.console = self._gadget.console_path
            self._gadget.bind()
        except Refused:
            self.close()
            raise

    def close(self) -> None:
        """Leaves nothing behind; consoles are to be closed before."""
        self._loop.forget(self._control.descriptor)
        self._gadget.tear_down()
        self._lane.close()
        self._control.close()
        self._claim.close()
