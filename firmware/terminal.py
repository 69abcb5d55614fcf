"""Keeps a console alive on a serial device that comes and goes: a gadget's hangs up whenever its host lets go."""

from firmware.errors import Refused

RETRY_MS = 1000
_PATIENCE = 3  # failures in a row before anybody is told; a gadget that is set up anew is gone for a moment


class Terminal:
    """One serial device.

    `open_port()` opens it (Refused), `converse(port, conversation, closed)` drives a conversation over it, calls
    `closed()` at its end and returns what has `close()`, `make_conversation(port)` is a new one, `call_after(ms, call)`
    a timer. `alarm(sentence)` is told once why there is no console, and with "" once there is one again.
    """

    def __init__(self, open_port, converse, make_conversation, call_after, alarm):
        self._open_port = open_port
        self._converse = converse
        self._make_conversation = make_conversation
        self._call_after = call_after
        self._alarm = alarm
        self._conversation = self._port = self._channel = None
        self._failures = 0
        self._stopped = False

    def start(self) -> None:
        """Opens the device, and again whenever it was lost; a device that is missing is tried again."""
        self._failures = _PATIENCE - 1  # who switches the board on wants to know at once
        self._try()

    def _try(self) -> None:
        if self._stopped:
            return
        try:
            port = self._open_port()
        except Refused as refusal:
            self._failures += 1
            if self._failures >= _PATIENCE:
                self._alarm("the console %s; plug it in, or correct the line console" % refusal)
            self._call_after(RETRY_MS, self._try)
            return
        self._failures = 0
        self._alarm("")
        self._port = port
        self._conversation = self._make_conversation(port)
        self._channel = self._converse(port, self._conversation, self._closed)

    def _closed(self) -> None:
        # Never at once: a device that hangs up as soon as it is opened would keep the loop busy.
        self._conversation = self._port = self._channel = None
        self._call_after(RETRY_MS, self._try)

    def stop(self) -> None:
        """The board stops: so does the console.

        Its last words go out now, since the loop may end at once; and the device is closed, since a gadget cannot
        be taken down while somebody has its serial device open.
        """
        self._stopped = True
        if self._conversation is None:
            return
        self._conversation.close()
        words = self._conversation.outgoing()
        try:
            if words is not None:
                self._conversation.sent(self._port.send(words))
        except OSError:
            pass  # nobody listens, or the line is full
        self._channel.close()
