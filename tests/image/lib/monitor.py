"""QEMU's monitor, by its Machine Protocol (QMP): commands, and what happened to the machine meanwhile."""

import json
import socket
import time

_HAPPENINGS = ("RESET", "WATCHDOG", "SHUTDOWN", "GUEST_PANICKED", "STOP")


class Monitor:
    """`connection` is a socket of QEMU's on which nobody has spoken yet."""

    def __init__(self, connection: socket.socket):
        self._lines = connection.makefile("rw")
        self._happened: list[str] = []
        self._lines.readline()  # its greeting
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments):
        """One command; its answer."""
        done, answer = self.try_ask(command, **arguments)
        assert done, "%s %s: %s" % (command, arguments, answer)
        return answer

    def try_ask(self, command: str, **arguments) -> tuple[bool, object]:
        """Whether QEMU did it, and what it said."""
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._lines.flush()
        while True:
            line = self._lines.readline()
            if not line:
                raise ConnectionError("QEMU ended before it answered %s" % command)
            answer = json.loads(line)
            for word in ("return", "error"):
                if word in answer:
                    return word == "return", answer[word]
            self._note(answer)

    def happened(self) -> list[str]:
        """When the machine was reset, and why: lines, the oldest first."""
        self.ask("query-status")  # what it told before comes with the answer
        return self._happened

    def _note(self, event: dict) -> None:
        if event["event"] in _HAPPENINGS:
            moment = time.strftime("%H:%M:%S", time.gmtime(event["timestamp"]["seconds"]))
            self._happened.append("%s %s %s" % (moment, event["event"], json.dumps(event.get("data", {}))))
