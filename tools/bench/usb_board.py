"""A board whose USB endpoints are sockets: `python -m tools.bench.usb_board CONF OUT IN` (descriptors).

What it costs is what the board's own work costs; the kernel's part of USB is not in it. A transfer is sent in
messages of a request's size, as board/usb/endpoints.py asks the controller for it.
"""

import socket
import sys

from board.usb.disk import serial_number, units_of
from firmware import config, ports
from firmware.appliance import Appliance
from firmware.host.bot import MAX_PACKET, Bot
from firmware.host.scsi.task import PIECE, Task
from firmware.log.ledger import private_words

REQUEST = 128 << 10
_READABLE = 1


class SocketEndpoints:
    """Bulk endpoints (firmware/host/bot.py) over two SOCK_SEQPACKET sockets."""

    def __init__(self, loop, bulk_out, bulk_in):
        self.bot = None
        self._loop = loop
        self._out, self._in = bulk_out, bulk_in
        self._filling = None
        self._at = 0
        self._sending = []
        loop.watch(bulk_out.fileno(), _READABLE, self._on_out)

    def receive(self, view):
        self._filling, self._at = view, 0

    def send(self, view, is_watched):
        # Kept by the kernel from here on, as FunctionFS copies what is sent when it is submitted.
        for at in range(0, len(view) or 1, REQUEST):
            self._sending.append(view[at : at + REQUEST])

    def submit(self):
        while self._sending:
            view = self._sending.pop(0)
            self._in.sendmsg((view,))
        # Nothing is watched: no command here is larger than a window.

    def _on_out(self, events):
        view = self._filling
        count = self._out.recv_into(view[self._at : self._at + REQUEST] if len(view) > REQUEST else view)
        if not count:
            self._loop.forget(self._out.fileno())
            return
        self._at += count
        if self._at == len(view) or len(view) <= MAX_PACKET:
            self.bot.received(self._at)

    def halt(self):
        raise SystemExit("the benchmark's host broke the protocol")

    def drop(self):
        self._sending = []


class SocketDisk:
    """Stands where board/usb/attachment.py is."""

    def __init__(self, loop, bulk_out, bulk_in):
        self._loop = loop
        self._endpoints = SocketEndpoints(loop, bulk_out, bulk_in)

    def memory(self, arena_size):
        """As it is on a board, but that it ends with the process."""
        return ports.shared_memory(arena_size), private_words(arena_size)

    def end_session(self):
        pass

    def serve(self, board, status, add_console):
        units = units_of(board.volume, serial_number(board.identity))
        self._bot = Bot(Task(units, memoryview(bytearray(PIECE + MAX_PACKET))), units, self._endpoints)
        self._endpoints.bot = self._bot
        self._bot.session(512)

    def poll(self, now_ms):
        return self._bot.poll(now_ms)

    def stop(self):
        self._bot.ended()

    def close(self):
        pass


class SocketAppliance(Appliance):
    """A board with that disk."""

    sockets = ()

    def _find_usb(self):
        return SocketDisk(self._loop, *self.sockets)


def main(arguments):
    conf, *descriptors = arguments
    SocketAppliance.sockets = [socket.socket(fileno=int(each)) for each in descriptors]
    with open(conf, "rb") as file:
        return SocketAppliance(config.parse(file.read())).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
