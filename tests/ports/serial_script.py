"""A serial device under either runtime: `serial_script.py DEVICE`. Says hello over it, then answers what it is told,
each byte plus one, until the line hangs up."""

import sys

sys.path.insert(0, (__file__.rsplit("/", 1)[0] if "/" in __file__ else ".") + "/../..")

from firmware.errors import Refused  # noqa: E402 -- found through the path above
from firmware.ports import Loop, open_serial  # noqa: E402


class Parrot:
    def __init__(self, loop):
        self.wake = None
        self.finished = False
        self._loop = loop
        self._buffer = memoryview(bytearray(64))
        self._out = b"hello\n"

    def wanted(self):
        return self._buffer

    def received(self, count):
        if not count:
            self.finished = True
        self._out += bytes([(byte + 1) & 255 for byte in self._buffer[:count]])

    def outgoing(self):
        return memoryview(self._out) if self._out else None

    def sent(self, count):
        self._out = self._out[count:]

    def poll(self, now_ms):
        return None

    def lost(self):
        self._loop.stop()


def main(path):
    for wrong in ("/nonexistent/tty", "/etc/passwd", "/dev/null", "/tmp"):
        try:
            open_serial(wrong, 9600)
        except Refused as refusal:
            print("refused:", refusal)
    loop = Loop()
    span_errors = []
    loop.on_span_error = span_errors.append
    port = open_serial(path, 115200)
    assert port.queued() == 0
    loop.converse(port, Parrot(loop))
    loop.run()
    print("hung up, span errors:", len(span_errors))


main(sys.argv[1])
