"""REPORT SUPPORTED OPERATION CODES (SPC-4 6.35)."""

import struct

from firmware.host.scsi.sense import invalid_field

_RCTD = 0x80
_ALL, _WITHOUT_ACTION, _WITH_ACTION, _EITHER = range(4)
_NOT_SUPPORTED, _SUPPORTED = 1, 3
_TIMEOUTS = struct.pack(">HBBII", 10, 0, 0, 0, 0)  # no time is told


class Opcodes:
    """Answers from the table of commands: {operation code: Command or {service action: Command}}."""

    def __init__(self, commands: dict):
        self._commands = commands

    def report(self, task, cdb):
        opcode, action, allocation_length = struct.unpack_from(">BHI", cdb, 3)
        timeouts = _TIMEOUTS if cdb[2] & _RCTD else b""
        option = cdb[2] & 7
        if option == _ALL:
            data = self._all(task.unit, timeouts)
        elif option <= _EITHER:
            data = _one(self._find(task.unit, option, opcode, action), timeouts)
        else:
            raise invalid_field(2, 2)
        return task.reply(data, allocation_length)

    def _all(self, unit, timeouts: bytes) -> bytes:
        found = b""
        for opcode in sorted(self._commands):
            entry = self._commands[opcode]
            has_actions = type(entry) is dict
            for action in sorted(entry) if has_actions else (0,):
                command = entry[action] if has_actions else entry
                if command.exists_on(unit):
                    flags = (2 if timeouts else 0) | (1 if has_actions else 0)
                    found += struct.pack(">BxHxBH", opcode, action, flags, len(command.usage)) + timeouts
        return struct.pack(">I", len(found)) + found

    def _find(self, unit, option: int, opcode: int, action: int):
        """The command, or None."""
        entry = self._commands.get(opcode)
        has_actions = type(entry) is dict
        if entry is not None and option != _EITHER and has_actions != (option == _WITH_ACTION):
            raise invalid_field(2, 2)
        if has_actions:
            entry = entry.get(action)
        elif option == _EITHER and action:
            entry = None
        return entry if entry is not None and entry.exists_on(unit) else None


def _one(command, timeouts: bytes) -> bytes:
    if command is None:
        return struct.pack(">BBH", 0, _NOT_SUPPORTED, 0)
    flags = _SUPPORTED | (0x80 if timeouts else 0)
    return struct.pack(">BBH", 0, flags, len(command.usage)) + command.usage + timeouts
